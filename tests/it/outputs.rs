//! The ConfigMap that other workloads read.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use crate::samples::{REGION, started_at};
use crate::world::{Answer, MachineKind, World, condition, eventually, post};

async fn outputs(world: &World, name: &str) -> ConfigMap {
    world.kube.api::<ConfigMap>().get(name).await.expect("the ConfigMap")
}

async fn gone(world: &World, name: &str) {
    let api: Api<ConfigMap> = world.kube.api();
    eventually("no ConfigMap", || async {
        match api.get_opt(name).await.map_err(|error| error.to_string())? {
            None => Ok(()),
            Some(found) => Err(format!("{found:?}")),
        }
    })
    .await;
}

fn data(map: &ConfigMap) -> BTreeMap<String, String> {
    map.data.clone().unwrap_or_default()
}

#[tokio::test]
async fn outputs_are_written_kept_and_go_with_their_object() {
    let world = World::new("outputs").await;
    world.aws.machine(REGION, "Orders", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let example = world.example("outputs");
    world.kube.apply(&example).await.expect("the example applies");
    let object = world.kube.wait_ready("outputs").await;
    let status = object.status.clone().expect("a status");
    let map = outputs(&world, "orders-api").await;
    let stage = &status.stages[0].url;
    let wanted = [
        ("live.GET.orders.id.url", format!("{stage}/orders/{{id}}")),
        ("live.POST.orders.url", format!("{stage}/orders")),
        ("live.url", stage.clone()),
        ("region", REGION.to_owned()),
        ("restApiId", status.rest_api_id.clone().unwrap_or_default()),
        ("revision", status.revision.clone().unwrap_or_default()),
        ("roleArn", status.role_arn.clone().unwrap_or_default()),
    ];
    assert_eq!(data(&map), wanted.map(|(key, value)| (key.to_owned(), value)).into());
    assert!(map.owner_references()[0].uid == object.uid().unwrap_or_default());
    Answer::until(200, || post(&data(&map)["live.POST.orders.url"], "application/json", "{}")).await;

    // Nothing is written for nothing; what others did to ours is undone, what they added stays.
    world.kube.check_now("outputs", "idle").await;
    assert_eq!(outputs(&world, "orders-api").await.resource_version(), map.resource_version());
    let api: Api<ConfigMap> = world.kube.api();
    let patch = Patch::Merge(json!({"data": {"live.url": "https://evil.example", "theirs": "x"}}));
    api.patch("orders-api", &PatchParams::default(), &patch).await.expect("it is edited");
    world.kube.check_now("outputs", "edited").await;
    let mut healed = data(&outputs(&world, "orders-api").await);
    assert_eq!(healed.remove("theirs").as_deref(), Some("x"));
    assert_eq!(healed, data(&map));
    api.delete("orders-api", &DeleteParams::default()).await.expect("it is deleted");
    world.kube.check_now("outputs", "deleted").await;
    assert_eq!(data(&outputs(&world, "orders-api").await), data(&map));

    // It follows the spec.
    world.kube.apply(&example.replace("name: live", "name: new")).await.expect("the example applies");
    world.kube.wait_ready("outputs").await;
    let keys: Vec<String> = data(&outputs(&world, "orders-api").await).into_keys().collect();
    assert!(keys.contains(&"new.url".to_owned()) && !keys.iter().any(|key| key.starts_with("live")), "{keys:?}");
    world.kube.apply(&example.replace("orders-api", "other")).await.expect("the example applies");
    let moved = world.kube.wait_ready("outputs").await;
    gone(&world, "orders-api").await;
    outputs(&world, "other").await;
    assert_eq!(moved.status.and_then(|status| status.output_config_map).as_deref(), Some("other"));
    let without = example.split("  outputs:").next().expect("a part");
    world.kube.apply(without).await.expect("the example applies");
    world.kube.wait_ready("outputs").await;
    gone(&world, "other").await;

    world.kube.apply(&example).await.expect("the example applies");
    world.kube.wait_ready("outputs").await;
    world.kube.delete("outputs").await;
    gone(&world, "orders-api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn config_map_of_somebody_else_is_not_taken_over() {
    let world = World::new("outputs-foreign").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    world.kube.kubectl(&["create", "configmap", "taken", "--from-literal=live.url=mine"]).await.expect("a ConfigMap");
    let before = outputs(&world, "taken").await;
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    let spec = format!("{}\noutputs: {{configMap: taken}}", started_at(&world, "/run"));
    world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    let object = world.kube.wait("api", "False", "NotOwned").await;
    let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    let says =
        "spec.outputs.configMap: ConfigMap taken exists and is not this object's; delete it, or name another one";
    assert_eq!(message, says);
    assert_eq!(world.aws.calls().await, []);
    assert_eq!(outputs(&world, "taken").await, before);

    world.kube.kubectl(&["delete", "configmap", "taken"]).await.expect("it is deleted");
    world.kube.check_now("api", "deleted").await;
    world.kube.wait_ready("api").await;
    assert_eq!(data(&outputs(&world, "taken").await)["region"], REGION);
}

#[tokio::test]
async fn outputs_that_cannot_be_written_are_told_and_written_when_they_can_be() {
    let world = World::new("outputs-fixed").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let spec = |path: &str| format!("{}\noutputs: {{configMap: mine}}", started_at(&world, path));
    world.kube.apply_spec("api", &spec("/run")).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    let fixed = ["patch", "configmap", "mine", "--type=merge", "-p", r#"{"immutable": true}"#];
    world.kube.kubectl(&fixed).await.expect("it is made immutable");
    world.kube.apply_spec("api", &spec("/go")).await.expect("the spec applies");
    let object = world.kube.wait("api", "False", "OutputsNotWritten").await;
    let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    assert!(message.starts_with("spec.outputs.configMap: ") && message.contains("immutable"), "{message}");
    world.kube.kubectl(&["delete", "configmap", "mine"]).await.expect("it is deleted");
    world.kube.check_now("api", "again").await;
    world.kube.wait_ready("api").await;
    assert!(data(&outputs(&world, "mine").await).contains_key("a.POST.go.url"));
}
