//! Permissions in Kubernetes: the chart grants what the controller uses, and nothing else.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::{Value, json};

use crate::references;
use crate::samples::{REGION, started_at as spec};
use crate::world::{Answer, CHART, MachineKind, World, eventually, post, run};

fn forbidden(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.to_lowercase().contains("forbidden")).collect()
}

/// Denied by AWS, healed, and denied again: the same event twice.
async fn same_trouble_twice(world: &World) {
    for turn in ["first", "second"] {
        let fault = json!({"service": "iam", "operation": "GetRole", "code": "AccessDenied", "status": 403});
        world.aws.order_fault(fault).await;
        world.kube.check_now("api", turn).await;
        world.kube.check_now("api", &format!("{turn} healed")).await;
    }
}

#[tokio::test]
async fn life_under_the_charts_permissions_meets_no_refusal() {
    let world = World::new("rbac").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let controller = world.controller().await;
    world.kube.apply_spec("api", &connected(&world, "/run", "out").await).await.expect("the object applies");
    world.kube.wait_ready("api").await;
    world.kube.apply_spec("api", &connected(&world, "/go", "new").await).await.expect("the object applies");
    world.kube.wait_ready("api").await;
    same_trouble_twice(&world).await;
    world.kube.delete("api").await;
    let log = controller.log();
    assert_eq!(forbidden(&log), Vec::<&str>::new());
    assert_eq!(controller.log_lines("event not published"), Vec::<String>::new());
    let series = world.kube.kubectl(&["get", "events.events.k8s.io", "-o", "jsonpath={.items[*].series.count}"]).await;
    assert_eq!(series.as_deref(), Ok("2"), "the second time is counted on the event of the first");
}

/// The spec with a stage variable from a ConfigMap, which is there, and with outputs.
async fn connected(world: &World, path: &str, outputs: &str) -> String {
    let env = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: env}\ndata: {colour: red}";
    world.kube.apply(env).await.expect("a ConfigMap");
    let from = "{name: a, variablesFrom: {colour: {configMapKeyRef: {name: env, key: colour}}}}";
    format!("{}\noutputs: {{configMap: {outputs}}}", spec(world, path).replace("{name: a}", from))
}

/// A verb that the chart grants the controller.
#[derive(Debug)]
struct Grant {
    kind: &'static str,
    /// What the role's name has after the release's.
    suffix: String,
    rule: usize,
    resource: String,
    verb: String,
}

