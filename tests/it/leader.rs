//! Several replicas: one writes, and when it is killed, stopped, cut off or frozen, another goes on and no call is made by
//! the old one any more. AWS's log tells them apart by the application id in their user agent.

use std::time::{Duration, Instant, SystemTime};

use futures::future::join_all;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::jiff::Timestamp;
use kube::Config;
use serde_json::json;

use crate::samples::{REGION, started_at as spec};
use crate::world::{Answer, Controller, MachineKind, Noted, Proxy, World, eventually, post};

/// Every fail-over is shorter.
const LIMIT: Duration = Duration::from_secs(20);

/// A world without controller.
async fn world(name: &str) -> World {
    let world = World::new(name).await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    world
}

/// A replica of that name, in the Lease and in AWS's log.
fn replica(world: &World, name: &str, more: &[(&str, &str)]) -> Controller {
    let own = [("STEPGATE_LEADER_ELECTION_IDENTITY", name), ("AWS_SDK_UA_APP_ID", name)];
    world.starting_controller(&[own.as_slice(), more].concat())
}

/// `a`, which leads, and `b`, which stands by.
async fn pair(world: &World, more: &[(&str, &str)]) -> (Controller, Controller) {
    let a = replica(world, "a", more);
    a.until_ready_with("leader").await;
    let b = replica(world, "b", &[]);
    b.until_ready_with("standby, a leads").await;
    (a, b)
}

async fn lease(world: &World) -> LeaseSpec {
    let lease = world.kube.api::<Lease>().get(&world.kube.release).await.expect("the Lease");
    lease.spec.expect("its spec")
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(at.as_microsecond()).expect("after 1970"))
}

/// Waits until that replica holds the Lease.
async fn held_by(world: &World, name: &str) -> LeaseSpec {
    eventually(&format!("the Lease held by {name}"), || async {
        let lease = lease(world).await;
        if lease.holder_identity.as_deref() == Some(name) { Ok(lease) } else { Err(format!("{lease:?}")) }
    })
    .await
}

async fn serves(world: &World, path: &str) {
    world.kube.apply_spec("api", &spec(world, path)).await.expect("the object applies");
    let url = world.kube.wait_ready("api").await.status.expect("a status").endpoints[0].url.clone();
    assert!(url.ends_with(path), "{url}");
    Answer::until(200, || post(&url, "application/json", "{}")).await;
}

/// The writes of one replica.
async fn writes_of(world: &World, name: &str) -> Vec<Noted> {
    let mut writes = world.aws.noted_writes().await;
    writes.retain(|write| write.app == name);
    writes
}

/// Applies an object whose calls are slow, and waits until that replica has begun to write for it.
async fn begin_slowly(world: &World, name: &str, delay_ms: u32) {
    world.aws.order_fault(json!({"delay_ms": delay_ms, "count": -1})).await;
    world.kube.apply_spec("api", &spec(world, "/run")).await.expect("the object applies");
    eventually("the first write", || async {
        let writes = writes_of(world, name).await;
        if writes.is_empty() { Err("none".to_owned()) } else { Ok(()) }
    })
    .await;
}

/// Nothing was made twice.
async fn one_of_each(world: &World) {
    let (apis, roles): (Vec<_>, Vec<_>) =
        world.aws.leftovers(REGION).await.into_iter().partition(|name| name.starts_with("api "));
    assert_eq!((apis.len(), roles.len()), (1, 1), "{apis:?} {roles:?}");
}

async fn until_dropped(controller: &Controller) {
    eventually("a pass that was dropped", || {
        let lines = controller.log_lines("leadership was lost");
        std::future::ready(if lines.is_empty() { Err(controller.log()) } else { Ok(()) })
    })
    .await;
}

async fn gauge(controller: &Controller) -> bool {
    let metrics = controller.metrics().await;
    assert!(metrics.contains("stepgate_leader "), "{metrics}");
    metrics.contains("stepgate_leader 1\n")
}

