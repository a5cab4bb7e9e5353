//! Settings of the API: its endpoint, its resource policy, and that no stage is moved before they are in force.

use aws_sdk_apigateway::operation::get_rest_api::GetRestApiOutput;
use aws_sdk_apigateway::types::{EndpointType, Op, PatchOperation};
use serde_json::{Value, json};

use crate::samples::{self, REGION};
use crate::world::{Answer, Controller, MachineKind, World, condition, eventually, post};

const JSON: &str = "application/json";

/// An applied object named `api` with that endpoint, and what there is of it in AWS.
struct Api {
    world: World,
    id: String,
    url: String,
    _controller: Controller,
}

impl Api {
    async fn new(name: &str, endpoint: &Value) -> Self {
        let world = World::new(name).await;
        world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
        let controller = world.controller().await;
        let mut api = Self { world, id: String::new(), url: String::new(), _controller: controller };
        api.apply(endpoint).await;
        let status = api.world.kube.wait_ready("api").await.status.expect("a status");
        (api.id, api.url) = (status.rest_api_id.expect("an id"), status.endpoints[0].url.clone());
        api
    }

    async fn apply(&self, endpoint: &Value) {
        let spec = format!("{}\nendpoint: {endpoint}", samples::started_at(&self.world, "/run"));
        self.world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    }

    async fn read(&self) -> GetRestApiOutput {
        self.world.aws.apigateway(REGION).get_rest_api().rest_api_id(&self.id).send().await.expect("the API")
    }

    async fn patch(&self, path: &str, value: &str) {
        let patch = PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
        let request = self.world.aws.apigateway(REGION).update_rest_api().rest_api_id(&self.id).patch_operations(patch);
        request.send().await.expect("it changes");
    }

    /// Writes that the object's change led to, in their order.
    async fn change(&self, endpoint: &Value) -> Vec<String> {
        self.world.aws.forget_calls().await;
        self.apply(endpoint).await;
        self.world.kube.wait_ready("api").await;
        self.writes().await
    }

    async fn writes(&self) -> Vec<String> {
        self.world.aws.writes().await.into_iter().map(|(_, operation)| operation).collect()
    }

    /// A check that finds nothing to do.
    async fn assert_settled(&self, request: &str) {
        self.world.aws.forget_calls().await;
        self.world.kube.check_now("api", request).await;
        assert_eq!(self.writes().await, Vec::<String>::new());
    }

    async fn call(&self, status: u16) -> Answer {
        Answer::until(status, || post(&self.url, JSON, "{}")).await
    }
}

fn statement(effect: &str, condition: Value) -> Value {
    json!({"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*", "Condition": condition})
}

fn policy(denied: &str) -> Value {
    let statements = [statement("Allow", json!({})), statement("Deny", json!({"IpAddress": {"aws:SourceIp": denied}}))];
    json!({"policy": {"Version": "2012-10-17", "Statement": statements}})
}

const HERE: &str = "127.0.0.0/8";
const ELSEWHERE: &str = "198.51.100.0/24";

#[tokio::test]
async fn every_setting_is_made_and_read_back_and_changed_in_one_call() {
    let all = json!({
        "ipAddressType": "DualStack", "minimumCompressionSize": 1024, "binaryMediaTypes": ["image/png", "audio/*"],
        "securityPolicy": "TLS_1_2", "policy": policy(ELSEWHERE)["policy"],
    });
    let api = Api::new("settings", &all).await;
    let read = api.read().await;
    let ip = |read: &GetRestApiOutput| {
        read.endpoint_configuration().and_then(|endpoint| endpoint.ip_address_type()).map(|kind| kind.to_string())
    };
    assert_eq!(ip(&read).as_deref(), Some("dualstack"), "the put reset it, and it was restored");
    assert_eq!(read.minimum_compression_size(), Some(1024));
    assert_eq!(read.binary_media_types(), ["audio/*", "image/png"]);
    assert_eq!(read.security_policy().map(|policy| policy.as_str()), Some("TLS_1_2"));
    api.assert_settled("1").await;

    let less = json!({"binaryMediaTypes": ["image/png"]});
    assert_eq!(api.change(&less).await, ["UpdateRestApi", "CreateDeployment", "UpdateStage"]);
    let read = api.read().await;
    assert_eq!(ip(&read).as_deref(), Some("ipv4"));
    assert_eq!((read.minimum_compression_size(), read.policy()), (None, None));
    api.assert_settled("2").await;
    api.call(200).await;
}

