//! Stages: everything that they can have, live without a deployment, healed, and taken back.

mod drift;

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{Op, PatchOperation};
use futures::future::join_all;
use k8s_openapi::api::core::v1::ConfigMap;
use reqwest::Client;
use serde_json::{Value, json};

use crate::world::{Answer, Controller, MachineKind, World, condition, eventually, post};

const REGION: &str = "us-east-1";
const NAME: &str = "stages";

/// The example, applied, in an account with a role for logs; its spec as a value to change.
struct Orders {
    world: World,
    spec: Value,
    id: String,
    url: String,
    _controller: Controller,
}

impl Orders {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        for machine in ["Orders", "Orders-next"] {
            world.aws.machine(REGION, machine, MachineKind::Standard).await;
        }
        world.aws.allow_logs(REGION).await;
        let controller = world.controller().await;
        let manifest = world.example("stages");
        world.kube.apply(&manifest).await.expect("the example applies");
        let status = world.kube.wait_ready(NAME).await.status.expect("a status");
        let spec: Value = serde_saphyr::from_str(&manifest).expect("YAML");
        let id = status.rest_api_id.expect("an API");
        let url = format!("{}/orders", status.stages[0].url);
        Self { world, spec: spec["spec"].clone(), id, url, _controller: controller }
    }

    /// API Gateway's own words about a stage.
    async fn stage(&self, name: &str) -> Value {
        self.world.aws.apigateway_json(REGION, &format!("restapis/{}/stages/{name}", self.id)).await
    }

    /// Applies the changed spec and answers the writes that it took.
    async fn change(&mut self, change: impl FnOnce(&mut Value)) -> Vec<String> {
        change(&mut self.spec);
        self.world.aws.forget_calls().await;
        self.world.kube.apply_spec(NAME, &self.spec.to_string()).await.expect("the spec applies");
        self.world.kube.wait_ready(NAME).await;
        self.writes().await
    }

    async fn writes(&self) -> Vec<String> {
        self.world.aws.writes().await.into_iter().map(|(_, operation)| operation).collect()
    }

    async fn by_hand(&self, operations: &[(Op, &str, Option<&str>)]) {
        let operations = operations.iter().map(|(op, path, value)| {
            PatchOperation::builder().op(op.clone()).path(*path).set_value(value.map(str::to_owned)).build()
        });
        let gateway = self.world.aws.apigateway(REGION);
        let request = gateway.update_stage().rest_api_id(&self.id).stage_name("prod");
        request.set_patch_operations(Some(operations.collect())).send().await.expect("a change by hand");
    }

    /// Ids and tags of all client certificates.
    async fn certificates(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let found = self.world.aws.apigateway(REGION).get_client_certificates().send().await.expect("certificates");
        let tags = |found: &aws_sdk_apigateway::types::ClientCertificate| {
            found.tags().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let id =
            |found: &aws_sdk_apigateway::types::ClientCertificate| found.client_certificate_id().map(str::to_owned);
        found.items().iter().filter_map(|found| Some((id(found)?, tags(found)))).collect()
    }
}

