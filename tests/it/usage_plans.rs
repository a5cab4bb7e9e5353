//! Usage plans and API keys: who gets in, how often, where the values are, and what becomes of them.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{Op, PatchOperation, UsagePlan};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use serde_json::{Value, json};

use crate::samples::{self, REGION};
use crate::world::{Answer, Controller, MachineKind, World, condition, eventually, quotas_to_refill};

/// An API whose POST /run needs a key, and whose plan has these lines.
pub fn keyed(world: &World, plans: &str) -> String {
    let spec = samples::spec(world).replace("authorization:", "apiKeyRequired: true, authorization:");
    format!("{spec}usagePlans:\n{plans}")
}

const BASIC: &str =
    "- {name: basic, stages: [{name: live}], apiKeys: [{name: one, secret: {name: one, key: value}}]}\n";

/// The text of a key of a Secret.
pub async fn value(world: &World, name: &str, key: &str) -> String {
    let api: Api<Secret> = world.kube.api();
    eventually(&format!("Secret {name}"), || async {
        let data = api.get_opt(name).await.map_err(|error| error.to_string())?.and_then(|secret| secret.data);
        let value = data.and_then(|data| data.get(key).cloned());
        value.map(|ByteString(bytes)| String::from_utf8(bytes).expect("text")).ok_or_else(|| "no value".to_owned())
    })
    .await
}

pub async fn call_url(world: &World, object: &str) -> String {
    world.kube.get(object).await.status.expect("a status").endpoints[0].url.clone()
}

pub fn call(url: &str, key: Option<&str>) -> reqwest::RequestBuilder {
    let request = reqwest::Client::new().post(url).header("Content-Type", "application/json").body("{}");
    match key {
        Some(key) => request.header("x-api-key", key),
        None => request,
    }
}

async fn plans(world: &World) -> Vec<UsagePlan> {
    world.aws.apigateway(REGION).get_usage_plans().limit(500).send().await.expect("plans").items.unwrap_or_default()
}

/// Names of the keys in the account, with their ids.
pub async fn keys(world: &World) -> BTreeMap<String, String> {
    let keys = world.aws.apigateway(REGION).get_api_keys().limit(500).send().await.expect("keys");
    keys.items()
        .iter()
        .map(|key| (key.name().unwrap_or_default().into(), key.id().unwrap_or_default().into()))
        .collect()
}

/// A check that finds everything as it is writes nothing, and no value is anywhere but in Secrets and AWS.
pub async fn settled_and_silent(world: &World, controller: &Controller, object: &str, request: &str, secrets: &[&str]) {
    world.aws.forget_calls().await;
    world.kube.check_now(object, request).await;
    assert_eq!(world.aws.writes().await, Vec::new(), "a settled object");
    let shown = serde_json::to_string(&world.kube.get(object).await).expect("JSON");
    let events = format!("{:?}", world.kube.events(object).await);
    for secret in secrets {
        for (place, text) in [("object", &shown), ("events", &events), ("log", &controller.log())] {
            assert!(!text.contains(secret), "the value of a key is in the {place}");
        }
    }
}

