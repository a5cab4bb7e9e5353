//! What becomes of the objects themselves, and of the watch on them, while the controller works.

use axum::http::Method;
use kube::ResourceExt;
use kube::api::DeleteParams;
use serde_json::json;
use stepgate::api::StepFunctionsApi;

use super::state::left;
use crate::samples::{self, REGION, started_at};
use crate::world::{Act, Answer, ApiProxy, Controller, MachineKind, Which, World, eventually, post, run};

const NAME: &str = "api";
/// The list of objects, also with `watch=true`.
const LIST: Which = |method, path| method == Method::GET && path.ends_with("/stepfunctionsapis");
/// One object.
const READ: Which = |method, path| method == Method::GET && path.ends_with("/stepfunctionsapis/api");
/// The status of one.
const STATUS: Which = |method, path| method == Method::PATCH && path.ends_with("/stepfunctionsapis/api/status");

/// A world whose controller reaches the API server through a proxy that knows HTTP.
async fn world(name: &str) -> (World, ApiProxy, Controller) {
    let world = samples::world(name).await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let proxy = ApiProxy::new(&world.kube.least_privileged).await;
    let kubeconfig = proxy.kubeconfig.display().to_string();
    let controller = world.controller_with(&[("KUBECONFIG", &kubeconfig)]).await;
    (world, proxy, controller)
}

async fn struck(proxy: &ApiProxy, what: &str) {
    eventually(what, || async { proxy.struck().map(drop).ok_or_else(|| "not yet".to_owned()) }).await;
}

async fn serves(world: &World, path: &str) {
    eventually(&format!("{path} in the status"), || async {
        let status = world.kube.wait_ready(NAME).await.status.expect("a status");
        let url = status.endpoints.first().map(|endpoint| endpoint.url.clone()).unwrap_or_default();
        if url.ends_with(path) { Ok(url) } else { Err(url) }
    })
    .await;
    let url = world.kube.get(NAME).await.status.expect("a status").endpoints[0].url.clone();
    Answer::until(200, || post(&url, "application/json", "{}")).await;
}

/// Takes the object away, whatever holds it, and makes another of its name.
async fn made_anew(world: &World, path: &str) {
    let api = world.kube.api::<StepFunctionsApi>();
    world.kube.patch(NAME, json!({"metadata": {"finalizers": null}})).await;
    let uid = world.kube.get(NAME).await.uid();
    api.delete(NAME, &DeleteParams::default()).await.expect("the deletion is taken");
    eventually("its end", || async {
        // The controller may have put the finalizer back in between.
        match api.get_opt(NAME).await.map_err(|error| error.to_string())? {
            Some(object) if object.uid() == uid => {
                let _ = world.kube.kubectl(&["patch", "sfnapi", NAME, "--type=merge", "-p", NO_FINALIZERS]).await;
                Err("still there".to_owned())
            }
            _ => Ok(()),
        }
    })
    .await;
    world.kube.apply_spec(NAME, &started_at(world, path)).await.expect("it applies");
}

const NO_FINALIZERS: &str = r#"{"metadata": {"finalizers": null}}"#;

#[tokio::test]
async fn watch_that_is_too_old_is_begun_again_and_what_changed_meanwhile_is_found() {
    let (world, proxy, controller) = world("gone").await;
    let map =
        |value: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: values}}\ndata: {{note: {value}}}");
    let spec = |path: &str| {
        let from = "variablesFrom: {note: {configMapKeyRef: {name: values, key: note}}}";
        started_at(&world, path).replace("{name: a}", &format!("{{name: a, {from}}}"))
    };
    world.kube.apply(&map("first")).await.expect("the ConfigMap applies");
    world.kube.apply_spec(NAME, &spec("/run")).await.expect("it applies");
    serves(&world, "/run").await;

    // Nothing is heard while the object changes, nor what it refers to.
    proxy.order(LIST, 0, Act::Hold);
    proxy.end_watches();
    struck(&proxy, "a new list").await;
    world.kube.apply_spec(NAME, &spec("/go")).await.expect("it applies");
    world.kube.apply(&map("second")).await.expect("the ConfigMap applies");
    proxy.release();
    serves(&world, "/go").await;
    eventually("the value of the ConfigMap", || async {
        let object = world.kube.wait_ready(NAME).await;
        let id = object.status.and_then(|status| status.rest_api_id).expect("an API");
        let stage = world.aws.apigateway(REGION).get_stage().rest_api_id(id).stage_name("a").send().await;
        let note = stage.expect("the stage").variables.unwrap_or_default().remove("note").unwrap_or_default();
        if note == "second" { Ok(()) } else { Err(note) }
    })
    .await;

    // Again; a settled object is left alone.
    world.aws.forget_calls().await;
    proxy.order(LIST, 0, Act::Hold);
    proxy.end_watches();
    struck(&proxy, "a new list").await;
    proxy.release();
    world.kube.check_now(NAME, "done").await;
    assert_eq!(world.aws.writes().await, []);
    controller.until_ready().await;
}

