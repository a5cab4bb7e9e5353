//! Who may call: tokens of Cognito user pools, Lambda functions, signatures. The bed stands in for Cognito's signature
//! check and for the functions' answers (tests/testbed/aws/strict_authorizers.py); golden documents show the rest.

use aws_sdk_apigateway::types::{Op, PatchOperation};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::samples::REGION;
use crate::world::{Answer, Controller, MachineKind, World, env, post};

const JSON: &str = "application/json";
pub const POOL: &str = "us-east-1_AbCdEf123";

/// An example that is ready to be called.
struct Api {
    world: World,
    name: &'static str,
    url: String,
    id: String,
    _controller: Controller,
}

impl Api {
    async fn new(name: &'static str) -> Self {
        let world = World::new(name).await;
        world.aws.machine(REGION, "Orders", MachineKind::Standard).await;
        let controller = world.controller().await;
        world.kube.apply(&world.example(name)).await.expect("the example applies");
        let status = world.kube.wait_ready(name).await.status.expect("a status");
        let (url, id) = (status.stages[0].url.clone(), status.rest_api_id.expect("an id"));
        Self { world, name, url, id, _controller: controller }
    }

    /// Writes of a check.
    async fn checked(&self, request: &str) -> Vec<String> {
        self.world.aws.forget_calls().await;
        self.world.kube.check_now(self.name, request).await;
        self.world.aws.writes().await.into_iter().map(|(_, operation)| operation).collect()
    }

    /// The first authorizer is changed by others, and put right; what is served does not change.
    async fn heals(&self, path: &str, value: &str, expected: &str) {
        let gateway = self.world.aws.apigateway(REGION);
        let found = gateway.get_authorizers().rest_api_id(&self.id).send().await.expect("authorizers");
        let named = |name: &str| found.items().iter().find(|one| one.name() == Some(name)).and_then(|one| one.id());
        let id = named("users").or_else(|| named("tokens")).expect("an authorizer");
        let patch = PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
        let request = gateway.update_authorizer().rest_api_id(&self.id).authorizer_id(id).patch_operations(patch);
        request.send().await.expect("it changes");
        assert_eq!(self.checked(&format!("heal {path}")).await, ["PutRestApi"]);
        let events = self.world.kube.events(self.name).await;
        assert!(events.iter().any(|(reason, note)| reason == "DriftHealed" && note.contains(expected)), "{events:?}");
        assert_eq!(self.checked(&format!("again {path}")).await, Vec::<String>::new());
    }
}

/// Base64 for URLs, without padding.
fn base64url(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..=chunk.len()).map(|n| char::from(DIGITS[(bits >> (18 - 6 * n) & 63) as usize])).collect::<String>()
    };
    text.as_bytes().chunks(3).map(digits).collect()
}

