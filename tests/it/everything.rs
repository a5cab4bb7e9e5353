//! An object that uses every section at once.

use serde_json::json;

use crate::world::{MachineKind, World};

const REGION: &str = "us-east-1";

#[tokio::test]
async fn object_with_every_section_settles_and_a_forced_check_writes_nothing() {
    let world = World::new("everything").await;
    for (name, kind) in
        [("Orders", MachineKind::Standard), ("Refunds", MachineKind::Standard), ("Quotes", MachineKind::Express)]
    {
        world.aws.machine(REGION, name, kind).await;
    }
    world.aws.states(REGION).create_activity().name("Packing").send().await.expect("an activity");
    world.aws.allow_logs(REGION).await;
    let _controller = world.controller().await;
    world.kube.apply(&world.example("everything")).await.expect("the example applies");
    let before = world.kube.wait_ready("everything").await.status.expect("a status");
    assert_eq!(before.stages.len(), 2);

    world.aws.forget_calls().await;
    let after = world.kube.check_now("everything", "now").await.status.expect("a status");
    assert_eq!(world.aws.writes().await, []);
    assert_eq!(json!(after.conditions), json!(before.conditions));

    world.kube.delete("everything").await;
    world.kube.wait_gone("everything").await;
    assert_eq!(world.aws.leftovers(REGION).await, [""; 0]);
}