#[tokio::test]
async fn everything_of_the_example_is_there_and_a_second_pass_writes_nothing() {
    let mut orders = Orders::new("stages").await;
    let account = orders.world.aws.id.clone();
    let mut prod = orders.stage("prod").await;
    let (certificate, tags) = orders.certificates().await.pop_first().expect("a certificate");
    assert_eq!((tags["stepgate.dev/stage"].as_str(), tags["team"].as_str()), ("prod", "shop"));
    assert_eq!(tags["stepgate.dev/owner"], prod["tags"]["stepgate.dev/owner"]);
    let of_stage = json!({
        "throttlingRateLimit": 100.0, "throttlingBurstLimit": 50, "loggingLevel": "ERROR", "dataTraceEnabled": false,
        "metricsEnabled": true, "cachingEnabled": true, "cacheTtlInSeconds": 10, "cacheDataEncrypted": true,
        "requireAuthorizationForCacheControl": true, "unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403",
    });
    let (mut post_orders, mut get_orders) = (of_stage.clone(), of_stage.clone());
    post_orders["throttlingRateLimit"] = json!(20.0);
    post_orders["throttlingBurstLimit"] = json!(5);
    post_orders["loggingLevel"] = json!("INFO");
    post_orders["metricsEnabled"] = json!(false);
    get_orders["cacheTtlInSeconds"] = json!(2);
    for changing in ["createdDate", "lastUpdatedDate", "documentationVersion"] {
        prod.as_object_mut().expect("a stage").remove(changing);
    }
    let deployment = prod["deploymentId"].clone();
    let expected = json!({
        "stageName": "prod", "deploymentId": deployment, "description": "What customers use",
        "variables": {"machine": format!("arn:aws:states:us-east-1:{account}:stateMachine:Orders")},
        "tags": {"stepgate.dev/owner": prod["tags"]["stepgate.dev/owner"], "team": "shop", "tier": "gold"},
        "cacheClusterEnabled": true, "cacheClusterSize": "0.5", "cacheClusterStatus": "AVAILABLE",
        "methodSettings": {"*/*": of_stage, "~1orders/POST": post_orders, "~1orders/GET": get_orders},
        "canarySettings": {
            "deploymentId": deployment, "percentTraffic": 10.0, "useStageCache": false,
            "stageVariableOverrides": {"machine": format!("arn:aws:states:us-east-1:{account}:stateMachine:Orders-next")},
        },
        "accessLogSettings": {
            "destinationArn": format!("arn:aws:logs:us-east-1:{account}:log-group:orders"),
            "format": r#"{"id":"$context.requestId","path":"$context.resourcePath","status":"$context.status"}"#,
        },
        "clientCertificateId": certificate, "tracingEnabled": true,
    });
    assert_eq!(prod, expected);

    // It serves; what is asked for keeps answers apart in the cache.
    let started = Answer::until(200, || post(&orders.url, "application/json", "{}")).await.json();
    let describe =
        || Client::new().get(&orders.url).query(&[("arn", started["executionArn"].as_str().unwrap_or_default())]);
    Answer::until(200, describe).await;
    let path = format!("restapis/{}/resources?embed=methods", orders.id);
    let resources = orders.world.aws.apigateway_json(REGION, &path).await;
    let methods = resources["item"].as_array().into_iter().flatten().find(|resource| resource["path"] == "/orders");
    let methods = &methods.expect("the resource")["resourceMethods"];
    let keys = |verb: &str| methods[verb]["methodIntegration"]["cacheKeyParameters"].clone();
    assert_eq!((keys("GET"), keys("POST")), (json!(["method.request.querystring.arn"]), json!([])));

    orders.world.aws.forget_calls().await;
    orders.world.kube.check_now(NAME, "again").await;
    let calls = orders.world.aws.calls().await;
    assert_eq!(orders.writes().await, [] as [&str; 0]);
    assert_eq!(calls.len(), 10, "one more than without certificates: {calls:?}");
    // Payloads in logs are said to be there.
    orders.change(|spec| spec["stages"][1]["logging"]["dataTrace"] = json!(true)).await;
    let object = orders.world.kube.get(NAME).await;
    let accepted = condition(&object, "Accepted").expect("a condition");
    assert!(accepted.message.contains("spec.stages[test].logging.dataTrace: whole requests"), "{accepted:?}");

    orders.world.kube.delete(NAME).await;
    assert_eq!(orders.certificates().await, BTreeMap::new());
}

#[tokio::test]
async fn too_many_calls_get_429_and_the_limit_goes_with_the_setting() {
    let mut orders = Orders::new("throttled").await;
    Answer::until(200, || post(&orders.url, "application/json", "{}")).await;
    let burst = async |orders: &Orders| {
        let calls = (0..40).map(|_| Answer::of(post(&orders.url, "application/json", "{}")));
        join_all(calls).await.iter().filter(|answer| answer.status == 429).count()
    };
    assert!(burst(&orders).await > 0, "a bucket of five lets forty calls through");
    // The method's own limit goes, then the stage's.
    let writes = orders
        .change(|spec| drop(spec["stages"][0]["methods"][0].as_object_mut().expect("a method").remove("throttling")))
        .await;
    assert_eq!(writes, ["UpdateStage"]);
    let writes =
        orders.change(|spec| drop(spec["stages"][0].as_object_mut().expect("a stage").remove("throttling"))).await;
    assert_eq!(writes, ["UpdateStage"]);
    assert_eq!(burst(&orders).await, 0);
}

