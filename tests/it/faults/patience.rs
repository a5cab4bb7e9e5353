//! What stays broken is tried again later and later: no busy loop, whatever it is, and it heals by itself.

use std::time::{Duration, Instant};

use futures::future::join_all;
use kube::api::{DeleteParams, ListParams};
use serde_json::{Value, json};
use stepgate::api::StepFunctionsApi;

use super::kinds::{CALL_TIMEOUT, Fault};
use crate::world::{MachineKind, World, condition, eventually};

/// Faults are ordered by region, so each object has one of its own.
const REGIONS: [&str; 18] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ca-central-1",
    "sa-east-1",
];
/// Operations that stay broken: a read at the beginning of a pass, and a write in its middle.
const OPERATIONS: [&str; 2] = ["apigateway:GetRestApis", "apigateway:PutRestApi"];
/// How long.
const BROKEN: Duration = Duration::from_secs(12);

/// Most tries in so long: after each failure twice as long is waited, from the first wait on.
fn most_tries(fault: Fault, within: Duration) -> u64 {
    if fault == Fault::Throttled {
        // As AWS asks, but not more than once in a second.
        return within.as_secs() + 1;
    }
    let mut wait = Duration::from_secs(match fault {
        Fault::Locked => 2,
        Fault::Denied | Fault::Expired => 15,
        _ => 1,
    });
    let (mut tries, mut at) = (1, wait);
    while at <= within {
        wait *= 2;
        at += wait;
        tries += 1;
    }
    tries
}

#[tokio::test]
async fn what_stays_broken_is_tried_later_each_time_and_heals_by_itself() {
    let world = World::new("patience").await;
    let variables = [("STEPGATE_CALL_TIMEOUT", CALL_TIMEOUT), ("STEPGATE_CONCURRENCY", "20")];
    let _controller = world.controller_with(&variables).await;
    let broken = OPERATIONS.into_iter().flat_map(|operation| Fault::ALL.map(|fault| (operation, fault)));
    let broken: Vec<_> = REGIONS.into_iter().zip(broken).collect();
    for (region, (operation, fault)) in &broken {
        world.aws.machine(region, "hello", MachineKind::Express).await;
        let mut order = fault.order(operation);
        (order["region"], order["count"]) = (json!(region), json!(-1));
        if *fault == Fault::Throttled {
            order["retry_after"] = json!(0);
        }
        world.aws.order_fault(order).await;
    }
    world.aws.forget_calls().await;
    let start = Instant::now();
    let apply = |region: &'static str| {
        let machine = world.aws.machine_arn(region, "hello");
        let spec = format!(
            "region: {region}\nstateMachines: [{{name: hello, arn: '{machine}'}}]\nmethods: [{{path: /run, method: POST, \
             action: StartSyncExecution, stateMachine: hello, authorization: {{type: None}}}}]\nstages: [{{name: live}}]"
        );
        let kube = &world.kube;
        async move { kube.apply_spec(region, &spec).await.expect("it applies") }
    };
    join_all(broken.iter().map(|(region, _)| apply(region))).await;
    eventually("a try of each", || async {
        let faults = world.aws.faults().await;
        let waiting: Vec<&Value> = faults.iter().filter(|fault| fault["struck"] == 0).collect();
        if waiting.is_empty() { Ok(()) } else { Err(format!("{waiting:?}")) }
    })
    .await;
    tokio::time::sleep(BROKEN.saturating_sub(start.elapsed())).await;
    let faults = world.aws.faults().await;
    let (within, calls) = (start.elapsed(), world.aws.calls_of("stepgate").await.len());
    for (region, (operation, fault)) in &broken {
        let struck =
            faults.iter().find(|known| known["region"] == json!(region)).and_then(|known| known["struck"].as_u64());
        // The finalizer that is written before the first write wakes the controller once more.
        let most = most_tries(*fault, within) + u64::from(*operation == OPERATIONS[1]);
        println!("{operation} {fault:?}: {struck:?} tries of at most {most} in {:.0} s", within.as_secs_f64());
        assert!(struck.is_some_and(|struck| (1..=most).contains(&struck)), "{operation} {fault:?}: {struck:?}");
        // What took effect is found by the next pass, which then has no such call to make.
        let done = *operation == OPERATIONS[1] && matches!(fault, Fault::Lost | Fault::Hang);
        let object = world.kube.get(region).await;
        let ready = condition(&object, "Ready").expect("a condition");
        let told = ready.reason == fault.reason() && ready.message.contains(operation);
        assert!(told || done, "{operation} {fault:?}: {ready:?}");
    }
    println!("{calls} calls of {} broken objects in {:.0} s", broken.len(), within.as_secs_f64());
    // A pass has about 20 calls.
    assert!(calls < broken.len() * 20 * 4, "{calls} calls");

    world.aws.no_faults().await;
    for (region, _) in &broken {
        world.kube.wait_ready(region).await;
    }
    let api = world.kube.api::<StepFunctionsApi>();
    api.delete_collection(&DeleteParams::default(), &ListParams::default()).await.expect("the deletion is taken");
    for (region, _) in &broken {
        world.kube.wait_gone(region).await;
    }
    for (region, _) in &broken {
        assert_eq!(world.aws.leftovers(region).await, Vec::<String>::new());
    }
}
