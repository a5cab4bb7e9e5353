//! A caller that may do only what a policy says, in an account where the test itself may do everything.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{World, env};

/// An access key with a policy.
pub struct Limited {
    key: String,
    policy: Value,
}

impl Limited {
    pub async fn new(world: &World, policy: Value) -> Self {
        let caller = Self { key: access_key(&world.aws.id), policy };
        caller.put().await;
        caller
    }

    /// Variables of a process that is this caller.
    pub fn environment(&self) -> Vec<(&str, &str)> {
        vec![("AWS_ACCESS_KEY_ID", &self.key)]
    }

    /// Adds a statement.
    pub async fn allow(&mut self, statement: Value) {
        self.policy["Statement"].as_array_mut().expect("statements").push(statement);
        self.put().await;
    }

    async fn put(&self) {
        let answer = reqwest::Client::new().put(self.url()).json(&self.policy).send().await.expect("the bed answers");
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    }

    /// What was allowed and denied, and what of the policy was not used or not needed.
    pub async fn report(&self) -> Value {
        reqwest::get(self.url()).await.expect("the bed answers").json().await.expect("JSON")
    }

    fn url(&self) -> String {
        format!("{}/_test/strict/callers/{}", env("AWS_ENDPOINT_URL"), self.key)
    }
}

/// An access key of an account that is not the account's id itself: the emulator reads the account from the characters
/// after the fourth, base32 of half its number above an offset, and from one more whether it is odd.
fn access_key(account: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let account: u64 = account.parse().expect("twelve digits");
    let number = account / 2 + (1 << 39);
    let digits = (0..8).rev().map(|place| char::from(ALPHABET[(number >> (place * 5)) as usize & 31]));
    let odd = if account % 2 == 1 { 'Q' } else { 'A' };
    format!("LKIA{}{odd}STEPGAT", digits.collect::<String>())
}

/// Credentials of a role that has a policy and, as its limit, a permissions boundary: variables of a process.
pub async fn session(world: &World, policy: &Value, boundary: &str) -> BTreeMap<&'static str, String> {
    let account = &world.aws.id;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "sts:AssumeRole"},
    ]});
    let iam = world.aws.iam();
    let role = iam.create_role().role_name("controller").assume_role_policy_document(trust.to_string());
    role.permissions_boundary(boundary).send().await.expect("a role");
    let put = iam.put_role_policy().role_name("controller").policy_name("stepgate").policy_document(policy.to_string());
    put.send().await.expect("a policy");
    let form = format!(
        "Action=AssumeRole&Version=2011-06-15&RoleSessionName=test&RoleArn=arn:aws:iam::{account}:role/controller"
    );
    crate::world::eventually("a session", || async {
        let scope = format!("Credential={account}/20250101/us-east-1/sts/aws4_request");
        let request = crate::world::post(&env("AWS_ENDPOINT_URL"), "application/x-www-form-urlencoded", form.clone())
            .header("Authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none"));
        let answer = crate::world::Answer::of(request).await.body;
        let field = |name: &str| {
            let (_, rest) = answer.split_once(&format!("<{name}>")).ok_or_else(|| answer.clone())?;
            rest.split_once('<').map(|(value, _)| value.to_owned()).ok_or_else(|| answer.clone())
        };
        Ok(BTreeMap::from([
            ("AWS_ACCESS_KEY_ID", field("AccessKeyId")?),
            ("AWS_SECRET_ACCESS_KEY", field("SecretAccessKey")?),
            ("AWS_SESSION_TOKEN", field("SessionToken")?),
        ]))
    })
    .await
}

/// Gives a managed policy another content.
pub async fn replace(world: &World, policy: &str, document: &Value) {
    let version = world.aws.iam().create_policy_version().policy_arn(policy).policy_document(document.to_string());
    version.set_as_default(true).send().await.expect("a version");
}
