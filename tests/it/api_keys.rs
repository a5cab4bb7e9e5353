//! Values of API keys: from Secrets and into them, followed when they change, and never shown.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt};

use crate::samples::{self, REGION};
use crate::usage_plans::{call, call_url, keyed, keys, settled_and_silent, value};
use crate::world::{Answer, World, condition, run};

async fn write_secret(world: &World, name: &str, key: &str, value: &str) {
    let secret =
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{{key}: '{value}'}}\n");
    world.kube.apply(&secret).await.expect("a Secret");
}

#[tokio::test]
async fn changed_value_in_a_secret_makes_a_new_key_and_deletes_the_old() {
    let world = samples::world("rotated").await;
    let controller = world.controller().await;
    let (old, new) = ("old-value-0123456789abcdef", "new-value-0123456789abcdef");
    write_secret(&world, "mine", "value", old).await;
    let plan = "- {name: basic, stages: [{name: live}], apiKeys: [{name: one, valueFrom: {secretKeyRef: {name: mine, key: value}}}]}\n";
    world.kube.apply_spec("api", &keyed(&world, plan)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let url = call_url(&world, "api").await;
    Answer::until(200, || call(&url, Some(old))).await;
    let before = keys(&world).await;

    // Nobody asks for a look.
    let start = Instant::now();
    write_secret(&world, "mine", "value", new).await;
    Answer::until(200, || call(&url, Some(new))).await;
    Answer::until(403, || call(&url, Some(old))).await;
    assert!(start.elapsed() < Duration::from_secs(15), "after {:?}", start.elapsed());
    world.kube.wait_ready("api").await;
    let after = keys(&world).await;
    assert_eq!(after.len(), 1);
    assert_ne!(before, after);
    settled_and_silent(&world, &controller, "api", "again", &[old, new]).await;
}

#[tokio::test]
async fn generated_value_is_written_beside_what_a_secret_has_and_never_over_it() {
    let world = samples::world("beside").await;
    let controller = world.controller().await;
    // A Secret of the user's with another key, and one that has the value already.
    write_secret(&world, "one", "theirs", "untouched").await;
    let brought = "brought-along-0123456789";
    write_secret(&world, "two", "value", brought).await;
    let plan = "- {name: basic, stages: [{name: live}], apiKeys: [{name: one, secret: {name: one, key: value}}, {name: two, secret: {name: two, key: value}}]}\n";
    world.kube.apply_spec("api", &keyed(&world, plan)).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let generated = value(&world, "one", "value").await;
    assert_eq!(value(&world, "one", "theirs").await, "untouched");
    assert_eq!(value(&world, "two", "value").await, brought);
    let url = call_url(&world, "api").await;
    for key in [generated.as_str(), brought] {
        Answer::until(200, || call(&url, Some(key))).await;
    }
    let api: Api<Secret> = world.kube.api();
    let secret = api.get("one").await.expect("the Secret");
    assert!(secret.owner_references().is_empty(), "it is not ours to delete");

    // Lost in Kubernetes: written again. Lost in AWS: made again with the same value.
    world.kube.kubectl(&["delete", "secret", "one"]).await.expect("it goes");
    world.kube.check_now("api", "lost Secret").await;
    assert_eq!(value(&world, "one", "value").await, generated);
    let name = format!("{}-api-one", world.kube.namespace);
    let id = keys(&world).await[&name].clone();
    world.aws.apigateway(REGION).delete_api_key().api_key(&id).send().await.expect("it goes");
    world.kube.check_now("api", "lost key").await;
    assert_ne!(keys(&world).await[&name], id);
    Answer::until(200, || call(&url, Some(&generated))).await;
    settled_and_silent(&world, &controller, "api", "again", &[&generated, brought]).await;
}

#[tokio::test]
async fn value_that_is_taken_or_missing_is_told_without_the_value() {
    let world = samples::world("taken").await;
    let controller = world.controller().await;
    let taken = "taken-value-0123456789abcdef";
    world.aws.apigateway(REGION).create_api_key().name("theirs").value(taken).send().await.expect("a key");
    let plan = "- {name: basic, stages: [{name: live}], apiKeys: [{name: one, valueFrom: {secretKeyRef: {name: mine, key: value}}}]}\n";
    world.kube.apply_spec("api", &keyed(&world, plan)).await.expect("it applies");
    let message = |object: &stepgate::api::StepFunctionsApi| {
        condition(object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default()
    };
    let object = world.kube.wait("api", "False", "ReferenceMissing").await;
    let field = "spec.usagePlans[basic].apiKeys[one]";
    assert_eq!(message(&object), format!("{field}.valueFrom: Secret mine does not exist"));
    assert_eq!(condition(&object, "Stalled").map(|stalled| stalled.status.as_str()), Some("False"));

    let short = "too-short";
    write_secret(&world, "mine", "value", short).await;
    let object = world.kube.wait("api", "False", "ReferenceInvalid").await;
    let told = format!("{field}.valueFrom: the value has 9 characters; an API key has 20 to 128");
    assert!(message(&object).starts_with(&told), "{}", message(&object));
    assert!(message(&object).ends_with(" (from key value of Secret mine)"), "{}", message(&object));

    write_secret(&world, "mine", "value", taken).await;
    let object = world.kube.wait("api", "False", "Conflict").await;
    assert!(message(&object).contains(&format!("{field}: ")) && message(&object).contains("takes each value once"));
    assert_eq!(condition(&object, "UsagePlansReady").map(|ready| ready.status.as_str()), Some("False"));

    write_secret(&world, "mine", "value", "a-free-value-0123456789").await;
    world.kube.wait_ready("api").await;
    settled_and_silent(&world, &controller, "api", "again", &[short, taken, "a-free-value-0123456789"]).await;
}

/// What the command prints of a manifest and the Secret beside it.
#[tokio::test]
async fn command_line_prints_no_value_and_needs_no_secret() {
    let value = "replace-me-0123456789abcdef";
    let stepgate = env!("CARGO_BIN_EXE_stepgate");
    let file = format!("{}/examples/api-keys.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).expect("the example");
    assert!(text.contains(value));
    let (alone, _) = text.split_once("\n---\n").expect("two documents");
    let sample = format!("{}/api-keys-sample.json", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&sample, r#"{"method": "POST", "path": "/orders"}"#).expect("a file");
    let calls: [&[&str]; 3] = [&["render", "-"], &["plan", "--offline", "-"], &["render", "-", "--sample", &sample]];
    for arguments in calls {
        let with = run(stepgate, arguments, &text).await.expect("it is taken");
        assert!(!with.contains(value), "{arguments:?}: {with}");
        let without = run(stepgate, arguments, alone).await.expect("the Secret is not asked for");
        // The hash of a plan is one of all that is written, values included.
        let told = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(told(&with), told(&without), "{arguments:?}");
        let told = run(stepgate, arguments, &text.replace(value, "too-short-value")).await.unwrap_err();
        assert!(
            told.contains("spec.usagePlans[basic].apiKeys[globex].valueFrom: the value has 15 characters"),
            "{told}"
        );
        assert!(!told.contains("too-short-value"), "{told}");
    }
}
