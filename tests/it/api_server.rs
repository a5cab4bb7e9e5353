//! An API server that goes away and comes back: nothing is lost, nothing is made twice, nobody knocks without pause.

use std::time::{Duration, Instant};

use kube::Config;
use serde_json::json;

use crate::samples::{REGION, started_at as spec};
use crate::world::{Answer, MachineKind, Proxy, World, env, eventually, post};

/// A world whose controller reaches the API server through a proxy.
async fn world(name: &str) -> (World, Proxy, String) {
    let world = World::new(name).await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let config = Config::infer().await.expect("a configuration");
    let server = config.cluster_url.authority().expect("a host").to_string();
    let proxy = Proxy::cut_off(&server);
    let kubeconfig = world.kube.kubeconfig_through(&proxy.address()).display().to_string();
    (world, proxy, kubeconfig)
}

async fn serves(world: &World, path: &str) {
    let url = world.kube.wait_ready("api").await.status.expect("a status").endpoints[0].url.clone();
    assert!(url.ends_with(path), "{url}");
    Answer::until(200, || post(&url, "application/json", "{}")).await;
}

#[tokio::test]
async fn api_server_that_goes_away_is_waited_for_with_patience_and_what_changed_is_caught_up() {
    let (world, mut proxy, kubeconfig) = world("api-away").await;
    proxy.restore().await;
    // The Lease is renewed at a pace of its own, whatever happens to the watch.
    let alone = ("STEPGATE_NO_LEADER_ELECTION", "true");
    let mut controller = world.controller_with(&[("KUBECONFIG", &kubeconfig), alone]).await;
    world.kube.apply_spec("api", &spec(&world, "/run")).await.expect("the object applies");
    serves(&world, "/run").await;

    proxy.refuse().await;
    let start = Instant::now();
    controller.until_not_ready("failed to watch").await;
    world.kube.apply_spec("api", &spec(&world, "/go")).await.expect("the object applies");
    let knocks = eventually("the third knock", || {
        let knocks = proxy.refused();
        std::future::ready(if knocks >= 3 { Ok(knocks) } else { Err(format!("{knocks}")) })
    })
    .await;
    assert!(knocks < 6 && start.elapsed() > Duration::from_secs(2), "{knocks} knocks in {:?}", start.elapsed());
    assert!(controller.log_lines("watch interrupted").len() <= knocks + 1);

    proxy.restore().await;
    controller.until_ready().await;
    serves(&world, "/go").await;
    assert!(controller.is_running());
}

#[tokio::test]
async fn api_server_that_goes_away_during_a_pass_leaves_one_api_and_the_right_status() {
    let (world, mut proxy, kubeconfig) = world("api-cut").await;
    proxy.restore().await;
    let controller = world.controller_with(&[("KUBECONFIG", &kubeconfig)]).await;
    world.aws.order_fault(json!({"service": "apigateway", "operation": "CreateRestApi", "delay_ms": 1500})).await;
    world.kube.apply_spec("api", &spec(&world, "/run")).await.expect("the object applies");
    let called = async |operation: &str| {
        eventually(operation, || async {
            let calls = world.aws.calls().await;
            if calls.iter().any(|(_, name)| name == operation) { Ok(()) } else { Err(format!("{calls:?}")) }
        })
        .await;
    };
    called("CreateRestApi").await;
    proxy.refuse().await;
    eventually("a status that cannot be written", || {
        let lines = controller.log_lines("failed to write the status");
        std::future::ready(if lines.is_empty() { Err(String::new()) } else { Ok(()) })
    })
    .await;
    called("CreateStage").await;
    proxy.restore().await;
    serves(&world, "/run").await;
    let (apis, roles): (Vec<_>, Vec<_>) =
        world.aws.leftovers(REGION).await.into_iter().partition(|name| name.starts_with("api "));
    assert_eq!((apis.len(), roles.len()), (1, 1), "{apis:?} {roles:?}");
}

#[tokio::test]
async fn controller_that_finds_no_api_server_ends_and_says_so() {
    let (world, _proxy, kubeconfig) = world("api-none").await;
    let controller = world.starting_controller(&[("KUBECONFIG", &kubeconfig)]);
    let log = controller.ends_by_itself().await;
    assert!(
        log.contains("failed to read the uid of namespace kube-system") && log.contains("onnection refused"),
        "{log}"
    );
    // With an owner id it needs nothing to start, and waits.
    let variables = [
        ("KUBECONFIG", kubeconfig.as_str()),
        ("STEPGATE_OWNER_ID", "test"),
        ("AWS_ENDPOINT_URL", &env("AWS_ENDPOINT_URL")),
    ];
    let controller = world.starting_controller(&variables);
    let said = controller.until_not_ready("failed to watch").await;
    assert!(said.contains("onnection refused"), "{said}");
}
