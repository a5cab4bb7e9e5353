//! A thousand settled objects: a restart calls AWS for none of them, and their checks are spread evenly.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;
use stepgate::api::StepFunctionsApi;

use crate::samples::started_at;
use crate::world::{World, condition};

const OBJECTS: usize = 1000;
/// Requests to the API server at the same time.
const AT_ONCE: usize = 32;

/// Makes them as a controller left them. They say that they are applied, but in AWS there is nothing; mode Plan and
/// deletionPolicy Retain see to it that nothing is made by a check, nor looked for by a deletion.
async fn make(world: &World) {
    let api = world.kube.api::<StepFunctionsApi>();
    let spec: serde_json::Value = serde_saphyr::from_str(&started_at(world, "/run")).expect("YAML");
    let create = async |number: usize| {
        let name = format!("api-{number}");
        let mut object = json!({
            "apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApi",
            "metadata": {"name": name, "finalizers": ["stepgate.dev/cleanup"]},
            "spec": spec,
        });
        object["spec"]["mode"] = json!("Plan");
        object["spec"]["deletionPolicy"] = json!("Retain");
        let object: StepFunctionsApi = serde_json::from_value(object).expect("an object");
        api.create(&PostParams::default(), &object).await.expect("it is made");
        let ready = json!({
            "type": "Ready", "status": "True", "reason": "Applied", "message": "", "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        let status = json!({"status": {"observedGeneration": 1, "conditions": [ready]}});
        api.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await.expect("its status");
    };
    stream::iter(0..OBJECTS).for_each_concurrent(AT_ONCE, create).await;
}

/// Waits until an object that is applied now is through: those before it have been looked at, too.
async fn all_looked_at(world: &World, name: &str) {
    let paused = format!("mode: Paused\n{}", started_at(world, "/run"));
    world.kube.apply_spec(name, &paused).await.expect("it applies");
    let start = Instant::now();
    loop {
        let object = world.kube.get(name).await;
        if condition(&object, "Ready").is_some_and(|ready| ready.reason == "Paused") {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "{object:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
#[ignore = "makes a thousand objects, which takes a busy machine a minute; part of make soak"]
async fn restart_with_a_thousand_settled_objects_calls_aws_for_none_and_checks_are_spread_evenly() {
    let world = World::new("thousand").await;
    let start = Instant::now();
    make(&world).await;
    println!("{OBJECTS} objects made in {:.1} s", start.elapsed().as_secs_f64());
    let versions = async || {
        let list = world.kube.api::<StepFunctionsApi>().list(&ListParams::default()).await.expect("a list");
        list.items
            .into_iter()
            .filter_map(|object| {
                let metadata = object.metadata;
                metadata.name.filter(|name| name.starts_with("api-")).zip(metadata.resource_version)
            })
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = versions().await;
    assert_eq!(before.len(), OBJECTS);
    for restart in ["first", "second"] {
        let start = Instant::now();
        // None is due for a year.
        let controller = world.controller_with(&[("STEPGATE_CHECK_INTERVAL", "1y")]).await;
        all_looked_at(&world, restart).await;
        println!("{restart} start: all looked at in {:.1} s", start.elapsed().as_secs_f64());
        assert_eq!(world.aws.calls().await, [], "calls after the {restart} start");
        assert_eq!(versions().await, before, "objects are written to after the {restart} start");
        controller.kill();
    }

    // Within an interval each is due once, at a moment of its own.
    const INTERVAL: f64 = 240.0;
    const WINDOWS: usize = 3;
    let window = Duration::from_secs(3);
    let expected = OBJECTS as f64 * window.as_secs_f64() / INTERVAL;
    let controller =
        world.controller_with(&[("STEPGATE_CHECK_INTERVAL", "240s"), ("STEPGATE_CONCURRENCY", "16")]).await;
    let mut checks = Vec::new();
    for _ in 0..WINDOWS {
        let count = async || world.aws.calls().await.iter().filter(|(_, name)| name == "GetRestApis").count();
        let begin = count().await;
        tokio::time::sleep(window).await;
        checks.push(count().await - begin);
    }
    println!("checks in windows of {window:?}: {checks:?}, {expected:.0} on average");
    // None at once, none forgotten: six standard deviations of a Poisson distribution.
    let most = expected + 6.0 * expected.sqrt();
    let (all, total) = (checks.iter().sum::<usize>() as f64, expected * WINDOWS as f64);
    assert!(checks.iter().all(|made| (*made as f64) < most) && all > total / 4.0, "{checks:?}, expected {expected}");
    assert_eq!(world.aws.writes().await, []);

    // With Retain they need AWS for their deletion neither.
    let api = world.kube.api::<StepFunctionsApi>();
    let start = Instant::now();
    api.delete_collection(&DeleteParams::default(), &ListParams::default()).await.expect("the deletion is taken");
    loop {
        let left = api.list_metadata(&ListParams::default()).await.expect("a list").items.len();
        if left == 0 {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "{left} are left");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    println!("{OBJECTS} objects deleted in {:.1} s", start.elapsed().as_secs_f64());
    assert_eq!(world.aws.writes().await, []);
    drop(controller);
}
