//! Deletion: AWS is as it was before, or as the policy says, whatever stands in the way.

use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;
use stepgate::api::StepFunctionsApi;

use crate::samples::{self, REGION, spec};
use crate::world::{World, eventually, run};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

async fn rest_api_id(world: &World, name: &str) -> String {
    world.kube.get(name).await.status.and_then(|status| status.rest_api_id).expect("an API")
}

async fn role_name(world: &World, name: &str) -> String {
    let arn = world.kube.get(name).await.status.and_then(|status| status.role_arn).expect("a role");
    arn.rsplit('/').next().expect("a name").to_owned()
}

/// Takes the order to delete; the end may be far.
async fn order_deletion(world: &World, name: &str) {
    let api: Api<StepFunctionsApi> = world.kube.api();
    api.delete(name, &DeleteParams::default()).await.expect("the deletion is taken");
}

#[tokio::test]
async fn deleted_object_leaves_the_account_as_it_was() {
    let world = samples::world("deleted").await;
    let (gateway, iam) = (world.aws.apigateway(REGION), world.aws.iam());
    let foreign = gateway.create_rest_api().name("foreign").tags("team", "other").send().await.expect("an API");
    iam.create_role().role_name("foreign").assume_role_policy_document(TRUST).send().await.expect("a role");
    let before = world.aws.leftovers(REGION).await;
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &spec(&world)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    assert_eq!(world.aws.leftovers(REGION).await.len(), before.len() + 2);
    let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{}", rest_api_id(&world, "api").await);
    gateway.tag_resource().resource_arn(arn).tags("cost", "theirs").send().await.expect("a tag");

    world.kube.delete("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, before);
    let found = gateway.get_rest_api().rest_api_id(foreign.id().expect("an id")).send().await.expect("the API");
    assert_eq!(found.tags(), foreign.tags());
    eventually("the event of the deletion", || async {
        let events = world.kube.events("api").await;
        if events.iter().any(|(reason, _)| reason == "Deleted") { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
}

#[tokio::test]
async fn deleted_namespace_leaves_nothing() {
    let home = samples::world("home").await;
    let doomed = World::in_account("doomed", &home.aws.id).await;
    // As installed for all namespaces: permissions of a namespace would end with it.
    let chart = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/stepgate");
    let name = home.kube.namespace.as_str();
    let arguments = ["template", name, chart, "-n", name, "--set", "replicas=0,crds.enabled=false"];
    let manifests = run("helm", &arguments, "").await.expect("the chart renders");
    home.kube.apply(&manifests).await.expect("the chart applies");
    let _controller = home.controller_with(&[("STEPGATE_NAMESPACE", &doomed.kube.namespace)]).await;
    for name in ["one", "two", "three"] {
        doomed.kube.apply_spec(name, &spec(&home)).await.expect("it applies");
    }
    for name in ["one", "two", "three"] {
        doomed.kube.wait_ready(name).await;
    }
    let namespace = doomed.kube.namespace.as_str();
    run("kubectl", &["delete", "namespace", namespace, "--wait=false"], "").await.expect("the deletion is taken");
    eventually("the end of the namespace", || async {
        match run("kubectl", &["get", "namespace", namespace, "-o", "yaml"], "").await {
            Err(error) if error.contains("NotFound") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!(home.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn retained_api_and_role_are_found_again() {
    let world = samples::world("retained").await;
    let _controller = world.controller().await;
    let manifest = spec(&world) + "deletionPolicy: Retain\n";
    world.kube.apply_spec("api", &manifest).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let (id, before) = (rest_api_id(&world, "api").await, world.aws.leftovers(REGION).await);
    world.aws.forget_calls().await;
    world.kube.delete("api").await;
    assert_eq!(world.aws.calls().await, []);
    assert_eq!(world.aws.leftovers(REGION).await, before);

    world.aws.forget_calls().await;
    world.kube.apply_spec("api", &manifest).await.expect("it applies");
    world.kube.wait_ready("api").await;
    assert_eq!(rest_api_id(&world, "api").await, id);
    assert_eq!(world.aws.writes().await, []);
}

#[tokio::test]
async fn deletion_waits_for_aws_to_heal() {
    let world = samples::world("sick").await;
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &spec(&world)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    world.aws.order_fault(json!({"operation": "DeleteRestApi", "status": 500, "count": -1})).await;
    order_deletion(&world, "api").await;
    let object = world.kube.wait("api", "False", "AwsUnavailable").await;
    let message = &crate::world::condition(&object, "Ready").expect("a condition").message;
    assert!(message.contains("apigateway:DeleteRestApi"), "{message}");
    world.aws.no_faults().await;
    world.kube.wait_gone("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn invalid_object_is_cleaned_up_all_the_same() {
    let world = samples::world("invalid").await;
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &spec(&world)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let elsewhere = world.aws.machine_arn("eu-west-1", "hello");
    world
        .kube
        .apply_spec("api", &spec(&world).replace(&world.aws.machine_arn(REGION, "hello"), &elsewhere))
        .await
        .expect("the API server cannot tell");
    world.kube.wait("api", "False", "Invalid").await;
    assert_eq!(world.aws.leftovers(REGION).await.len(), 2, "what was served still is");
    world.kube.delete("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn object_that_never_got_anything_goes_at_once() {
    let world = samples::world("nothing").await;
    let _controller = world.controller().await;
    // One was never accepted, the other has its finalizer and failed at its first write.
    world.aws.order_fault(json!({"operation": "CreateRole", "status": 500, "count": -1})).await;
    let elsewhere = world.aws.machine_arn("eu-west-1", "hello");
    let invalid = spec(&world).replace(&world.aws.machine_arn(REGION, "hello"), &elsewhere);
    world.kube.apply_spec("invalid", &invalid).await.expect("the API server cannot tell");
    world.kube.apply_spec("failed", &spec(&world)).await.expect("it applies");
    world.kube.wait("invalid", "False", "Invalid").await;
    world.kube.wait("failed", "False", "AwsUnavailable").await;
    world.aws.forget_calls().await;
    world.kube.delete("invalid").await;
    world.kube.delete("failed").await;
    let writes = world.aws.writes().await;
    assert!(writes.iter().all(|(_, operation)| operation == "CreateRole"), "{writes:?}");
}

#[tokio::test]
async fn what_others_deleted_before_is_not_missed() {
    let world = samples::world("halved").await;
    let _controller = world.controller().await;
    for name in ["no-api", "no-role"] {
        world.kube.apply_spec(name, &spec(&world)).await.expect("it applies");
    }
    for name in ["no-api", "no-role"] {
        world.kube.wait_ready(name).await;
    }
    let id = rest_api_id(&world, "no-api").await;
    world.aws.apigateway(REGION).delete_rest_api().rest_api_id(id).send().await.expect("the API goes");
    let (iam, role) = (world.aws.iam(), role_name(&world, "no-role").await);
    iam.delete_role_policy().role_name(&role).policy_name("stepgate").send().await.expect("the policy goes");
    iam.delete_role().role_name(&role).send().await.expect("the role goes");
    world.kube.delete("no-api").await;
    world.kube.delete("no-role").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn role_with_policies_of_others_is_reported_and_not_stripped() {
    let world = samples::world("stripped").await;
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &spec(&world)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let (iam, role) = (world.aws.iam(), role_name(&world, "api").await);
    let theirs = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    iam.attach_role_policy().role_name(&role).policy_arn(theirs).send().await.expect("it attaches");
    iam.put_role_policy()
        .role_name(&role)
        .policy_name("theirs")
        .policy_document(TRUST.replace("[]", r#"[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]"#))
        .send()
        .await
        .expect("a policy");
    // A change of the spec looks at the whole role, and leaves them too.
    world.kube.apply_spec("api", &spec(&world).replace("first", "second")).await.expect("it applies");
    let object = world.kube.wait_ready("api").await;
    let message = &crate::world::condition(&object, "Ready").expect("a condition").message;
    let told = format!("kept beside the spec: policy {theirs} of role {role}, policy theirs (inline) of role {role}");
    assert!(message.contains(&told), "{message}");

    order_deletion(&world, "api").await;
    let object = world.kube.wait("api", "False", "Conflict").await;
    let message = &crate::world::condition(&object, "Ready").expect("a condition").message;
    assert!(message.contains(&role) && message.contains("remove") && message.contains(theirs), "{message}");
    let attached = iam.list_attached_role_policies().role_name(&role).send().await.expect("policies");
    assert_eq!(
        attached.attached_policies().iter().filter_map(|policy| policy.policy_arn()).collect::<Vec<_>>(),
        [theirs]
    );
    let inline = iam.list_role_policies().role_name(&role).send().await.expect("policies");
    assert!(inline.policy_names().iter().any(|name| name == "theirs"), "{inline:?}");

    iam.detach_role_policy().role_name(&role).policy_arn(theirs).send().await.expect("it goes");
    iam.delete_role_policy().role_name(&role).policy_name("theirs").send().await.expect("it goes");
    world.kube.wait_gone("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn detached_policy_of_an_earlier_spec_does_not_hold_up_the_deletion() {
    let world = samples::world("earlier").await;
    let _controller = world.controller().await;
    let managed = "role: {managedPolicyArns: ['arn:aws:iam::aws:policy/AWSStepFunctionsReadOnlyAccess']}\n";
    world.kube.apply_spec("api", &(spec(&world) + managed)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    // The spec that attached it is replaced by one that is never carried out.
    let broken = spec(&world).replace("us-east-1:", "eu-west-1:");
    world.kube.apply_spec("api", &broken).await.expect("it applies");
    world.kube.wait("api", "False", "Invalid").await;
    world.kube.delete("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn finalizer_of_others_is_waited_for() {
    let world = samples::world("finalizers").await;
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &spec(&world)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let api: Api<StepFunctionsApi> = world.kube.api();
    let patch = |value| Patch::Json::<()>(serde_json::from_value(value).expect("a patch"));
    let add = json!([{"op": "add", "path": "/metadata/finalizers/0", "value": "example.com/theirs"}]);
    api.patch("api", &PatchParams::default(), &patch(add)).await.expect("it patches");
    order_deletion(&world, "api").await;
    eventually("our finalizer's end", || async {
        let finalizers = world.kube.get("api").await.metadata.finalizers.unwrap_or_default();
        if finalizers == ["example.com/theirs"] { Ok(()) } else { Err(format!("{finalizers:?}")) }
    })
    .await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
    let remove = json!([{"op": "remove", "path": "/metadata/finalizers"}]);
    api.patch("api", &PatchParams::default(), &patch(remove)).await.expect("it patches");
    world.kube.wait_gone("api").await;
}