/// What the chart grants.
async fn grants(world: &World) -> Vec<Grant> {
    let names = world.kube.kubectl(&["get", "role", "-o", "jsonpath={.items[*].metadata.name}"]).await.expect("roles");
    let roles = names.split(' ').map(|name| ("role", name.to_owned()));
    let mut grants = Vec::new();
    for (kind, name) in roles.chain([("clusterrole", world.kube.release.clone())]) {
        let role = role(world, kind, &name).await;
        let suffix = name.trim_start_matches(&world.kube.release);
        for (rule, content) in role["rules"].as_array().expect("rules").iter().enumerate() {
            for resource in texts(&content["resources"]) {
                for verb in texts(&content["verbs"]) {
                    grants.push(Grant { kind, suffix: suffix.to_owned(), rule, resource: resource.clone(), verb });
                }
            }
        }
    }
    grants
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn role(world: &World, kind: &str, name: &str) -> Value {
    let text = world.kube.kubectl(&["get", kind, name, "-o", "json"]).await.expect("the role");
    serde_json::from_str(&text).expect("JSON")
}

/// Takes a verb away and waits until the API server knows.
async fn take_away(world: &World, grant: &Grant) {
    let name = format!("{}{}", world.kube.release, grant.suffix);
    let mut role = role(world, grant.kind, &name).await;
    let verbs = role["rules"][grant.rule]["verbs"].as_array_mut().expect("verbs");
    verbs.retain(|verb| *verb != grant.verb);
    if verbs.is_empty() {
        role["rules"].as_array_mut().expect("rules").remove(grant.rule);
    }
    role["metadata"] = json!({"name": role["metadata"]["name"], "namespace": role["metadata"]["namespace"]});
    run("kubectl", &["replace", "-f", "-"], &role.to_string()).await.expect("the role is changed");
    let account = format!("--as=system:serviceaccount:{}:{}", world.kube.namespace, world.kube.release);
    let resource = match grant.resource.split_once('/') {
        Some((resource, part)) => vec![resource.to_owned(), format!("--subresource={part}")],
        None if grant.resource == "statemachines" => vec![format!("statemachines.{}", references::ACK[0])],
        None if grant.resource == "events" => vec!["events.events.k8s.io".to_owned()],
        None if grant.resource == "leases" && grant.verb != "create" => vec![format!("leases/{}", world.kube.release)],
        None if grant.resource == "namespaces" => vec!["namespaces/kube-system".to_owned()],
        None => vec![grant.resource.clone()],
    };
    eventually("the permission to be gone", || async {
        let ask: Vec<&str> =
            ["auth", "can-i", &account, &grant.verb].into_iter().chain(resource.iter().map(String::as_str)).collect();
        match world.kube.kubectl(&ask).await {
            Ok(yes) => Err(yes),
            Err(_) => Ok(()),
        }
    })
    .await;
}

/// What a controller that lacks the grant says, in its log or its readiness.
async fn complaint(grant: &Grant) -> Result<(), String> {
    const KEYS: &str =
        "\nusagePlans: [{name: p, stages: [{name: a}], apiKeys: [{name: k, secret: {name: s, key: k}}]}]";
    let world = World::new("rbac-less").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    take_away(&world, grant).await;
    let controller = world.starting_controller(&[]);
    if (grant.resource.as_str(), grant.verb.as_str()) == ("secrets", "patch") {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {other: x}";
        world.kube.apply(secret).await.expect("a Secret that has to be added to");
    }
    let applied = match grant.resource.as_str() {
        "configmaps" => connected(&world, "/run", "out").await,
        "statemachines" => {
            references::install(references::ACK).await;
            references::referring(references::ACK[0], "hello")
        }
        "secrets" => spec(&world, "/run") + KEYS,
        "stepfunctionsapiclasses" => spec(&world, "/run") + "\nclassName: none",
        _ => spec(&world, "/run"),
    };
    world.kube.apply_spec("api", &applied).await.expect("the object applies");
    let words = match (grant.resource.as_str(), grant.verb.as_str()) {
        ("namespaces", "get") => {
            let log = controller.ends_by_itself().await;
            return if log.contains("give --owner-id instead") && log.contains("forbidden") {
                Ok(())
            } else {
                Err(log)
            };
        }
        ("stepfunctionsapis", "list" | "watch") => {
            controller.until_not_ready("forbidden").await;
            "failed to watch StepFunctionsApi objects"
        }
        ("leases", "get" | "create") => {
            controller.until_not_ready("forbidden").await;
            "failed to take the Lease"
        }
        ("leases", "update") => {
            controller.until_not_ready("forbidden").await;
            "failed to renew the Lease"
        }
        ("stepfunctionsapis", "get") => "failed to read the object",
        ("stepfunctionsapis", "patch") => "failed to write the finalizer",
        ("stepfunctionsapis/status", "patch") => "failed to write the status",
        ("configmaps" | "secrets" | "statemachines" | "stepfunctionsapiclasses", "get") => "cannot be read: ",
        ("configmaps" | "secrets" | "statemachines" | "stepfunctionsapiclasses", "list" | "watch") => {
            "failed to watch what objects refer to"
        }
        ("configmaps", "create" | "patch") => "spec.outputs.configMap: ",
        ("configmaps", "delete") => {
            world.kube.wait_ready("api").await;
            world.kube.apply_spec("api", &spec(&world, "/run")).await.expect("the object applies");
            "spec.outputs.configMap: "
        }
        ("secrets", "create" | "patch") => "failed to write the API key into Secret s",
        ("events", "create") => "event not published",
        ("events", "patch") => {
            world.kube.wait_ready("api").await;
            same_trouble_twice(&world).await;
            "event not published"
        }
        _ => return Err("a new grant: say here what fails without it".to_owned()),
    };
    eventually(&format!("{words:?} for {grant:?}"), || {
        let lines = controller.log_lines(words);
        let told = lines.iter().any(|line| line.contains("forbidden"));
        std::future::ready(if told { Ok(()) } else { Err(format!("{lines:?}")) })
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn each_permission_of_the_chart_is_needed_and_missed_by_name() {
    let world = World::new("rbac-all").await;
    let grants = grants(&world).await;
    assert_eq!(grants.len(), 28, "{grants:?}");
    let complaints = futures::stream::iter(&grants).map(async |grant| (grant, complaint(grant).await));
    let wrong: Vec<_> =
        complaints.buffer_unordered(3).filter(|(_, told)| std::future::ready(told.is_err())).collect().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn controller_that_may_not_list_says_so_and_does_not_hammer() {
    let world = World::new("rbac-list").await;
    let grants = grants(&world).await;
    let list = grants.iter().find(|grant| grant.verb == "list").expect("a grant to list");
    take_away(&world, list).await;
    let mut controller = world.starting_controller(&[("STEPGATE_LOG", "info,kube_client=debug")]);
    let said = controller.until_not_ready("failed to watch StepFunctionsApi objects").await;
    assert!(said.contains("forbidden") && said.contains("cannot list resource"), "{said}");
    let start = Instant::now();
    let requests = || controller.log_lines("requesting").len();
    let before = requests();
    eventually("three more requests", || {
        let more = requests() - before;
        std::future::ready(if more >= 3 { Ok(()) } else { Err(format!("{more}")) })
    })
    .await;
    assert!(start.elapsed() > Duration::from_secs(1), "three requests in {:?}", start.elapsed());
    assert_eq!(controller.log_lines("watch interrupted").len(), 1);
    assert!(controller.is_running());
}

/// A cluster for one test: a controller of all namespaces would meddle with those of other tests.
struct Cluster {
    state: PathBuf,
    kubeconfig: String,
}

const BED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testbed/bed");

impl Cluster {
    fn bed(state: &Path) -> std::process::Command {
        let mut bed = std::process::Command::new(BED);
        bed.env("STEPGATE_BED_DIR", state).env("STEPGATE_BED_OWN", "aws").env_remove("STEPGATE_BED_AWS_ENDPOINT_URL");
        bed
    }

    async fn new(directory: &Path) -> Self {
        let state = directory.join("bed");
        let path = state.clone();
        let up = tokio::task::spawn_blocking(move || Self::bed(&path).arg("up").output()).await.expect("a thread");
        let up = up.expect("the bed runs");
        assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
        let kubeconfig = state.join("kubeconfig").display().to_string();
        Self { state, kubeconfig }
    }

    async fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let all = [&["--kubeconfig", self.kubeconfig.as_str()], arguments].concat();
        run("kubectl", &all, input).await.unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Self::bed(&self.state).arg("down").output();
    }
}

#[tokio::test]
async fn cluster_wide_chart_serves_objects_of_two_namespaces() {
    let world = World::new("rbac-wide").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let cluster = Cluster::new(&world.directory).await;
    for namespace in ["stepgate", "team-a", "team-b"] {
        cluster.kubectl(&["create", "namespace", namespace], "").await;
    }
    let chart = run("helm", &["template", "wide", CHART, "-n", "stepgate", "--set", "replicas=0"], "").await;
    cluster.kubectl(&["apply", "--server-side", "-n", "stepgate", "-f", "-"], &chart.expect("the chart renders")).await;
    let roles =
        cluster.kubectl(&["get", "roles", "-A", "-l", "app.kubernetes.io/instance=wide", "-o", "name"], "").await;
    assert_eq!(roles.trim(), "role.rbac.authorization.k8s.io/wide-stepgate-leader", "one ClusterRole does the rest");
    let account = cluster
        .kubectl(
            &[
                "get",
                "deployment",
                "-n",
                "stepgate",
                "-o",
                "jsonpath={.items[0].spec.template.spec.serviceAccountName}",
            ],
            "",
        )
        .await;
    let token = cluster.kubectl(&["create", "token", &account, "-n", "stepgate"], "").await;
    let config = cluster.kubectl(&["config", "view", "--raw", "-o", "json"], "").await;
    let mut config: Value = serde_json::from_str(&config).expect("JSON");
    config["users"][0]["user"] = json!({"token": token.trim()});
    let path = world.directory.join("wide").display().to_string();
    std::fs::write(&path, config.to_string()).expect("a kubeconfig");
    let namespace = ("STEPGATE_LEADER_ELECTION_NAMESPACE", "stepgate");
    let id = ("STEPGATE_LEADER_ELECTION_ID", account.as_str());
    let controller = world.controller_with(&[("KUBECONFIG", &path), ("STEPGATE_NAMESPACE", ""), namespace, id]).await;
    for namespace in ["team-a", "team-b"] {
        let spec: String = spec(&world, &format!("/{namespace}")).lines().map(|line| format!("  {line}\n")).collect();
        let head = "apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata: {name: api}";
        cluster.kubectl(&["apply", "-n", namespace, "-f", "-"], &format!("{head}\nspec:\n{spec}")).await;
    }
    for namespace in ["team-a", "team-b"] {
        let ready = ["wait", "sfnapi/api", "-n", namespace, "--for=condition=Ready", "--timeout=30s"];
        cluster.kubectl(&ready, "").await;
        let url = ["get", "sfnapi/api", "-n", namespace, "-o", "jsonpath={.status.endpoints[0].url}"];
        let url = cluster.kubectl(&url, "").await;
        assert!(url.ends_with(namespace), "{url}");
        Answer::until(200, || post(&url, "application/json", "{}")).await;
        cluster.kubectl(&["delete", "namespace", namespace, "--timeout=30s"], "").await;
    }
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
    // Events of a namespace that is going away are refused to everybody; that is no lack of permission.
    let log = controller.log();
    let refused = forbidden(&log).into_iter().filter(|line| !line.contains("being terminated")).collect::<Vec<_>>();
    assert_eq!(refused, Vec::<&str>::new());
}