/// A token of that pool with those claims on top.
pub fn token(pool: &str, more: &Value) -> String {
    let mut claims = json!({
        "iss": format!("https://cognito-idp.{REGION}.amazonaws.com/{pool}"), "sub": "caller", "exp": 4_102_444_800_u64,
        "token_use": "id",
    });
    claims.as_object_mut().expect("claims").extend(more.as_object().expect("claims").clone());
    format!("{}.{}.c2ln", base64url(r#"{"alg":"RS256"}"#), base64url(&claims.to_string()))
}

#[tokio::test]
async fn cognito_lets_in_who_has_a_token_of_the_pool_and_a_scope() {
    let api = Api::new("cognito").await;
    let url = format!("{}/orders", api.url);
    let start = |token: Option<&str>| {
        let request = post(&url, JSON, r#"{"order": 7}"#);
        token.map_or(request.try_clone().expect("a request"), |token| request.header("Authorization", token))
    };
    let access = token(POOL, &json!({"token_use": "access", "scope": "openid orders/write"}));
    let started = Answer::until(200, || start(Some(&access))).await.json();
    let arn = started["executionArn"].as_str().expect("an ARN");

    let refused = [
        None,
        Some("nonsense".to_owned()),
        Some(token(POOL, &json!({}))),
        Some(token(POOL, &json!({"token_use": "access", "scope": "orders/read"}))),
        Some(token("us-east-1_Other", &json!({"token_use": "access", "scope": "orders/write"}))),
        Some(token(POOL, &json!({"token_use": "access", "scope": "orders/write", "exp": 1}))),
    ];
    for token in &refused {
        let answer = Answer::of(start(token.as_deref())).await;
        assert_eq!(answer.status, 401, "{token:?}: {answer:?}");
        assert_eq!(answer.json()["error"], "Unauthorized", "{answer:?}");
    }
    // Without scopes an identity token does.
    let look = |token: &str| Client::new().get(&url).query(&[("arn", arn)]).header("Authorization", token);
    assert_eq!(Answer::of(look(&token(POOL, &json!({})))).await.status, 200);
    assert_eq!(Answer::of(look(&access)).await.status, 401);

    let status = api.world.kube.get("cognito").await.status.expect("a status");
    assert!(status.endpoints[0].curl.contains("-H 'Authorization: VALUE'"), "{:?}", status.endpoints);
    assert_eq!(api.checked("1").await, Vec::<String>::new());
    api.heals("/authorizerResultTtlInSeconds", "0", "api authorizers.users.cacheSeconds: 0 -> 60").await;
}

#[tokio::test]
async fn lambda_functions_decide_by_token_and_by_request() {
    let api = Api::new("lambda-authorizer").await;
    let allow = |effect: &str| {
        let statement = json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": "*"});
        json!({"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}})
    };
    let function = |name: &str| format!("arn:aws:lambda:{REGION}:{}:function:{name}", api.world.aws.id);
    let answers = json!({
        function("check"): {"Bearer good": allow("Allow"), "Bearer bad": allow("Deny")},
        function("check-partner:live"): {"acme": allow("Allow")},
    });
    let told = Client::new().put(format!("{}/_test/authorizers", env("AWS_ENDPOINT_URL"))).json(&answers);
    assert_eq!(Answer::of(told).await.status, 200);

    let call = |path: &str| post(&format!("{}{path}", api.url), JSON, r#"{"order": 7}"#);
    let status = async |request: RequestBuilder| Answer::of(request).await.status;
    let tokens = |token: &str| call("/orders").header("Authorization", token);
    Answer::until(200, || tokens("Bearer good")).await;
    let nobody = Answer::of(call("/orders")).await;
    assert_eq!(nobody.status, 401, "{nobody:?}");
    assert_eq!(nobody.json()["error"], "Unauthorized", "{nobody:?}");
    assert_eq!(status(tokens("Bearer unknown")).await, 401);
    assert_eq!(status(tokens("good")).await, 401, "does not match the pattern");
    assert_eq!(status(tokens("Bearer bad")).await, 403);

    let partner = call("/partners/orders");
    assert_eq!(status(partner.try_clone().expect("a request").header("X-Partner", "acme")).await, 200);
    assert_eq!(status(partner.try_clone().expect("a request").header("X-Partner", "other")).await, 401);
    assert_eq!(status(partner).await, 401);

    assert_eq!(api.checked("1").await, Vec::<String>::new());
    let expected = r#"api authorizers.tokens.identityPattern: "x" -> "Bearer"#;
    api.heals("/identityValidationExpression", "x", expected).await;
}

#[tokio::test]
async fn authorizer_that_leaves_the_spec_leaves_aws() {
    let api = Api::new("cognito").await;
    let method = |authorization: &str| {
        format!(
            "region: {REGION}\nstateMachines: [{{name: orders, arn: '{}'}}]\nmethods: [{{path: /orders, method: POST, \
             action: StartExecution, stateMachine: orders, authorization: {authorization}}}]\nstages: [{{name: prod}}]",
            api.world.aws.machine_arn(REGION, "Orders")
        )
    };
    api.world.kube.apply_spec("cognito", &method("{type: IAM}")).await.expect("the spec applies");
    api.world.kube.wait_ready("cognito").await;
    let url = format!("{}/orders", api.url);
    let signed = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/execute-api/aws4_request, Signature=0";
    Answer::until(200, || post(&url, JSON, "{}").header("Authorization", signed)).await;
    let unsigned = Answer::of(post(&url, JSON, "{}")).await;
    assert_eq!(unsigned.status, 403, "{unsigned:?}");
    assert!(unsigned.json()["message"].is_string(), "{unsigned:?}");
    let left =
        api.world.aws.apigateway(REGION).get_authorizers().rest_api_id(&api.id).send().await.expect("authorizers");
    assert!(left.items().is_empty(), "{left:?}");
    assert_eq!(api.checked("1").await, Vec::<String>::new());
}
