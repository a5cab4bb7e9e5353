//! The chart, installed as a user does it. The bed's pod runner runs its Pods as processes of the binary just built.

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt};

use crate::world::{Answer, CHART, CRD_NAMESPACE, MachineKind, World, env, eventually, post, run};

async fn helm(world: &World, release: &str, command: &str, more: &[&str]) -> String {
    let namespace = world.kube.namespace.as_str();
    let endpoint = format!("aws.endpointUrl={}", env("AWS_ENDPOINT_URL"));
    let watch = format!("watchNamespace={namespace}");
    let invoke = format!("aws.invokeUrl={}", env("STEPGATE_INVOKE_URL"));
    let values = ["--set", "crds.enabled=false,aws.credentialsSecret=aws", "--set", &endpoint, "--set", &watch];
    let values = [values.as_slice(), &["--set-literal", &invoke]].concat();
    let wait = ["-n", namespace, "--wait", "--timeout", "60s"];
    run("helm", &[&[command, release, CHART], wait.as_slice(), &values, more].concat(), "")
        .await
        .expect("helm succeeds")
}

async fn pods(world: &World, release: &str) -> Vec<Pod> {
    let api: Api<Pod> = world.kube.api();
    api.list(&ListParams::default().labels(&format!("app.kubernetes.io/instance={release}"))).await.expect("pods").items
}

fn restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    statuses.map(|container| container.restart_count).sum()
}

#[tokio::test]
async fn chart_installed_upgraded_and_uninstalled_keeps_serving_its_objects() {
    let world = World::new("helm").await;
    let machine = world.aws.machine("us-east-1", "Hello", MachineKind::Standard).await;
    let keys =
        [&format!("--from-literal=AWS_ACCESS_KEY_ID={}", world.aws.id), "--from-literal=AWS_SECRET_ACCESS_KEY=test"];
    world.kube.kubectl(&["create", "secret", "generic", "aws", keys[0], keys[1]]).await.expect("a secret");

    helm(&world, "chart", "install", &[]).await;
    let spec = format!(
        "region: us-east-1\nstateMachines: [{{name: hello, arn: '{machine}'}}]\nmethods: [{{path: /run, method: POST, \
         action: StartExecution, stateMachine: hello, authorization: {{type: None}}}}]\nstages: [{{name: a}}]"
    );
    world.kube.apply_spec("api", &spec).await.expect("the object applies");
    let object = world.kube.wait_ready("api").await;
    let url = object.status.expect("a status").endpoints[0].url.clone();
    Answer::until(200, || post(&url, "application/json", "{}")).await;

    // An upgrade after a reconcile meets nobody else's fields, and replaces the Pod.
    let before = pods(&world, "chart").await[0].name_any();
    helm(&world, "chart", "upgrade", &["--set", "logLevel=debug,checkInterval=1m"]).await;
    eventually("the new Pod alone", || async {
        let names: Vec<String> = pods(&world, "chart").await.iter().map(ResourceExt::name_any).collect();
        if names.len() == 1 && names[0] != before { Ok(()) } else { Err(format!("{names:?}")) }
    })
    .await;

    // A Pod that dies comes back and goes on.
    let pod = pods(&world, "chart").await.remove(0);
    let api: Api<Pod> = world.kube.api();
    api.delete(&pod.name_any(), &DeleteParams::default().grace_period(0)).await.expect("the Pod is killed");
    eventually("a new ready Pod", || async {
        let found = pods(&world, "chart").await;
        let ready = |pod: &Pod| {
            let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
            conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
        };
        let other = found.iter().find(|found| found.name_any() != pod.name_any() && ready(found));
        other.map(|pod| assert_eq!(restarts(pod), 0)).ok_or_else(|| format!("{} pods", found.len()))
    })
    .await;
    world.kube.apply_spec("api", &spec.replace("/run", "/go")).await.expect("the object applies");
    let url = world.kube.wait_ready("api").await.status.expect("a status").endpoints[0].url.clone();
    assert!(url.ends_with("/go"), "{url}");
    Answer::until(200, || post(&url, "application/json", "{}")).await;

    world.kube.delete("api").await;
    assert_eq!(world.aws.leftovers("us-east-1").await, Vec::<String>::new());
    run("helm", &["uninstall", "chart", "-n", &world.kube.namespace, "--wait"], "").await.expect("helm succeeds");
    eventually("the end of the Pods", || async {
        let left = pods(&world, "chart").await.len();
        if left == 0 { Ok(()) } else { Err(format!("{left} pods")) }
    })
    .await;
}

#[tokio::test]
async fn chart_with_two_replicas_has_another_leader_when_one_stops() {
    let world = World::new("helm-two").await;
    let keys =
        [&format!("--from-literal=AWS_ACCESS_KEY_ID={}", world.aws.id), "--from-literal=AWS_SECRET_ACCESS_KEY=test"];
    world.kube.kubectl(&["create", "secret", "generic", "aws", keys[0], keys[1]]).await.expect("a secret");
    helm(&world, "two", "install", &["--set", "replicas=2"]).await;
    let leases: Api<Lease> = world.kube.api();
    let leader = || async {
        let lease = leases.get("two-stepgate").await.expect("the Lease, named as the release");
        lease.spec.and_then(|spec| spec.holder_identity).unwrap_or_default()
    };
    let (first, all) = (leader().await, pods(&world, "two").await);
    assert!(all.len() == 2 && all.iter().any(|pod| pod.name_any() == first), "{first} of {} Pods", all.len());
    let api: Api<Pod> = world.kube.api();
    api.delete(&first, &DeleteParams::default()).await.expect("the leader is told to stop");
    // The standby, or the Pod that comes in place of the leader.
    eventually("another leader", || async {
        let now = leader().await;
        if ["", first.as_str()].contains(&now.as_str()) { Err(now) } else { Ok(()) }
    })
    .await;
    run("helm", &["uninstall", "two", "-n", &world.kube.namespace, "--wait"], "").await.expect("helm succeeds");
}

#[tokio::test]
async fn crd_of_the_chart_survives_uninstall_and_is_taken_over_by_the_next_install() {
    let world = World::new("helm-crd").await;
    let namespace = ["-n", CRD_NAMESPACE];
    run("helm", &[&["uninstall", "crds"], namespace.as_slice()].concat(), "").await.expect("helm succeeds");
    world.kube.kubectl(&["get", "crd", "stepfunctionsapis.stepgate.dev"]).await.expect("the CRD is still there");
    let install = ["install", "crds", CHART, "--set", "replicas=0"];
    run("helm", &[install.as_slice(), &namespace].concat(), "").await.expect("helm succeeds");
}
