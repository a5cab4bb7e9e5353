//! Values from ConfigMaps and StateMachine objects: filled in, followed when they change, waited for, and refused.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::samples::REGION;
use crate::world::{Answer, MachineKind, World, condition, eventually, post, run};

const JSON: &str = "application/json";

/// A role that API Gateway may use for everything in Step Functions.
pub async fn role(world: &World, name: &str) {
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let trust =
        json!({"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"});
    let allow = json!({"Effect": "Allow", "Action": "states:*", "Resource": "*"});
    let iam = world.aws.iam();
    iam.create_role().role_name(name).assume_role_policy_document(document(trust)).send().await.expect("a role");
    let policy = iam.put_role_policy().role_name(name).policy_name("p").policy_document(document(allow));
    policy.send().await.expect("a policy");
}

pub async fn set(world: &World, name: &str, key: &str, value: Option<&str>) {
    let api: Api<ConfigMap> = world.kube.api();
    let patch = Patch::Merge(json!({"data": {key: value}}));
    api.patch(name, &PatchParams::default(), &patch).await.expect("the ConfigMap is changed");
}

/// The machine whose execution a call starts, once it is that one.
pub async fn starts(url: &str, machine: &str) {
    eventually(&format!("an execution of {machine}"), || async {
        let answer = Answer::of(post(url, JSON, r#"{"it's": 7}"#)).await;
        let started = answer.body.contains(&format!(":execution:{machine}:"));
        if answer.status == 200 && started { Ok(()) } else { Err(format!("{answer:?}")) }
    })
    .await;
}

pub fn url(object: &stepgate::api::StepFunctionsApi, path: &str) -> String {
    let status = object.status.as_ref().expect("a status");
    status.endpoints.iter().find(|endpoint| endpoint.url.ends_with(path)).expect("an endpoint").url.clone()
}

pub fn message(object: &stepgate::api::StepFunctionsApi) -> String {
    condition(object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default()
}

/// Not stalled: the spec may be right.
pub fn waits(object: &stepgate::api::StepFunctionsApi) {
    let is = |kind: &str| condition(object, kind).map(|condition| condition.status.clone()).unwrap_or_default();
    assert_eq!([is("Reconciling"), is("Stalled")], ["True", "False"]);
}

const SPEC: &str = "region: us-east-1
stateMachines: [{name: hello, arnFrom: {configMapKeyRef: {name: env, key: machine}}}]
methods: [{path: /run, method: POST, action: StartExecution, stateMachine: hello, authorization: {type: None}}]
stages: [{name: a, variablesFrom: {colour: {configMapKeyRef: {name: env, key: colour}}}}]";

#[tokio::test]
async fn what_is_missing_is_named_and_waited_for_and_what_is_wrong_is_not_applied() {
    let world = World::new("references").await;
    let machine = world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    for name in ["api", "too"] {
        world.kube.apply_spec(name, SPEC).await.expect("the spec applies");
    }
    let object = world.kube.wait("api", "False", "ReferenceMissing").await;
    waits(&object);
    let says = ["spec.stateMachines[hello].arnFrom", "spec.stages[a].variablesFrom.colour"];
    for field in says {
        assert!(message(&object).contains(&format!("{field}: ConfigMap env does not exist")), "{}", message(&object));
    }
    let said = |words: &'static str| {
        let world = &world;
        eventually(words, move || async move {
            let told = message(&world.kube.get("api").await);
            if told.contains(words) { Ok(()) } else { Err(told) }
        })
    };
    world
        .kube
        .kubectl(&["create", "configmap", "env", &format!("--from-literal=machine={machine}")])
        .await
        .expect("one");
    said("spec.stages[a].variablesFrom.colour: ConfigMap env has no key colour; it has machine").await;
    assert_eq!(world.aws.writes().await.len(), 1, "the test's own");
    set(&world, "env", "colour", Some("red")).await;
    world.kube.wait_ready("too").await;
    let object = world.kube.wait_ready("api").await;
    let run = url(&object, "/run");
    starts(&run, "Hello").await;

    // Refused by a CEL rule, by render alone, by the emulator's state; each heals by the ConfigMap alone.
    world.aws.forget_calls().await;
    let east_2 = world.aws.machine_arn("us-east-2", "Hello");
    let cases = [
        ("colour", "r e d", "spec.stages[a].variablesFrom.colour: a stage variable has letters"),
        ("machine", east_2.as_str(), "spec.stateMachines[hello].arnFrom: is in us-east-2"),
    ];
    for (key, value, says) in cases {
        let good = if key == "colour" { "red" } else { machine.as_str() };
        set(&world, "env", key, Some(value)).await;
        world.kube.wait("too", "False", "ReferenceInvalid").await;
        let object = world.kube.wait("api", "False", "ReferenceInvalid").await;
        waits(&object);
        assert!(message(&object).contains(says), "{}", message(&object));
        assert_eq!(condition(&object, "Accepted").map(|accepted| accepted.status.as_str()), Some("False"));
        assert_eq!(Answer::of(post(&run, JSON, "{}")).await.status, 200);
        set(&world, "env", key, Some(good)).await;
        world.kube.wait_ready("too").await;
        world.kube.wait_ready("api").await;
    }
    // It is deleted while it serves, and comes back.
    world.kube.kubectl(&["delete", "configmap", "env"]).await.expect("it is deleted");
    world.kube.wait("api", "False", "ReferenceMissing").await;
    assert_eq!(Answer::of(post(&run, JSON, "{}")).await.status, 200);
    let literals = [format!("--from-literal=machine={machine}"), "--from-literal=colour=red".to_owned()];
    world.kube.kubectl(&["create", "configmap", "env", &literals[0], &literals[1]]).await.expect("one");
    world.kube.wait_ready("api").await;
    assert_eq!(world.aws.writes().await, []);

    // What the values do not bear on stalls as ever.
    world
        .kube
        .apply_spec("api", &SPEC.replace("None}}", "None}, arguments: {nam: {query: a}}}"))
        .await
        .expect("applies");
    world.kube.wait("api", "False", "Invalid").await;

    world.kube.kubectl(&["delete", "configmap", "env"]).await.expect("it is deleted");
    for name in ["api", "too"] {
        world.kube.delete(name).await;
    }
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

/// A CRD with the names of a real provider's, and no more of its schema than is looked at.
fn crd(group: &str, version: &str, scope: &str) -> String {
    let free = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let schema = json!({"type": "object", "properties": {"spec": free, "status": free}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("statemachines.{group}")},
        "spec": {
            "group": group,
            "names": {"kind": "StateMachine", "listKind": "StateMachineList", "plural": "statemachines", "singular": "statemachine"},
            "scope": scope,
            "versions": [{"name": version, "served": true, "storage": true, "subresources": {"status": {}},
                          "schema": {"openAPIV3Schema": schema}}],
        },
    })
    .to_string()
}

pub const ACK: [&str; 3] = ["sfn.services.k8s.aws", "v1alpha1", "Namespaced"];
const CROSSPLANE: [&str; 3] = ["sfn.aws.m.upbound.io", "v1beta1", "Namespaced"];
const CROSSPLANE_CLUSTER: [&str; 3] = ["sfn.aws.upbound.io", "v1beta1", "Cluster"];

pub async fn install([group, version, scope]: [&str; 3]) {
    run("kubectl", &["apply", "--server-side", "-f", "-"], &crd(group, version, scope)).await.expect("the CRD applies");
    let wait = ["wait", "--for=condition=Established", &format!("crd/statemachines.{group}")];
    run("kubectl", &wait, "").await.expect("the CRD is established");
}

/// Writes a status as the provider does when the machine exists.
async fn exists(world: &World, group: &str, name: &str, status: Value) {
    let patch = json!({"status": status}).to_string();
    let resource = format!("statemachines.{group}");
    let arguments = ["patch", &resource, name, "--subresource=status", "--type=merge", "-p", &patch];
    world.kube.kubectl(&arguments).await.expect("the status is written");
}

pub fn referring(group: &str, name: &str) -> String {
    let reference = format!("ref: {{apiGroup: {group}, name: {name}}}");
    let spec = SPEC.replace("arnFrom: {configMapKeyRef: {name: env, key: machine}}", &reference);
    spec.replace(", variablesFrom: {colour: {configMapKeyRef: {name: env, key: colour}}}", "")
}

#[tokio::test]
async fn state_machine_of_ack_is_waited_for_and_followed() {
    install(ACK).await;
    let world = World::new("ack").await;
    for machine in ["Orders", "Orders-2"] {
        world.aws.machine(REGION, machine, MachineKind::Standard).await;
    }
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    world.kube.apply(&world.example("state-machine-ref")).await.expect("the example applies");
    let object = world.kube.wait("state-machine-ref", "False", "ReferenceMissing").await;
    waits(&object);
    let says = "spec.stateMachines[orders].ref: StateMachine.sfn.services.k8s.aws orders has no ARN in its status yet";
    assert!(message(&object).contains(says), "{}", message(&object));
    assert_eq!(world.aws.calls().await, []);

    let status = |machine: &str| {
        let arn = world.aws.machine_arn(REGION, machine);
        json!({"ackResourceMetadata": {"arn": arn, "ownerAccountID": world.aws.id, "region": REGION}})
    };
    exists(&world, ACK[0], "orders", status("Orders")).await;
    let object = world.kube.wait_ready("state-machine-ref").await;
    let orders = url(&object, "/orders");
    starts(&orders, "Orders").await;
    world.aws.forget_calls().await;
    world.kube.check_now("state-machine-ref", "now").await;
    assert_eq!(world.aws.writes().await, []);

    exists(&world, ACK[0], "orders", status("Orders-2")).await;
    starts(&orders, "Orders-2").await;
    world.kube.delete("state-machine-ref").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn state_machine_of_crossplane_is_found_when_its_crd_comes_later() {
    let group = CROSSPLANE[0];
    let crd = format!("statemachines.{group}");
    run("kubectl", &["delete", "crd", &crd, "--ignore-not-found", "--wait"], "").await.expect("the CRD is gone");
    let world = World::new("crossplane").await;
    let machine = world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &referring(group, "hello")).await.expect("the spec applies");
    let object = world.kube.wait("api", "False", "ReferenceMissing").await;
    assert!(message(&object).contains("does not exist, or its CRD is not installed"), "{}", message(&object));

    install(CROSSPLANE).await;
    let head = format!("apiVersion: {group}/v1beta1\nkind: StateMachine\nmetadata: {{name: hello}}\nspec: {{}}");
    world.kube.apply(&head).await.expect("the machine applies");
    exists(&world, group, "hello", json!({"atProvider": {"arn": machine, "id": machine}})).await;
    starts(&url(&world.kube.wait_ready("api").await, "/run"), "Hello").await;
}

#[tokio::test]
async fn what_may_not_be_read_is_said_and_read_when_it_may_be() {
    install(CROSSPLANE_CLUSTER).await;
    let group = CROSSPLANE_CLUSTER[0];
    let world = World::new("crossplane-all").await;
    let machine = world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let name = world.kube.namespace.clone();
    let head = format!("apiVersion: {group}/v1beta1\nkind: StateMachine\nmetadata: {{name: {name}}}\nspec: {{}}");
    run("kubectl", &["apply", "-f", "-"], &head).await.expect("the machine applies");
    exists(&world, group, &name, json!({"atProvider": {"arn": machine}})).await;
    // A controller of one namespace may not read what is in none.
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &referring(group, &name)).await.expect("the spec applies");
    let object = world.kube.wait("api", "False", "ReferenceMissing").await;
    assert!(message(&object).contains("cannot be read: ") && message(&object).contains("is forbidden"), "{object:?}");

    let resource = format!("--resource=statemachines.{group}");
    run("kubectl", &["create", "clusterrole", &format!("{name}-machines"), "--verb=get", &resource], "")
        .await
        .expect("one");
    let account = format!("--serviceaccount={name}:{}", world.kube.release);
    let role = format!("--clusterrole={name}-machines");
    let binding = ["create", "clusterrolebinding", &format!("{name}-machines"), &role, &account];
    run("kubectl", &binding, "").await.expect("a binding");
    starts(&url(&world.kube.wait_ready("api").await, "/run"), "Hello").await;
}
