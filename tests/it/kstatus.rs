//! What tools that wait for objects rely on, at every moment of a life: each version that the API server had is looked at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Api;
use kube::runtime::watcher;
use serde_json::json;
use stepgate::api::StepFunctionsApi;

use crate::world::{MachineKind, World, eventually};

const REGION: &str = "us-east-1";

/// What is wrong with a version of an object, seen alone.
fn wrong(object: &StepFunctionsApi) -> Vec<String> {
    let Some(status) = &object.status else { return vec!["no status at all counts as healthy".to_owned()] };
    let conditions: BTreeMap<&str, &Condition> =
        status.conditions.iter().map(|condition| (condition.type_.as_str(), condition)).collect();
    let is = |kind: &str, value: &str| conditions.get(kind).is_some_and(|condition| condition.status == value);
    let mut wrong = Vec::new();
    let mut must = |holds: bool, rule: &str| {
        if !holds {
            wrong.push(rule.to_owned());
        }
    };
    must(conditions.len() == status.conditions.len(), "a type stands once");
    must(!(is("Reconciling", "True") && is("Stalled", "True")), "Reconciling and Stalled are never both True");
    must(!is("Ready", "True") || !(is("Reconciling", "True") || is("Stalled", "True")), "Ready is neither of them");
    must(!is("Stalled", "True") || is("Ready", "False"), "what is stalled is not ready");
    must(status.conditions.is_empty() == (status.observed_generation == -1), "-1 until a controller has seen it");
    must(status.observed_generation <= object.metadata.generation.unwrap_or_default(), "no generation of the future");
    let same = |condition: &Condition| condition.observed_generation == Some(status.observed_generation);
    must(status.conditions.iter().all(same), "conditions are about the generation that the status is about");
    let told = |condition: &Condition| {
        condition.status != "False" || condition.type_ != "Ready" || !condition.message.is_empty()
    };
    must(status.conditions.iter().all(told), "what is not ready says why");
    wrong
}

/// Conditions whose transition time moved without a transition, or stood still over one.
fn wrong_times(before: &StepFunctionsApi, after: &StepFunctionsApi) -> Vec<String> {
    let (before, after) = (before.status.clone().unwrap_or_default(), after.status.clone().unwrap_or_default());
    let mut wrong = Vec::new();
    for now in &after.conditions {
        let Some(then) = before.conditions.iter().find(|then| then.type_ == now.type_) else { continue };
        let moved = then.last_transition_time != now.last_transition_time;
        if moved && then.status == now.status {
            wrong.push(format!(
                "{}: {} since {:?}, then since {:?}",
                now.type_, now.status, then.last_transition_time, now.last_transition_time
            ));
        }
    }
    wrong
}

#[tokio::test]
async fn rules_of_kstatus_hold_at_every_moment_of_a_life() {
    let world = World::new("kstatus").await;
    let machine = world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let spec = format!(
        "region: {REGION}\nmode: Apply\nstateMachines: [{{name: hello, arn: '{machine}'}}]\nmethods: [{{path: /run, \
         method: POST, action: StartExecution, stateMachine: hello, arguments: {{name: {{query: id}}}}}}]\nstages: \
         [{{name: a}}]"
    );
    let versions: Arc<Mutex<Vec<StepFunctionsApi>>> = Arc::default();
    let (api, seen): (Api<StepFunctionsApi>, _) = (world.kube.api(), versions.clone());
    let watch = tokio::spawn(async move {
        let mut events = watcher(api, watcher::Config::default()).boxed();
        while let Some(event) = events.next().await {
            if let Ok(watcher::Event::Apply(object) | watcher::Event::InitApply(object)) = event {
                seen.lock().expect("no panic").push(object);
            }
        }
    });
    let reasons = || -> Vec<String> {
        let versions = versions.lock().expect("no panic");
        let ready = versions.iter().flat_map(|object| object.status.iter().flat_map(|status| &status.conditions));
        ready.filter(|condition| condition.type_ == "Ready").map(|condition| condition.reason.clone()).collect()
    };

    // Seen by nobody, created, invalid, corrected, denied, healed, paused, planned, applied, deleted with a fault.
    world.kube.apply_spec("api", &spec).await.expect("the object applies");
    let unseen = world.kube.get("api").await.status.expect("a status");
    assert_eq!(unseen.observed_generation, -1);
    let _controller = world.controller().await;
    world.kube.wait_ready("api").await;
    world.kube.apply_spec("api", &spec.replace("{name: {query", "{nam: {query")).await.expect("schema and CEL take it");
    world.kube.wait("api", "False", "Invalid").await;
    world.kube.apply_spec("api", &spec).await.expect("the object applies");
    world.kube.wait_ready("api").await;
    world.aws.order_fault(json!({"service": "iam", "code": "AccessDenied", "status": 403})).await;
    world.kube.check_now("api", "denied").await;
    world.kube.check_now("api", "healed").await;
    world.kube.apply_spec("api", &spec.replace("mode: Apply", "mode: Paused")).await.expect("the object applies");
    world.kube.wait("api", "Unknown", "Paused").await;
    let changed = spec.replace("/run", "/go");
    world.kube.apply_spec("api", &changed.replace("mode: Apply", "mode: Plan")).await.expect("the object applies");
    world.kube.wait("api", "False", "Planned").await;
    world.kube.apply_spec("api", &changed).await.expect("the object applies");
    world.kube.wait_ready("api").await;
    let fault =
        json!({"service": "apigateway", "operation": "DeleteRestApi", "code": "InternalFailure", "status": 500});
    world.aws.order_fault(fault).await;
    world.kube.delete("api").await;

    let all = ["Applying", "Applied", "Invalid", "Denied", "Paused", "Planned", "Deleting", "AwsUnavailable"];
    eventually("every reason", || {
        let reasons = reasons();
        let missing: Vec<_> = all.iter().filter(|reason| !reasons.iter().any(|seen| seen == *reason)).collect();
        std::future::ready(if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?} of {reasons:?}")) })
    })
    .await;
    watch.abort();
    let versions = versions.lock().expect("no panic");
    let alone = versions.iter().map(|object| (object, wrong(object)));
    let pairs = versions.windows(2).map(|pair| (&pair[1], wrong_times(&pair[0], &pair[1])));
    let wrong: Vec<String> = alone
        .chain(pairs)
        .filter(|(_, wrong)| !wrong.is_empty())
        .map(|(object, wrong)| format!("{wrong:?} in {:#?}", object.status.as_ref().map(|status| &status.conditions)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} versions:\n{}", wrong.len(), versions.len(), wrong.join("\n"));
}
