//! Bad manifests: refused by the API server where schema or CEL can, else a terminal condition. Each refusal names the
//! field and what to do; AWS is left alone, and what was served before is served on.

mod invalid;
mod refused;

use futures::StreamExt;

use self::invalid::INVALID;
use self::refused::REFUSED;
use crate::world::{Answer, MachineKind, World, condition, eventually, post};

/// A good spec. Cases replace one piece of it.
const GOOD: &str = r#"region: us-east-1
name: bad manifests
role: {stateMachineArns: ["arn:aws:states:us-east-1:ACCOUNT:stateMachine:Open"]}
stateMachines:
  - {name: hello, arn: "arn:aws:states:us-east-1:ACCOUNT:stateMachine:Hello"}
  - {name: fast, arn: "arn:aws:states:us-east-1:ACCOUNT:stateMachine:Fast"}
templates:
  - {name: plain, body: "$input.body"}
methods:
  - {path: "/run", method: POST, action: StartExecution, stateMachine: hello, authorization: {type: None}}
  - {path: "/mine", method: POST, action: StartExecution, request: {template: {name: plain}}}
  - {path: "/state", method: GET, action: DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}}
cors: {allowOrigins: ["https://a.example"]}
stages:
  - {name: prod, variables: {colour: red}}
tags: {team: blue}
"#;

/// What is replaced by what; the field's path, and words of the refusal.
type Case = (&'static str, &'static str, &'static str, &'static str);

const RUN: &str = "type: None}}";
const LONG: &str = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
const HELLO: &str = "arn:aws:states:us-east-1:ACCOUNT:stateMachine:Hello";

/// The good spec with a change. Some changes are too long to write down.
fn changed(account: &str, (from, to, ..): &Case) -> String {
    let spec = match *from {
        "PATHS" => {
            let method =
                |n| format!("  - {{path: /a/b{n}, method: POST, action: StartExecution, stateMachine: hello}}\n");
            GOOD.replace("cors:", &format!("{}cors:", (0..299).map(method).collect::<String>()))
        }
        "VARIABLES" => {
            let variables: String = (0..100).map(|n| format!(", v{n}: x")).collect();
            GOOD.replace("colour: red", &format!("colour: red{variables}"))
        }
        "TAGS" => {
            let tags = |name: &str| (0..30).map(|n| format!("{name}{n}: x, ")).collect::<String>();
            let stage = format!("red}}, tags: {{{}}}}}", tags("s"));
            GOOD.replace("red}}", &stage).replace("team: blue", &tags("t"))
        }
        "MACHINES" => {
            let arn = |n| format!("\"arn:aws:states:us-east-1:ACCOUNT:stateMachine:{n:0>80}\", ");
            GOOD.replace("stateMachineArns: [", &format!("stateMachineArns: [{}", (0..90).map(arn).collect::<String>()))
        }
        "POLICY" => {
            let resources = vec!["'execute-api:/*'"; 150].join(", ");
            let statement = format!("{{Effect: Allow, Principal: '*', Action: '*', Resource: [{resources}]}}");
            let policy = format!("{{Version: '2012-10-17', Statement: {statement}}}");
            GOOD.replace("tags:", &format!("endpoint: {{policy: {policy}}}\ntags:"))
        }
        _ => GOOD.replacen(from, &to.replace("NAME", LONG), 1),
    };
    assert_ne!(spec, GOOD, "{from} is not in the good spec");
    spec.replace("ACCOUNT", account)
}

/// A world with the machines of the good spec.
async fn world(name: &str) -> World {
    let world = World::new(name).await;
    for (name, kind) in
        [("Hello", MachineKind::Standard), ("Open", MachineKind::Standard), ("Fast", MachineKind::Express)]
    {
        world.aws.machine("us-east-1", name, kind).await;
    }
    world.aws.forget_calls().await;
    world
}

#[tokio::test]
async fn manifest_that_schema_or_cel_can_refuse_is_refused_with_field_and_remedy() {
    let world = &World::new("refused").await;
    let try_it = |case: &'static Case| async move {
        let (from, to, field, says) = *case;
        let answer = world.kube.apply_spec("api", &changed(&world.aws.id, case)).await;
        match answer {
            Err(text) if text.contains(&format!("{field}: ")) && text.contains(says) => None,
            Err(text) if says == "unknown field" && text.contains(&format!("unknown field \"{field}\"")) => None,
            other => Some(format!("{from} -> {to}\n  wanted {field}: {says}\n  but {other:?}")),
        }
    };
    let wrong: Vec<String> =
        futures::stream::iter(REFUSED).map(try_it).buffer_unordered(4).filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), REFUSED.len(), wrong.join("\n"));
    let long = world.kube.apply_spec(&LONG[..101], &GOOD.replace("ACCOUNT", &world.aws.id)).await.unwrap_err();
    assert!(long.contains("metadata.name must have at most 100 characters"), "{long}");
}

#[tokio::test]
async fn region_changed_is_refused_and_a_new_object_advised() {
    let world = World::new("region").await;
    let good = GOOD.replace("ACCOUNT", &world.aws.id);
    world.kube.apply_spec("api", &good).await.expect("the good spec applies");
    let refused = world.kube.apply_spec("api", &good.replace("us-east-1", "us-east-2")).await.unwrap_err();
    assert!(refused.contains("spec.region: ") && refused.contains("cannot be changed; make a new object"), "{refused}");
}