#[tokio::test]
async fn example_lets_in_by_key_and_not_without() {
    let world = World::new("api-keys").await;
    world.aws.machine(REGION, "HelloWorld", MachineKind::Standard).await;
    let controller = world.controller().await;
    world.kube.apply(&world.example("api-keys")).await.expect("the example applies");
    let object = world.kube.wait_ready("partners").await;
    let status = object.status.as_ref().expect("a status");
    assert!(status.endpoints[0].curl.contains("-H 'x-api-key: KEY'"), "{}", status.endpoints[0].curl);
    let (acme, globex) = (value(&world, "acme-api-key", "key").await, value(&world, "globex-api-key", "key").await);
    let url = call_url(&world, "partners").await;
    Answer::until(200, || call(&url, Some(&acme))).await;
    assert_eq!(Answer::of(call(&url, Some(&globex))).await.status, 200);
    let refused = Answer::of(call(&url, None)).await;
    assert_eq!((refused.status, refused.header("x-amzn-ErrorType")), (403, Some("ForbiddenException")), "{refused:?}");
    assert_eq!(Answer::of(call(&url, Some("some-other-key-0123456789"))).await.status, 403);

    // The plan as AWS has it.
    let found = plans(&world).await;
    let [plan] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(plan.name(), Some(format!("{}-partners-basic", world.kube.namespace).as_str()));
    assert_eq!(plan.description(), Some("Partners on trial"));
    let throttle = plan.throttle().expect("a throttle");
    assert_eq!((throttle.rate_limit(), throttle.burst_limit()), (10.0, 20));
    let quota = plan.quota().expect("a quota");
    assert_eq!((quota.limit(), quota.offset(), quota.period().map(|period| period.as_str())), (1000, 0, Some("DAY")));
    let limits = plan.api_stages()[0].throttle().expect("limits of methods");
    assert_eq!(limits["/orders/POST"].rate_limit(), 2.0);
    let ids: Vec<&str> = status.usage_plans[0].api_keys.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(keys(&world).await.into_values().collect::<std::collections::BTreeSet<_>>().len(), 2);
    assert_eq!(condition(&object, "UsagePlansReady").map(|ready| ready.status.as_str()), Some("True"));

    // More than the burst of 5 at once: the plan's limit for the method.
    let mut answers = Vec::new();
    for _ in 0..12 {
        answers.push(Answer::of(call(&url, Some(&acme))).await.status);
    }
    assert!(answers.contains(&429), "{answers:?}");
    settled_and_silent(&world, &controller, "partners", "again", &[&acme, &globex]).await;

    // The generated one goes with the object, the given one stays.
    world.kube.delete("partners").await;
    assert!(plans(&world).await.is_empty() && keys(&world).await.is_empty());
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
    let api: Api<Secret> = world.kube.api();
    eventually("the end of the generated Secret", || async {
        match api.get_opt("acme-api-key").await.map_err(|error| error.to_string())? {
            None => Ok(()),
            Some(_) => Err("there".to_owned()),
        }
    })
    .await;
    assert!(api.get_opt("globex-api-key").await.expect("an answer").is_some());
}

#[tokio::test]
async fn key_of_a_plan_for_another_stage_does_not_let_in() {
    let world = samples::world("other-stage").await;
    let _controller = world.controller().await;
    let plans = format!(
        "{BASIC}- {{name: other, stages: [{{name: second}}], apiKeys: [{{name: two, secret: {{name: two, key: v}}}}]}}\n"
    );
    let machine = world.aws.machine_arn(REGION, "hello");
    let spec = keyed(&world, &plans)
        .replace("note: first}}", &format!("note: first}}}}, {{name: second, variables: {{arn: '{machine}'}}}}"));
    world.kube.apply_spec("api", &spec).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let (one, two) = (value(&world, "one", "value").await, value(&world, "two", "v").await);
    let url = call_url(&world, "api").await;
    assert!(url.ends_with("/live/run"), "{url}");
    let second = url.replace("/live/", "/second/");
    Answer::until(200, || call(&url, Some(&one))).await;
    Answer::until(200, || call(&second, Some(&two))).await;
    assert_eq!(Answer::of(call(&url, Some(&two))).await.status, 403);
    assert_eq!(Answer::of(call(&second, Some(&one))).await.status, 403);
}

