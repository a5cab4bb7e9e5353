//! Values from Secrets: they take effect, and are shown nowhere.

use aws_sdk_apigateway::types::{Op, PatchOperation};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::references::message;
use crate::samples::REGION;
use crate::world::{MachineKind, World, eventually};

/// An API with a stage variable, a tag and origins from a Secret.
const SECRETIVE: &str = r#"
region: us-east-1
tagsFrom: {team: {secretKeyRef: {name: hidden, key: team}}}
role: {managedPolicyArnsFrom: {secretKeyRef: {name: hidden, key: policies}}, stateMachineArns: ["arn:aws:states:us-east-1:000000000000:stateMachine:Orders"]}
methods: [{path: /, method: POST, action: StartExecution, authorization: {type: None}}]
cors: {allowOriginsFrom: {secretKeyRef: {name: hidden, key: origins}}}
stages: [{name: live, variablesFrom: {token: {secretKeyRef: {name: hidden, key: token}}}}]
"#;

#[tokio::test]
async fn value_of_a_secret_takes_effect_and_is_not_shown() {
    let world = World::new("secret-values").await;
    let api: Api<Secret> = world.kube.api();
    let set = async |key: &str, value: &str| {
        let patch = Patch::Merge(json!({"stringData": {key: value}}));
        api.patch("hidden", &PatchParams::default(), &patch).await.expect("the Secret is changed");
    };
    world.kube.apply("apiVersion: v1\nkind: Secret\nmetadata: {name: hidden}\nstringData: {token: tk-first, team: tm-first, origins: 'https://or-first.example.com', policies: 'arn:aws:iam::aws:policy/AWSStepFunctionsReadOnlyAccess'}").await.expect("the Secret applies");
    world.aws.machine(REGION, "Orders", MachineKind::Standard).await;
    let secretive = SECRETIVE.replace("000000000000", &world.aws.id);
    let controller = world.controller().await;
    world.kube.apply_spec("secretive", &secretive).await.expect("the spec applies");
    let status = world.kube.wait_ready("secretive").await.status.expect("a status");
    let id = status.rest_api_id.expect("an API");
    let stages = world.aws.apigateway(REGION);
    let token = async || {
        let stage = stages.get_stage().rest_api_id(&id).stage_name("live").send().await.expect("the stage");
        stage.variables.unwrap_or_default().remove("token").unwrap_or_default()
    };
    assert_eq!(token().await, "tk-first");

    // Drift and its healing.
    let theirs = PatchOperation::builder().op(Op::Replace).path("/variables/token").value("tk-theirs").build();
    let update = stages.update_stage().rest_api_id(&id).stage_name("live").patch_operations(theirs);
    update.send().await.expect("the stage is changed");
    world.kube.check_now("secretive", "drift").await;
    assert_eq!(token().await, "tk-first");
    // It comes after the status that says that the check is done.
    let shown = r#"(stage/live variables.token: "(secret)" -> "(secret)")"#;
    eventually("the event of the healing", || async {
        let events = world.kube.events("secretive").await;
        let told = events.iter().any(|(reason, note)| reason == "DriftHealed" && note.contains(shown));
        if told { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;

    // Another value, and values that do not fit.
    set("token", "tk-second").await;
    eventually("the new value", || async {
        let now = token().await;
        if now == "tk-second" { Ok(()) } else { Err(now) }
    })
    .await;
    for (key, bad, good, says) in [
        ("token", "tk bad", "tk-second", "spec.stages[live].variablesFrom.token"),
        ("team", "tm*bad", "tm-first", "spec.tagsFrom.team"),
        ("origins", "or-bad", "https://or-first.example.com", "spec.cors.allowOriginsFrom: at [0]"),
    ] {
        set(key, bad).await;
        eventually(&format!("words about {key}"), || async {
            let told = message(&world.kube.get("secretive").await);
            let whole = told.contains(says) && told.contains(&format!("key {key} of Secret hidden"));
            if whole { Ok(()) } else { Err(told) }
        })
        .await;
        set(key, good).await;
        world.kube.wait_ready("secretive").await;
    }

    // A plan.
    world.kube.apply_spec("secretive", &format!("{secretive}mode: Plan")).await.expect("the spec applies");
    set("token", "tk-third").await;
    set("origins", "https://or-third.example.com").await;
    eventually("the plan", || async {
        let status = world.kube.get("secretive").await.status.expect("a status");
        let steps = status.plan.map(|plan| plan.steps).unwrap_or_default();
        let told =
            steps.iter().any(|step| step.contains("token")) && steps.iter().any(|step| step.contains("put definition"));
        if told { Ok(()) } else { Err(format!("{steps:?}")) }
    })
    .await;

    // Replaced, and taken away.
    let plain = secretive
        .replace("{secretKeyRef: {name: hidden, key: origins}}", "{configMapKeyRef: {name: shown, key: origins}}");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shown}\ndata: {origins: 'https://shown.example.com'}";
    world.kube.apply(map).await.expect("the ConfigMap applies");
    world.kube.apply_spec("secretive", &plain).await.expect("the spec applies");
    world.kube.wait_ready("secretive").await;
    let without = plain.split("cors:").next().unwrap_or_default().replace("tagsFrom", "#") + "stages: [{name: live}]";
    world.kube.apply_spec("secretive", &without).await.expect("the spec applies");
    world.kube.wait_ready("secretive").await;

    // The policy is in the status, as what there is; and nowhere else.
    let without = without.replace("managedPolicyArnsFrom: {secretKeyRef: {name: hidden, key: policies}}, ", "");
    world.kube.apply_spec("secretive", &without).await.expect("the spec applies");
    world.kube.wait_ready("secretive").await;
    let events = world.kube.events("secretive").await;
    let object = serde_json::to_string(&world.kube.get("secretive").await).expect("JSON");
    let everything = format!("{events:?}\n{object}\n{}", controller.log());
    for secret in ["ReadOnlyAccess", "tk-", "tk bad", "tm-", "tm*bad", "or-first", "or-bad", "or-third"] {
        let shown: Vec<&str> = everything.lines().filter(|line| line.contains(secret)).collect();
        assert!(shown.is_empty(), "{secret} is shown: {shown:#?}");
    }
    world.kube.apply_spec("secretive", &secretive).await.expect("the spec applies");
    world.kube.wait_ready("secretive").await;
    world.kube.delete("secretive").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}