#[tokio::test]
async fn killed_leader_is_followed_within_the_limit_ten_times() {
    // Side by side, each killed at another moment between two renewals.
    let fail_over = async |n: u32| {
        let world = world("leader-kill").await;
        let (a, b) = pair(&world, &[]).await;
        assert!(gauge(&a).await && !gauge(&b).await);
        tokio::time::sleep(Duration::from_millis(u64::from(n) * 200)).await;
        let killed = SystemTime::now();
        a.kill();
        world.kube.apply_spec("api", &spec(&world, "/run")).await.expect("the object applies");
        let taken = system_time(held_by(&world, "b").await.acquire_time.expect("a time").0);
        world.kube.wait_ready("api").await;
        assert!(gauge(&b).await);
        assert!(writes_of(&world, "a").await.is_empty());
        let first = writes_of(&world, "b").await.into_iter().map(|write| write.at).min().expect("a write");
        let since = |at: SystemTime| at.duration_since(killed).expect("after the kill");
        (since(taken), since(first))
    };
    let times = join_all((0..10).map(fail_over)).await;
    println!("seconds from the kill to the next leader, and to its first write of an object applied meanwhile:");
    for (taken, first) in &times {
        println!("{:.1} {:.1}", taken.as_secs_f64(), first.as_secs_f64());
    }
    let taken: Vec<Duration> = times.into_iter().map(|(taken, _)| taken).collect();
    assert!(taken.iter().all(|taken| *taken > Duration::from_secs(10) && *taken < LIMIT), "{taken:?}");
}

#[tokio::test]
async fn three_replicas_have_one_leader_and_only_it_writes() {
    let world = world("leader-three").await;
    let mut replicas: Vec<(&str, Controller)> =
        ["a", "b", "c"].into_iter().map(|name| (name, replica(&world, name, &[]))).collect();
    for (turn, path) in ["/one", "/two", "/three"].into_iter().enumerate() {
        let name = eventually("one leader", || async {
            let mut leaders = Vec::new();
            for (name, controller) in &replicas {
                controller.until_ready().await;
                leaders.extend(gauge(controller).await.then_some(*name));
            }
            if let [name] = leaders[..] { Ok(name) } else { Err(format!("{leaders:?}")) }
        })
        .await;
        assert_eq!(held_by(&world, name).await.lease_transitions, Some(i32::try_from(turn).expect("a few")));
        world.aws.forget_calls().await;
        serves(&world, path).await;
        let writes = world.aws.noted_writes().await;
        let others: Vec<_> = writes.iter().filter(|write| !["", name].contains(&write.app.as_str())).collect();
        assert!(others.is_empty() && writes.len() > others.len(), "{name} leads: {writes:?}");
        let (at, metrics) =
            (replicas.iter().position(|(other, _)| *other == name).expect("it"), "stepgate_objects 1\n");
        let (_, leader) = replicas.remove(at);
        assert!(leader.metrics().await.contains(metrics));
        for (_, standby) in &replicas {
            assert!(!standby.metrics().await.contains(metrics), "a standby counts no objects");
        }
        if turn == 0 { leader.kill() } else { assert!(leader.terminate().await.success()) }
    }
    one_of_each(&world).await;
}

#[tokio::test]
async fn stopped_leader_ends_its_pass_and_hands_over_at_once() {
    let world = world("leader-stop").await;
    let (a, b) = pair(&world, &[]).await;
    begin_slowly(&world, "a", 1000).await;
    assert!(a.terminate().await.success());
    let start = Instant::now();
    held_by(&world, "b").await;
    let took = start.elapsed();
    println!("from the end of the old leader to the next: {took:.1?}");
    assert!(took < Duration::from_secs(4), "{took:?}");
    world.aws.no_faults().await;
    world.kube.wait_ready("api").await;
    b.until_ready_with("leader").await;
    assert!(writes_of(&world, "b").await.is_empty(), "the old leader had ended its pass");
    serves(&world, "/go").await;
    assert!(!writes_of(&world, "b").await.is_empty());
    one_of_each(&world).await;
}