#[tokio::test]
async fn object_deleted_and_made_anew_during_a_pass_gets_what_the_new_one_wants_once() {
    let (world, proxy, _controller) = world("anew").await;
    // Between watch and read; before the status says that something begins; when all is made, before it says so.
    let moments: [(&str, Which, u32); 3] = [("read", READ, 0), ("begin", STATUS, 0), ("end", STATUS, 1)];
    for (number, (moment, which, skip)) in moments.into_iter().enumerate() {
        let (old, new) = (format!("/old-{number}"), format!("/new-{number}"));
        proxy.order(which, skip, Act::Hold);
        world.kube.apply_spec(NAME, &started_at(&world, &old)).await.expect("it applies");
        struck(&proxy, moment).await;
        made_anew(&world, &new).await;
        proxy.release();
        serves(&world, &new).await;
        let left = left(&world.aws).await;
        assert_eq!(left.len(), 2, "one API and its role, after {moment}: {left:?}");
        // Nothing of the old one's is in the status of the new one.
        let object = world.kube.get(NAME).await;
        assert!(!serde_json::to_string(&object.status).expect("JSON").contains(&old), "{object:?}");
        proxy.no_order();
        world.kube.delete(NAME).await;
        assert_eq!(super::left(&world.aws).await, Vec::<String>::new(), "after {moment}");
    }
}

#[tokio::test]
async fn finalizer_that_was_removed_by_hand_comes_back_and_the_deletion_leaves_nothing() {
    let (world, proxy, _controller) = world("unheld").await;
    world.kube.apply_spec(NAME, &started_at(&world, "/run")).await.expect("it applies");
    serves(&world, "/run").await;
    world.aws.forget_calls().await;
    world.kube.patch(NAME, json!({"metadata": {"finalizers": null}})).await;
    eventually("the finalizer", || async {
        let object = world.kube.get(NAME).await;
        if object.finalizers().is_empty() { Err("none".to_owned()) } else { Ok(()) }
    })
    .await;
    assert_eq!(world.aws.writes().await, []);

    // Removed again while the deletion is under way: what was begun is brought to its end.
    proxy.order(STATUS, 0, Act::Hold);
    let api = world.kube.api::<StepFunctionsApi>();
    api.delete(NAME, &DeleteParams::default()).await.expect("the deletion is taken");
    struck(&proxy, "the status of the deletion").await;
    world.aws.order_fault(json!({"operation": "DeleteRestApi", "delay_ms": 1500})).await;
    proxy.release();
    eventually("the deletion in AWS", || async {
        let calls = world.aws.calls().await;
        if calls.iter().any(|(_, name)| name == "DeleteRestApi") { Ok(()) } else { Err(format!("{calls:?}")) }
    })
    .await;
    world.kube.patch(NAME, json!({"metadata": {"finalizers": null}})).await;
    world.kube.wait_gone(NAME).await;
    eventually("nothing left", || async {
        let left = left(&world.aws).await;
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
}

#[tokio::test]
async fn definition_that_is_applied_again_and_changed_disturbs_nothing() {
    const CRD: &str = "stepfunctionsapis.stepgate.dev";
    let (world, _proxy, controller) = world("definition").await;
    world.kube.apply_spec(NAME, &started_at(&world, "/run")).await.expect("it applies");
    serves(&world, "/run").await;
    let before = world.kube.get(NAME).await.resource_version();
    world.aws.forget_calls().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/crds/stepfunctionsapis.yaml");
    let apply = ["apply", "--server-side", "--force-conflicts", "-f", file];
    run("kubectl", &apply, "").await.expect("the same definition");
    // A new generation of the definition ends all watches.
    let column = r#"{"name": "NOTE", "type": "string", "priority": 1, "jsonPath": ".spec.description"}"#;
    let path = "/spec/versions/0/additionalPrinterColumns";
    let add = format!(r#"[{{"op": "add", "path": "{path}/0", "value": {column}}}]"#);
    run("kubectl", &["patch", "crd", CRD, "--type=json", "-p", &add], "").await.expect("a changed definition");
    let remove = format!(
        r#"[{{"op": "test", "path": "{path}/0/name", "value": "NOTE"}}, {{"op": "remove", "path": "{path}/0"}}]"#
    );
    run("kubectl", &["patch", "crd", CRD, "--type=json", "-p", &remove], "").await.expect("the definition as before");
    assert_eq!(world.kube.get(NAME).await.resource_version(), before);
    world.kube.apply_spec(NAME, &started_at(&world, "/go")).await.expect("it applies");
    serves(&world, "/go").await;
    controller.until_ready().await;
    assert_eq!(left(&world.aws).await.len(), 2);
}

/// A new event.
const EVENT: Which = |method, path| method == Method::POST && path.ends_with("/events");

#[tokio::test]
async fn event_that_the_api_server_does_not_take_is_told_once_when_it_does() {
    let (world, proxy, _controller) = world("event").await;
    for (act, path, all) in [(Act::Refuse(503), "/run", 1), (Act::Lose, "/go", 2)] {
        proxy.order(EVENT, 0, act);
        world.kube.apply_spec(NAME, &started_at(&world, path)).await.expect("it applies");
        struck(&proxy, "the event").await;
        serves(&world, path).await;
        let applied = async || {
            let events = world.kube.events(NAME).await;
            events.into_iter().filter(|(reason, _)| reason == "Applied").count()
        };
        eventually("the event", || async { if applied().await == all { Ok(()) } else { Err("none".to_owned()) } })
            .await;
        // The second try of one that was taken finds it.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert_eq!(applied().await, all, "{act:?}");
    }
}