#[tokio::test]
async fn canary_starts_its_own_machine_for_its_share_of_the_calls() {
    let mut orders = Orders::new("canary").await;
    let account = orders.world.aws.id.clone();
    let canary = |percent: u8| {
        let next = format!("arn:aws:states:us-east-1:{account}:stateMachine:Orders-next");
        json!({"percent": percent, "variables": {"machine": next}})
    };
    let machines = async |orders: &Orders| {
        let mut machines = BTreeMap::new();
        for _ in 0..40 {
            let started = Answer::until(200, || post(&orders.url, "application/json", "{}")).await.json();
            let arn = started["executionArn"].as_str().unwrap_or_default().to_owned();
            *machines.entry(arn.split(':').nth(6).unwrap_or_default().to_owned()).or_insert(0) += 1;
        }
        machines
    };
    let half = canary(50);
    let writes = orders
        .change(|spec| {
            spec["stages"][0]["canary"] = half;
            for throttled in [json!("methods"), json!("throttling")] {
                spec["stages"][0].as_object_mut().expect("a stage").remove(throttled.as_str().unwrap_or_default());
            }
        })
        .await;
    assert_eq!(writes, ["UpdateStage"], "no deployment");
    let split = machines(&orders).await;
    assert!(split.len() == 2 && split.values().all(|count| *count > 4), "{split:?}");

    // A new definition reaches the canary, too.
    let writes =
        orders.change(|spec| spec["methods"][0]["arguments"] = json!({"name": {"context": "requestId"}})).await;
    assert_eq!(writes, ["PutRestApi", "CreateDeployment", "UpdateStage", "UpdateStage"]);
    let prod = orders.stage("prod").await;
    assert_eq!(prod["canarySettings"]["deploymentId"], prod["deploymentId"]);

    let none = canary(0);
    assert_eq!(orders.change(|spec| spec["stages"][0]["canary"] = none).await, ["UpdateStage"]);
    assert_eq!(orders.stage("prod").await["canarySettings"], Value::Null);
    assert_eq!(machines(&orders).await.into_keys().collect::<Vec<_>>(), ["Orders"]);
}

#[tokio::test]
async fn every_setting_that_leaves_the_spec_goes_back_to_the_default() {
    let mut orders = Orders::new("bare").await;
    // The stage test becomes one that never had any settings.
    let bare = |spec: &mut Value| {
        let machine = spec["stages"][1]["variables"].clone();
        spec["stages"][1] = json!({"name": "plain", "variables": machine});
    };
    orders.change(bare).await;
    let settings = [
        ("methods", &["UpdateStage"] as &[&str]),
        ("description", &["UpdateStage"]),
        ("throttling", &["UpdateStage"]),
        ("metrics", &["UpdateStage"]),
        ("tracing", &["UpdateStage"]),
        ("logging", &["UpdateStage"]),
        ("accessLog", &["UpdateStage"]),
        ("canary", &["UpdateStage"]),
        ("clientCertificate", &["UpdateStage", "DeleteClientCertificate"]),
        ("tags", &["UntagResource"]),
        // Keys of the cache are part of the methods.
        ("cache", &["PutRestApi", "CreateDeployment", "UpdateStage", "UpdateStage"]),
    ];
    for (setting, expected) in settings {
        let writes =
            orders.change(|spec| drop(spec["stages"][0].as_object_mut().expect("a stage").remove(setting))).await;
        assert_eq!(writes, expected, "{setting}");
        orders.world.aws.forget_calls().await;
        orders.world.kube.check_now(NAME, setting).await;
        assert_eq!(orders.writes().await, [] as [&str; 0], "{setting}");
    }
    let (mut prod, mut plain) = (orders.stage("prod").await, orders.stage("plain").await);
    for stage in [&mut prod, &mut plain] {
        for own in ["stageName", "variables", "createdDate", "lastUpdatedDate", "description", "canarySettings"] {
            let value = stage.as_object_mut().expect("a stage").remove(own);
            let empty = value.is_none_or(|value| value.is_null() || value == "");
            assert!(empty || !["description", "canarySettings"].contains(&own), "{own}");
        }
    }
    assert_eq!(prod, plain);
    assert_eq!(orders.certificates().await, BTreeMap::new());
}