#[tokio::test]
async fn endpoint_type_follows_the_spec_where_aws_can() {
    let api = Api::new("types", &json!({})).await;
    let private = |ids: &[&str]| {
        let mut endpoint = policy(ELSEWHERE);
        endpoint["type"] = json!("Private");
        endpoint["vpcEndpointIds"] = json!(ids);
        endpoint
    };
    let kind = async || api.read().await.endpoint_configuration().expect("an endpoint").types()[0].clone();
    for (number, (endpoint, wanted)) in [
        (json!({"type": "Edge"}), EndpointType::Edge),
        (private(&["vpce-1", "vpce-2"]), EndpointType::Private),
        (private(&["vpce-2", "vpce-3"]), EndpointType::Private),
        (json!({"ipAddressType": "DualStack"}), EndpointType::Regional),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(api.change(&endpoint).await, ["UpdateRestApi", "CreateDeployment", "UpdateStage"], "{endpoint}");
        assert_eq!(kind().await, wanted);
        api.assert_settled(&format!("{number}")).await;
    }
    api.change(&private(&["vpce-1"])).await;
    api.world.aws.forget_calls().await;
    api.apply(&json!({"type": "Edge"})).await;
    let object = api.world.kube.wait("api", "False", "Invalid").await;
    let message = &condition(&object, "Ready").expect("a condition").message;
    assert!(message.contains("spec.endpoint.type: ") && message.contains("make it Regional first"), "{message}");
    assert_eq!(api.writes().await, Vec::<String>::new());
}

#[tokio::test]
async fn tls_policy_is_waited_for_and_then_deployed() {
    let api = Api::new("tls", &json!({})).await;
    let strict = json!({"securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09", "accessMode": "Strict"});
    api.world.aws.forget_calls().await;
    api.apply(&strict).await;
    let object = api.world.kube.wait("api", "False", "Updating").await;
    assert_eq!(condition(&object, "Reconciling").map(|condition| condition.status.as_str()), Some("True"));
    assert!(condition(&object, "Ready").expect("a condition").message.contains("about 15 minutes"));
    assert_eq!(api.writes().await, ["UpdateRestApi"], "nothing is deployed before");
    api.world.kube.wait_ready("api").await;
    assert_eq!(api.writes().await, ["UpdateRestApi", "CreateDeployment", "UpdateStage"]);
    let read = api.read().await;
    assert_eq!(read.security_policy().map(|policy| policy.as_str()), Some("SecurityPolicy_TLS13_1_3_2025_09"));
    assert_eq!(read.endpoint_access_mode().map(|mode| mode.as_str()), Some("STRICT"));
    api.assert_settled("1").await;
}

#[tokio::test]
async fn resource_policy_decides_who_may_call() {
    let api = Api::new("policy", &policy(HERE)).await;
    // A stage that API Gateway does not know yet answers 403 too.
    let refused = eventually("the policy's refusal", || async {
        let answer = api.call(403).await;
        if answer.body.contains("AccessDenied") { Ok(answer) } else { Err(format!("{answer:?}")) }
    })
    .await;
    assert_eq!(refused.json()["error"], "AccessDenied", "{refused:?}");
    assert!(!refused.body.contains(&api.world.aws.id), "{refused:?}");

    assert_eq!(api.change(&policy(ELSEWHERE)).await, ["UpdateRestApi", "CreateDeployment", "UpdateStage"]);
    api.call(200).await;
    api.assert_settled("1").await;

    // Others open it; callers see nothing of that, and it is put right.
    api.patch("/policy", &json!({"Version": "2012-10-17", "Statement": [statement("Allow", json!({}))]}).to_string())
        .await;
    api.world.aws.forget_calls().await;
    api.world.kube.check_now("api", "2").await;
    assert_eq!(api.writes().await, ["UpdateRestApi"], "what is served had not changed");
    let events = api.world.kube.events("api").await;
    assert!(
        events.iter().any(|(reason, note)| reason == "DriftHealed" && note.contains("api settings.policy")),
        "{events:?}"
    );
    assert!(api.read().await.policy().is_some_and(|policy| policy.contains("Deny")));
    api.assert_settled("3").await;

    // The API's own ARN, as AWS writes it out, is the same policy.
    let own = format!("arn:aws:execute-api:{REGION}:{}:{}/*", api.world.aws.id, api.id);
    let long: Value =
        serde_json::from_str(&policy(ELSEWHERE).to_string().replace("execute-api:/*", &own)).expect("JSON");
    assert_eq!(api.change(&long).await, ["CreateDeployment", "UpdateStage"]);
    api.assert_settled("4").await;
    api.change(&json!({})).await;
    assert_eq!(api.read().await.policy(), None);
}