#[tokio::test]
async fn leader_cut_off_from_kubernetes_stops_writing_to_aws_before_another_begins() {
    let server = Config::infer().await.expect("a configuration").cluster_url.authority().expect("a host").to_string();
    let cut_off = async |silently: bool| {
        let world = world("leader-cut").await;
        let mut proxy = Proxy::cut_off(&server);
        proxy.restore().await;
        let through = world.kube.kubeconfig_through(&proxy.address()).display().to_string();
        let (a, b) = pair(&world, &[("KUBECONFIG", &through)]).await;
        // Six writes: more than fit into what is left of the term.
        begin_slowly(&world, "a", 2000).await;
        if silently {
            proxy.silence()
        } else {
            proxy.refuse().await
        }
        let cut = SystemTime::now();
        let renewed = system_time(lease(&world).await.renew_time.expect("a time").0);
        let taken = system_time(held_by(&world, "b").await.acquire_time.expect("a time").0);
        world.aws.no_faults().await;
        until_dropped(&a).await;
        assert!(!gauge(&a).await);
        world.kube.wait_ready("api").await;

        let (old, new) = (writes_of(&world, "a").await, writes_of(&world, "b").await);
        let last = old.iter().map(|write| write.at).max().expect("a write");
        let after_cut = old.iter().filter(|write| write.at > cut).count();
        let since = |at: SystemTime| at.duration_since(renewed).expect("later").as_secs_f64();
        println!(
            "silently: {silently}; after the last renewal: cut {:.1} s, last of {after_cut} writes {:.1} s, taken over {:.1} s",
            since(cut),
            since(last),
            since(taken)
        );
        assert!(after_cut > 0, "it did write while it was cut off: {old:?}");
        assert!(last < taken, "{old:?}");
        assert!(!new.is_empty() && new.iter().all(|write| write.at > taken), "{new:?}");
        assert!(taken.duration_since(cut).expect("later") < LIMIT);
        one_of_each(&world).await;

        // It stands by from then on, and leads again when it has to.
        proxy.restore().await;
        a.until_ready_with("standby, b leads").await;
        assert!(b.terminate().await.success());
        held_by(&world, "a").await;
        serves(&world, "/go").await;
    };
    futures::join!(cut_off(false), cut_off(true));
}

#[tokio::test]
async fn leader_that_was_frozen_writes_nothing_when_it_wakes() {
    let world = world("leader-freeze").await;
    let (a, _b) = pair(&world, &[]).await;
    begin_slowly(&world, "a", 3000).await;
    a.signal("STOP");
    held_by(&world, "b").await;
    world.aws.no_faults().await;
    world.kube.wait_ready("api").await;
    let before = writes_of(&world, "a").await.len();
    // The answer of its last call waits for it, and the rest of its plan.
    a.signal("CONT");
    until_dropped(&a).await;
    a.until_ready_with("standby, b leads").await;
    assert_eq!(writes_of(&world, "a").await.len(), before);
    assert!(!writes_of(&world, "b").await.is_empty());
    one_of_each(&world).await;
    serves(&world, "/go").await;
    assert_eq!(writes_of(&world, "a").await.len(), before);
}

#[tokio::test]
async fn container_that_is_started_again_need_not_wait_for_its_own_lease() {
    let world = world("leader-again").await;
    let a = replica(&world, "a", &[]);
    a.until_ready_with("leader").await;
    a.kill();
    let start = Instant::now();
    replica(&world, "a", &[]).until_ready_with("leader").await;
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(lease(&world).await.lease_transitions, Some(0));
}

#[tokio::test]
async fn processes_of_one_host_differ_without_being_named() {
    let world = world("leader-names").await;
    let unnamed = [("STEPGATE_LEADER_ELECTION_IDENTITY", ""), ("HOSTNAME", "host")];
    let first = world.controller_with(&unnamed).await;
    let second = world.controller_with(&unnamed).await;
    second.until_ready_with("standby, host_").await;
    assert!(gauge(&first).await && !gauge(&second).await);
}

#[tokio::test]
async fn without_election_there_is_no_lease_and_the_process_works_at_once() {
    let world = world("leader-none").await;
    let controller = world.controller_with(&[("STEPGATE_NO_LEADER_ELECTION", "true")]).await;
    controller.until_ready_with("without leader election").await;
    serves(&world, "/run").await;
    assert!(gauge(&controller).await);
    assert_eq!(world.kube.api::<Lease>().get_opt(&world.kube.release).await.expect("an answer"), None);
}