#[tokio::test]
async fn without_a_role_for_logs_all_else_works_and_the_condition_says_what_to_do() {
    let world = World::new("no-logs").await;
    for machine in ["Orders", "Orders-next"] {
        world.aws.machine(REGION, machine, MachineKind::Standard).await;
    }
    let _controller = world.controller().await;
    let example = world.example("stages").replace("spec:\n", "spec:\n  outputs: {configMap: urls}\n");
    world.kube.apply(&example).await.expect("the example applies");
    let object = world.kube.wait(NAME, "False", "LoggingRoleMissing").await;
    let outputs = world.kube.api::<ConfigMap>().get("urls").await.expect("what callers have is told");
    assert!(outputs.data.is_some_and(|data| data.contains_key("prod.url")));
    let is = |kind: &str| condition(&object, kind).map(|condition| condition.status.clone()).unwrap_or_default();
    let said = [is("Stalled"), is("Reconciling"), is("ApiReady"), is("StagesReady")];
    assert_eq!(said, ["False", "True", "True", "False"]);
    let message = &condition(&object, "StagesReady").expect("a condition").message;
    for words in ["spec.stages[prod]: ", "CloudWatch Logs role ARN must be set", "AmazonAPIGatewayPushToCloudWatchLogs"]
    {
        assert!(message.contains(words), "{message}");
    }
    let status = object.status.expect("a status");
    let url = format!("{}/orders", status.stages[0].url);
    Answer::until(200, || post(&url, "application/json", "{}")).await;
    let id = status.rest_api_id.expect("an API");
    let prod = world.aws.apigateway_json(REGION, &format!("restapis/{id}/stages/prod")).await;
    let settings = &prod["methodSettings"]["~1orders/POST"];
    assert_eq!((&settings["throttlingRateLimit"], &settings["loggingLevel"]), (&json!(20.0), &Value::Null));
    assert_eq!(prod["accessLogSettings"], Value::Null);
    let account = world.aws.apigateway_json(REGION, "account").await;
    assert_eq!(account["cloudwatchRoleArn"], Value::Null, "the account's settings are not ours");

    // Once somebody sets it, the next look finishes.
    world.aws.allow_logs(REGION).await;
    world.kube.check_now(NAME, "role").await;
    world.kube.wait_ready(NAME).await;
    let prod = world.aws.apigateway_json(REGION, &format!("restapis/{id}/stages/prod")).await;
    assert_eq!(prod["methodSettings"]["~1orders/POST"]["loggingLevel"], "INFO");
    assert_eq!(prod["methodSettings"]["*/*"]["loggingLevel"], "ERROR");
}

#[tokio::test]
async fn many_methods_with_settings_of_their_own_are_written_in_pieces() {
    let world = World::new("many-settings").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let paths: Vec<String> = (0..60).map(|n| format!("/m{n}")).collect();
    let method = |path: &String| {
        json!({"path": path, "method": "POST", "action": "StartExecution", "stateMachine": "m",
               "authorization": {"type": "None"}})
    };
    let own = |path: &String| json!({"path": path, "method": "POST", "throttling": {"rateLimit": 1, "burstLimit": 3}});
    let spec = json!({
        "region": REGION,
        "stateMachines": [{"name": "m", "arn": machine}],
        "methods": paths.iter().map(method).collect::<Vec<_>>(),
        "stages": [{"name": "prod", "methods": paths.iter().map(own).collect::<Vec<_>>()}],
    });
    world.aws.forget_calls().await;
    world.kube.apply_spec("many", &spec.to_string()).await.expect("the spec applies");
    let object = world.kube.wait_ready("many").await;
    let writes = world.aws.writes().await;
    let updates = writes.iter().filter(|(_, operation)| operation == "UpdateStage").count();
    // Eight settings each but logs, 80 operations a call.
    assert_eq!(updates, 6, "{writes:?}");
    let id = object.status.and_then(|status| status.rest_api_id).expect("an API");
    let prod = world.aws.apigateway_json(REGION, &format!("restapis/{id}/stages/prod")).await;
    let settings = prod["methodSettings"].as_object().expect("settings");
    assert_eq!(settings.len(), 60);
    assert!(settings.values().all(|own| own["throttlingBurstLimit"] == 3), "{settings:?}");
    world.aws.forget_calls().await;
    world.kube.check_now("many", "again").await;
    assert_eq!(world.aws.writes().await, []);
    let url = object_url(&world).await;
    eventually("a 429", || async {
        let answer = Answer::of(post(&format!("{url}/m7"), "application/json", "{}")).await;
        if answer.status == 429 { Ok(()) } else { Err(format!("{answer:?}")) }
    })
    .await;
}

async fn object_url(world: &World) -> String {
    world.kube.get("many").await.status.expect("a status").stages[0].url.clone()
}