/// Writes up to the one that makes the API's content visible, if that came.
fn before_deployment(writes: &[String]) -> (&[String], bool) {
    let end = writes.iter().position(|operation| operation == "CreateDeployment");
    (&writes[..end.unwrap_or(writes.len())], end.is_some())
}

#[tokio::test]
async fn policy_that_a_put_lost_is_restored_before_anything_is_deployed() {
    let api = Api::new("lost-policy", &policy(HERE)).await;
    api.call(403).await;
    let spec = |path: &str| format!("{}\nendpoint: {}", samples::started_at(&api.world, path), policy(HERE));
    // In one pass, and when the pass ends with the put.
    for (number, (fault, path)) in [(None, "/more"), (Some("UpdateRestApi"), "/again")].into_iter().enumerate() {
        api.world.aws.order_fault(json!({"operation": "PutRestApi", "loses": "policy"})).await;
        if let Some(operation) = fault {
            api.world.aws.order_fault(json!({"operation": operation, "status": 500, "count": 8})).await;
        }
        api.world.aws.forget_calls().await;
        api.world.kube.apply_spec("api", &spec(path)).await.expect("the spec applies");
        if fault.is_some() {
            api.world.kube.wait("api", "False", "AwsUnavailable").await;
            assert_eq!(api.read().await.policy(), None, "the put did lose it");
            assert!(!before_deployment(&api.writes().await).1, "nothing may be deployed");
            assert_eq!(api.call(403).await.status, 403, "what was served before is served");
            api.world.aws.no_faults().await;
        }
        api.world.kube.wait_ready("api").await;
        let writes = api.writes().await;
        let (before, deployed) = before_deployment(&writes);
        assert!(deployed && before.contains(&"UpdateRestApi".to_owned()), "{writes:?}");
        assert!(api.read().await.policy().is_some_and(|policy| policy.contains("Deny")));
        api.assert_settled(&format!("{number}")).await;
        let url = api.url.replace("/run", path);
        let (signed, open) =
            (Answer::until(403, || post(&url, JSON, "{}")).await, Answer::of(post(&url, JSON, "{}")).await);
        assert_eq!((signed.status, open.status), (403, 403));
    }
}

#[tokio::test]
async fn closed_host_name_answers_nobody() {
    let api = Api::new("closed", &json!({})).await;
    api.call(200).await;
    api.change(&json!({"disableExecuteApi": true})).await;
    api.call(403).await;
    api.assert_settled("1").await;
    api.change(&json!({})).await;
    api.call(200).await;
}

#[tokio::test]
async fn the_examples_have_a_resource_policy_and_a_private_endpoint() {
    let world = World::new("endpoint-examples").await;
    world.aws.machine(REGION, "Orders", MachineKind::Standard).await;
    let _controller = world.controller().await;
    for name in ["resource-policy", "private"] {
        world.kube.apply(&world.example(name)).await.expect("the example applies");
    }
    let status = world.kube.wait_ready("resource-policy").await.status.expect("a status");
    Answer::until(200, || post(&status.endpoints[0].url, JSON, r#"{"order": 7}"#)).await;

    let id = world.kube.wait_ready("private").await.status.and_then(|status| status.rest_api_id).expect("an id");
    let read = world.aws.apigateway(REGION).get_rest_api().rest_api_id(id).send().await.expect("the API");
    let endpoint = read.endpoint_configuration().expect("an endpoint");
    assert_eq!(endpoint.types(), [EndpointType::Private]);
    assert_eq!(endpoint.vpc_endpoint_ids(), ["vpce-0a1b2c3d4e5f60718"]);
    for name in ["resource-policy", "private"] {
        world.aws.forget_calls().await;
        world.kube.check_now(name, "1").await;
        assert_eq!(world.aws.writes().await, []);
    }
}
