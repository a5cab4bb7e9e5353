//! An AWS account of the emulator: the access key's id is the account's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use serde_json::{Value, json};

use super::{env, eventually};

/// Type of a state machine.
#[derive(Clone, Copy)]
pub enum MachineKind {
    Standard,
    Express,
}

/// An account, and what the test bed can do to it.
pub struct Account {
    /// Twelve digits.
    pub id: String,
}

/// A call as the emulator noted it.
#[derive(Debug)]
pub struct Noted {
    #[expect(dead_code, reason = "read by people, in what a failed test says")]
    pub operation: String,
    /// The client's AWS_SDK_UA_APP_ID.
    pub app: String,
    /// When it came.
    pub at: SystemTime,
}

/// An API that a write of the controller has locked is written a little later.
#[derive(Debug)]
struct Locked;

impl ClassifyRetry for Locked {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let body = context.response().and_then(|response| response.body().bytes());
        let text = String::from_utf8_lossy(body.unwrap_or_default());
        if text.contains("concurrent modification") {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "locked"
    }
}

/// A call that a client made: service, operation.
pub type Call = (String, String);

impl Account {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned() }
    }

    fn config(&self, region: &str) -> aws_config::SdkConfig {
        aws_config::SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .endpoint_url(env("AWS_ENDPOINT_URL"))
            .credentials_provider(aws_sdk_iam::config::SharedCredentialsProvider::new(Credentials::from_keys(
                &self.id, "test", None,
            )))
            // The account's request quotas are the controller's too.
            .retry_config(aws_config::retry::RetryConfig::standard().with_max_attempts(10))
            .build()
    }

    pub fn apigateway(&self, region: &str) -> aws_sdk_apigateway::Client {
        let config = aws_sdk_apigateway::config::Builder::from(&self.config(region)).retry_classifier(Locked).build();
        aws_sdk_apigateway::Client::from_conf(config)
    }

    pub fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.config("us-east-1"))
    }

    pub fn states(&self, region: &str) -> aws_sdk_sfn::Client {
        aws_sdk_sfn::Client::new(&self.config(region))
    }

    /// ARN of a state machine of that name in this account.
    pub fn machine_arn(&self, region: &str, name: &str) -> String {
        format!("arn:aws:states:{region}:{}:stateMachine:{name}", self.id)
    }

    /// A state machine whose output is its input; answers its ARN.
    pub async fn machine(&self, region: &str, name: &str, kind: MachineKind) -> String {
        let pass = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
        self.machine_of(region, name, kind, &pass).await
    }

    /// A state machine of that definition; answers its ARN.
    pub async fn machine_of(&self, region: &str, name: &str, kind: MachineKind, definition: &Value) -> String {
        let kind = match kind {
            MachineKind::Standard => aws_sdk_sfn::types::StateMachineType::Standard,
            MachineKind::Express => aws_sdk_sfn::types::StateMachineType::Express,
        };
        let created = self
            .states(region)
            .create_state_machine()
            .name(name)
            .r#type(kind)
            .role_arn(format!("arn:aws:iam::{}:role/states", self.id))
            .definition(definition.to_string())
            .send()
            .await
            .expect("a state machine");
        created.state_machine_arn
    }

    /// Gives the account a role for logs of API Gateway.
    pub async fn allow_logs(&self, region: &str) {
        let role = format!("arn:aws:iam::{}:role/logs", self.id);
        let operation = aws_sdk_apigateway::types::PatchOperation::builder()
            .op(aws_sdk_apigateway::types::Op::Replace)
            .path("/cloudwatchRoleArn")
            .value(role)
            .build();
        self.apigateway(region).update_account().patch_operations(operation).send().await.expect("a role for logs");
    }

    /// Has a stage serve another deployment, by hand.
    pub async fn move_stage(&self, region: &str, rest_api: &str, stage: &str, deployment: &str) {
        let patch = aws_sdk_apigateway::types::PatchOperation::builder()
            .op(aws_sdk_apigateway::types::Op::Replace)
            .path("/deploymentId")
            .value(deployment)
            .build();
        let request = self.apigateway(region).update_stage().rest_api_id(rest_api).stage_name(stage);
        request.patch_operations(patch).send().await.expect("a move by hand");
    }

    /// API Gateway's own JSON of a path; the emulator checks no signature.
    pub async fn apigateway_json(&self, region: &str, path: &str) -> Value {
        let scope = format!("Credential={}/20250101/{region}/apigateway/aws4_request", self.id);
        let request = reqwest::Client::new()
            .get(format!("{}/{path}", env("AWS_ENDPOINT_URL")))
            .header("Authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none"));
        super::Answer::of(request).await.json()
    }

    /// The id of a path's resource in the draft of an API.
    pub async fn resource_id(&self, region: &str, rest_api: &str, path: &str) -> String {
        let found = self.apigateway(region).get_resources().rest_api_id(rest_api).send().await.expect("resources");
        let resource = found.items().iter().find(|found| found.path() == Some(path)).and_then(|found| found.id());
        resource.unwrap_or_else(|| panic!("{rest_api} has no path {path}")).to_owned()
    }

    /// The inline policy of a role of ours, which may be named by its ARN.
    pub async fn inline_policy(&self, role: &str) -> Value {
        let name = role.rsplit('/').next().unwrap_or_default();
        let found = self.iam().get_role_policy().role_name(name).policy_name("stepgate").send().await;
        let document = found.expect("a policy").policy_document;
        let text = percent_encoding::percent_decode_str(&document).decode_utf8_lossy();
        serde_json::from_str(&text).expect("JSON")
    }

    /// Everything that an object can leave behind: names of APIs in a region and of roles, stages of client certificates.
    pub async fn leftovers(&self, region: &str) -> Vec<String> {
        let certificates = self.apigateway(region).get_client_certificates().send().await.expect("certificates");
        let stage = |found: &aws_sdk_apigateway::types::ClientCertificate| {
            let tag = found.tags().and_then(|tags| tags.get("stepgate.dev/stage"));
            format!("client certificate of {}", tag.map_or("nobody", String::as_str))
        };
        let certificates = certificates.items().iter().map(stage);
        let apis = self.apigateway(region).get_rest_apis().limit(500).send().await.expect("APIs");
        let roles = self.iam().list_roles().max_items(1000).send().await.expect("roles");
        let apis = apis.items().iter().map(|api| format!("api {}", api.name().unwrap_or_default()));
        certificates.chain(apis).chain(roles.roles().iter().map(|role| format!("role {}", role.role_name()))).collect()
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/_test/faults{path}?account={}", env("AWS_ENDPOINT_URL"), self.id);
        let mut request = reqwest::Client::new().request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        // LocalStack looks for the way of a request while other threads change what there is; then nothing was done.
        eventually("an answer of the bed", || async {
            let answer = request.try_clone().expect("no stream").send().await.expect("the bed answers");
            let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
            if status == 500 && text.contains("changed size during iteration") {
                return Err(text);
            }
            assert!(status.is_success(), "{text}");
            Ok(serde_json::from_str(&text).expect("JSON"))
        })
        .await
    }

    /// Forgets the calls made so far.
    pub async fn forget_calls(&self) {
        self.control(reqwest::Method::DELETE, "", None).await;
    }

    /// Calls that clients made in this account: the controller's and the test's own.
    pub async fn calls(&self) -> Vec<Call> {
        let answer = self.control(reqwest::Method::GET, "", None).await;
        let calls = answer["calls"].as_array().expect("calls").iter().filter(|call| call[4] == "client");
        calls.map(|call| (text(&call[0]), text(&call[1]))).collect()
    }

    /// Calls of the clients of that name (AWS_SDK_UA_APP_ID) alone.
    pub async fn calls_of(&self, app: &str) -> Vec<Call> {
        let answer = self.control(reqwest::Method::GET, "", None).await;
        let calls = answer["calls"].as_array().expect("calls").iter();
        let calls = calls.filter(|call| call[4] == "client" && call[5] == app);
        calls.map(|call| (text(&call[0]), text(&call[1]))).collect()
    }

    /// Those of all of them that write.
    pub async fn writes(&self) -> Vec<Call> {
        let mut calls = self.calls().await;
        calls.retain(|(_, operation)| is_write(operation));
        calls
    }

    /// The same with who made them, and when.
    pub async fn noted_writes(&self) -> Vec<Noted> {
        let answer = self.control(reqwest::Method::GET, "", None).await;
        let calls = answer["calls"].as_array().expect("calls").iter();
        let calls = calls.filter(|call| call[4] == "client" && is_write(&text(&call[1])));
        let at = |call: &Value| UNIX_EPOCH + Duration::from_secs_f64(call[6].as_f64().expect("a time"));
        calls.map(|call| Noted { operation: text(&call[1]), app: text(&call[5]), at: at(call) }).collect()
    }

    /// Orders a fault for calls in this account; see tests/testbed/aws/faults.py.
    pub async fn order_fault(&self, mut fault: Value) {
        fault["account"] = json!(self.id);
        self.control(reqwest::Method::POST, "", Some(fault)).await;
    }

    /// The ordered faults with what is left of them.
    pub async fn faults(&self) -> Vec<Value> {
        self.control(reqwest::Method::GET, "", None).await["faults"].as_array().cloned().unwrap_or_default()
    }

    /// Removes all ordered faults.
    pub async fn no_faults(&self) {
        self.control(reqwest::Method::DELETE, "/orders", None).await;
    }
}

fn is_write(operation: &str) -> bool {
    !["Get", "List", "Describe"].iter().any(|read| operation.starts_with(read))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
