//! What several tests start from.

use crate::world::{MachineKind, World};

/// Region of everything here.
pub const REGION: &str = "us-east-1";

/// Spec of an API whose POST /run starts the express machine `hello` and waits for it. Deleting it leaves nothing.
pub fn spec(world: &World) -> String {
    let machine = world.aws.machine_arn(REGION, "hello");
    format!(
        "region: {REGION}
stateMachines: [{{name: hello, stageVariable: arn}}]
methods: [{{path: /run, method: POST, action: StartSyncExecution, stateMachine: hello, authorization: {{type: None}}}}]
cors: {{allowOrigins: ['*']}}
stages: [{{name: live, variables: {{arn: '{machine}', note: first}}}}]
"
    )
}

/// Spec of an API whose POST on that path starts the standard machine `Hello`.
pub fn started_at(world: &World, path: &str) -> String {
    format!(
        "region: {REGION}\nstateMachines: [{{name: hello, arn: '{}'}}]\nmethods: [{{path: {path}, method: POST, \
         action: StartExecution, stateMachine: hello, authorization: {{type: None}}}}]\nstages: [{{name: a}}]",
        world.aws.machine_arn(REGION, "Hello")
    )
}

/// A world in whose account the machine exists.
pub async fn world(name: &str) -> World {
    let world = World::new(name).await;
    world.aws.machine(REGION, "hello", MachineKind::Express).await;
    world
}