#[tokio::test]
async fn quota_ends_the_calls_of_a_key() {
    let world = samples::world("quota").await;
    let _controller = world.controller().await;
    let plan = BASIC.replace("stages:", "quota: {limit: 3, period: Month, offset: 1}, stages:");
    world.kube.apply_spec("api", &keyed(&world, &plan)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let (key, url) = (value(&world, "one", "value").await, call_url(&world, "api").await);
    // The stage may not serve yet; such calls are not counted.
    Answer::until(200, || call(&url, Some(&key))).await;
    assert_eq!(Answer::of(call(&url, Some(&key))).await.status, 200);
    let over = Answer::of(call(&url, Some(&key))).await;
    assert_eq!(over.status, 429, "{over:?}");
}

#[tokio::test]
async fn changed_spec_changes_the_plan_in_place() {
    let world = samples::world("changed-plan").await;
    let controller = world.controller().await;
    let first = "- {name: basic, description: first, throttling: {rateLimit: 1.5, burstLimit: 3}, quota: {limit: 9, period: Day},
   stages: [{name: live, methods: [{path: /run, method: POST, throttling: {rateLimit: 0.5, burstLimit: 1}}]}],
   apiKeys: [{name: one, secret: {name: one, key: value}}, {name: two, secret: {name: one, key: two}}]}\n";
    world.kube.apply_spec("api", &keyed(&world, first)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let before = plans(&world).await.remove(0);
    let (one, two) = (value(&world, "one", "value").await, value(&world, "one", "two").await);
    let ids = keys(&world).await;

    // Other limits, a second plan, and one key moves there under another name.
    let second = "- {name: basic, throttling: {rateLimit: 2.5, burstLimit: 4}, stages: [{name: live}],
   apiKeys: [{name: one, secret: {name: one, key: value}}]}
- {name: gold, stages: [{name: live}], apiKeys: [{name: three, secret: {name: one, key: two}}]}\n";
    world.kube.apply_spec("api", &keyed(&world, second)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let after = plans(&world).await;
    assert_eq!(after.len(), 2);
    let basic = after.iter().find(|plan| plan.id() == before.id()).expect("the same plan");
    assert_eq!((basic.description().filter(|text| !text.is_empty()), basic.quota()), (None, None));
    assert_eq!(basic.throttle().map(|throttle| throttle.rate_limit()), Some(2.5));
    assert!(basic.api_stages()[0].throttle().is_none_or(|limits| limits.is_empty()), "{basic:?}");
    let renamed = keys(&world).await;
    let name = |key: &str| format!("{}-api-{key}", world.kube.namespace);
    assert_eq!(renamed[&name("three")], ids[&name("two")], "the key with its value goes on, under its new name");
    assert_eq!(value(&world, "one", "two").await, two);
    let url = call_url(&world, "api").await;
    for key in [&one, &two] {
        Answer::until(200, || call(&url, Some(key))).await;
    }
    settled_and_silent(&world, &controller, "api", "again", &[&one, &two]).await;

    // Without plans nothing of them is left, and nothing is asked about them any more.
    let none = keyed(&world, "").replace("usagePlans:\n", "");
    world.kube.apply_spec("api", &none).await.expect("it applies");
    let object = world.kube.wait_ready("api").await;
    assert!(plans(&world).await.is_empty() && keys(&world).await.is_empty());
    assert!(condition(&object, "UsagePlansReady").is_none());
    world.aws.forget_calls().await;
    world.kube.check_now("api", "without plans").await;
    let asked = world.aws.calls().await;
    assert!(
        !asked.iter().any(|(_, operation)| operation.contains("UsagePlan") || operation.contains("ApiKey")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn what_others_change_is_healed() {
    let world = samples::world("healed-plan").await;
    let controller = world.controller().await;
    world.kube.apply_spec("api", &keyed(&world, BASIC)).await.expect("it applies");
    let status = world.kube.wait_ready("api").await.status.expect("a status");
    let key = value(&world, "one", "value").await;
    let gateway = world.aws.apigateway(REGION);
    let plan = plans(&world).await.remove(0);
    let plan_id = plan.id().expect("an id");
    let key_id = &status.usage_plans[0].api_keys[0].id;
    let patch = |op: Op, path: &str, value: &str| PatchOperation::builder().op(op).path(path).value(value).build();

    // Settings, stages, names, a key that is switched off and one that is let in.
    let stage = format!("{}:live", status.rest_api_id.clone().unwrap_or_default());
    let update =
        gateway.update_usage_plan().usage_plan_id(plan_id).patch_operations(patch(Op::Replace, "/name", "theirs"));
    let update = update.patch_operations(patch(Op::Replace, "/throttle/rateLimit", "1"));
    update.patch_operations(patch(Op::Remove, "/apiStages", &stage)).send().await.expect("it changes");
    let off = gateway.update_api_key().api_key(key_id).patch_operations(patch(Op::Replace, "/enabled", "false"));
    off.patch_operations(patch(Op::Replace, "/name", "theirs")).send().await.expect("it changes");
    let foreign = gateway.create_api_key().name("foreign").enabled(true).send().await.expect("a key");
    let (foreign, foreign_value) = (foreign.id().expect("an id"), foreign.value().expect("a value"));
    gateway
        .create_usage_plan_key()
        .usage_plan_id(plan_id)
        .key_id(foreign)
        .key_type("API_KEY")
        .send()
        .await
        .expect("in");
    let other = gateway.create_usage_plan().name("other").send().await.expect("a plan");

    quotas_to_refill().await;
    world.kube.check_now("api", "look").await;
    world.kube.wait_ready("api").await;
    let url = call_url(&world, "api").await;
    Answer::until(200, || call(&url, Some(&key))).await;
    assert_eq!(Answer::of(call(&url, Some(foreign_value))).await.status, 403);
    let healed = plans(&world).await;
    assert_eq!(healed.len(), 2, "another's plan is left alone");
    let same = healed.iter().find(|found| found.id() == Some(plan_id)).expect("the plan");
    assert_eq!((same.name(), same.throttle()), (plan.name(), plan.throttle()));
    assert!(keys(&world).await.contains_key("foreign"), "another's key is left alone");
    let events = world.kube.events("api").await;
    assert!(
        events.iter().any(|(reason, note)| reason == "DriftHealed" && note.contains("usagePlan/basic")),
        "{events:?}"
    );
    settled_and_silent(&world, &controller, "api", "again", &[&key]).await;

    // The plan deleted altogether.
    let detach = gateway.update_usage_plan().usage_plan_id(plan_id);
    detach.patch_operations(patch(Op::Remove, "/apiStages", &stage)).send().await.expect("it changes");
    gateway.delete_usage_plan().usage_plan_id(plan_id).send().await.expect("it goes");
    world.kube.check_now("api", "deleted").await;
    Answer::until(200, || call(&url, Some(&key))).await;
    assert_eq!(plans(&world).await.iter().filter(|found| found.id() != other.id()).count(), 1);
}

#[tokio::test]
async fn retained_plan_and_keys_are_found_again() {
    let world = samples::world("retained-plan").await;
    let _controller = world.controller().await;
    let spec = format!("deletionPolicy: Retain\n{}", keyed(&world, BASIC));
    world.kube.apply_spec("api", &spec).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let (before, key) = ((plans(&world).await, keys(&world).await), value(&world, "one", "value").await);
    world.kube.delete("api").await;
    world.kube.kubectl(&["delete", "secret", "one", "--ignore-not-found"]).await.expect("it goes");
    assert_eq!((plans(&world).await, keys(&world).await), before);
    world.aws.forget_calls().await;
    world.kube.apply_spec("api", &spec.replace("Retain", "Delete")).await.expect("it applies");
    world.kube.wait_ready("api").await;
    assert_eq!(world.aws.writes().await, Vec::new());
    assert_eq!(value(&world, "one", "value").await, key);
    world.kube.delete("api").await;
    assert!(plans(&world).await.is_empty() && keys(&world).await.is_empty());
}

#[tokio::test]
async fn retained_plan_and_keys_go_when_the_api_is_found_again_without_them() {
    let world = samples::world("less-plan").await;
    let _controller = world.controller().await;
    let retained = format!("deletionPolicy: Retain\n{}", keyed(&world, BASIC));
    for ends_well in [true, false] {
        world.kube.apply_spec("api", &retained).await.expect("it applies");
        world.kube.wait_ready("api").await;
        world.kube.delete("api").await;
        assert_eq!((plans(&world).await.len(), keys(&world).await.len()), (1, 1));
        if !ends_well {
            let denied =
                json!({"operation": "DeleteUsagePlan", "status": 403, "code": "AccessDeniedException", "count": -1});
            world.aws.order_fault(denied).await;
        }
        world.kube.apply_spec("api", &samples::spec(&world)).await.expect("it applies");
        if ends_well {
            world.kube.wait_ready("api").await;
            assert!(plans(&world).await.is_empty() && keys(&world).await.is_empty());
        } else {
            world.kube.wait("api", "False", "Denied").await;
            world.aws.no_faults().await;
        }
        world.kube.delete("api").await;
        assert!(plans(&world).await.is_empty() && keys(&world).await.is_empty(), "{ends_well}");
        assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
    }
}

/// The process is killed after each call of a life in turn: there is never a second plan or key.
#[tokio::test]
async fn process_killed_after_any_call_makes_no_second_plan_or_key() {
    let world = samples::world("killed-plan").await;
    let mut controller = world.controller().await;
    let mut cuts = 0;
    for operation in ["CreateUsagePlan", "CreateApiKey", "CreateUsagePlanKey"] {
        let fault = json!({"operation": operation, "when": "after", "action": "hang", "seconds": 1});
        world.aws.order_fault(fault).await;
        world.kube.apply_spec("api", &keyed(&world, BASIC)).await.expect("it applies");
        eventually("the cut", || async {
            let faults: Vec<Value> = world.aws.faults().await;
            if faults.iter().any(|fault| fault["struck"] == 1) { Ok(()) } else { Err(format!("{faults:?}")) }
        })
        .await;
        controller.kill();
        world.aws.no_faults().await;
        controller = world.controller().await;
        world.kube.wait_ready("api").await;
        let key = value(&world, "one", "value").await;
        assert_eq!((plans(&world).await.len(), keys(&world).await.len()), (1, 1), "cut after {operation}");
        let url = call_url(&world, "api").await;
        Answer::until(200, || call(&url, Some(&key))).await;
        world.kube.delete("api").await;
        assert!(plans(&world).await.is_empty() && keys(&world).await.is_empty());
        cuts += 1;
    }
    assert_eq!(cuts, 3);
}