#[tokio::test]
async fn spec_that_only_the_controller_can_refuse_stalls_with_field_and_remedy_and_writes_nothing() {
    let world = world("invalid").await;
    let _controller = world.controller().await;
    let indented = |spec: String| spec.lines().map(|line| format!("  {line}\n")).collect::<String>();
    let manifest = |(n, case): (usize, &Case)| {
        let head = "apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata";
        format!("---\n{head}: {{name: case-{n}}}\nspec:\n{}", indented(changed(&world.aws.id, case)))
    };
    let manifests: String = INVALID.iter().enumerate().map(manifest).collect();
    world.kube.apply(&manifests).await.expect("schema and CEL take them");
    let mut wrong = Vec::new();
    for (n, (from, _, field, says)) in INVALID.iter().enumerate() {
        let name = format!("case-{n}");
        let object = world.kube.wait(&name, "False", "Invalid").await;
        let is = |kind: &str| condition(&object, kind).map(|condition| condition.status.clone()).unwrap_or_default();
        assert_eq!([is("Stalled"), is("Reconciling"), is("Accepted")], ["True", "False", "False"], "{from}");
        let generation = object.metadata.generation;
        let conditions = object.status.iter().flat_map(|status| &status.conditions);
        assert!(conditions.into_iter().all(|condition| condition.observed_generation == generation), "{from}");
        let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
        if !message.contains(&format!("{field}: ")) || !message.contains(&says.replace("ACCOUNT", &world.aws.id)) {
            wrong.push(format!("{from}\n  wanted {field}: {says}\n  but {message}"));
        }
        // It is published after the status is written.
        eventually("an event that says the same", || async {
            let events = world.kube.events(&name).await;
            let same = |(reason, note): &(String, String)| reason == "Invalid" && message.starts_with(&note[..40]);
            if events.iter().any(same) { Ok(()) } else { Err(format!("{events:?}")) }
        })
        .await;
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), INVALID.len(), wrong.join("\n"));
    assert_eq!(world.aws.writes().await, Vec::new());
    assert_eq!(world.aws.leftovers("us-east-1").await, Vec::<String>::new());
}

#[tokio::test]
async fn several_mistakes_are_all_named_at_once() {
    let world = world("several").await;
    let _controller = world.controller().await;
    let spec = changed(&world.aws.id, &INVALID[0]).replace("$input.body", "${AWS::Region}");
    world.kube.apply_spec("api", &spec).await.expect("schema and CEL take it");
    let object = world.kube.wait("api", "False", "Invalid").await;
    let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    for field in ["spec.methods[POST /run].arguments.nam: ", "spec.templates[plain].body: "] {
        assert!(message.contains(field), "{message}");
    }
}

#[tokio::test]
async fn good_resource_made_bad_keeps_serving_and_heals_when_corrected() {
    let world = world("made-bad").await;
    let _controller = world.controller().await;
    let good = GOOD.replace("ACCOUNT", &world.aws.id);
    world.kube.apply_spec("api", &good).await.expect("the good spec applies");
    let before = world.kube.wait_ready("api").await.status.expect("a status");
    let run = before.endpoints.iter().find(|endpoint| endpoint.url.ends_with("/run")).expect("an endpoint").url.clone();
    let start = || post(&run, "application/json", r#"{"order": 7}"#);
    Answer::until(200, start).await;
    world.aws.forget_calls().await;

    // One that the API server refuses, one that the controller refuses, one that AWS tells to be wrong.
    world.kube.apply_spec("api", &changed(&world.aws.id, &REFUSED[0])).await.expect_err("refused");
    let of_wrong_type = INVALID.iter().find(|case| case.3.starts_with("works on EXPRESS")).expect("such a case");
    for bad in [INVALID[0], *of_wrong_type] {
        world.kube.apply_spec("api", &changed(&world.aws.id, &bad)).await.expect("schema and CEL take it");
        let status = world.kube.wait("api", "False", "Invalid").await.status.expect("a status");
        assert_eq!((&status.revision, &status.stages), (&before.revision, &before.stages));
        assert_eq!(Answer::of(start()).await.status, 200);
        assert_eq!(world.aws.writes().await, Vec::new());
    }

    world.kube.apply_spec("api", &good).await.expect("the good spec applies");
    let after = world.kube.wait_ready("api").await;
    assert_eq!(condition(&after, "Stalled").map(|stalled| stalled.status.as_str()), Some("False"));
    assert_eq!(after.status.expect("a status").stages, before.stages);
    assert_eq!(world.aws.writes().await, Vec::new());
    assert_eq!(Answer::of(start()).await.status, 200);
}

#[tokio::test]
async fn object_that_no_controller_has_seen_is_not_taken_for_healthy() {
    let world = World::new("unseen").await;
    world.kube.apply_spec("api", &GOOD.replace("ACCOUNT", &world.aws.id)).await.expect("the good spec applies");
    let status = world.kube.get("api").await.status.expect("a defaulted status");
    assert_eq!((status.observed_generation, status.conditions.len()), (-1, 0));
    // kubectl wait, and with it every tool that reads conditions, waits on.
    let waited = world.kube.kubectl(&["wait", "sfnapi/api", "--for=condition=Ready", "--timeout=1s"]).await;
    assert!(waited.unwrap_err().contains("timed out"));
}
