//! Whatever a manifest says and whatever AWS answers: no panic, no hang, and time that grows with the size and not with its
//! square.

mod answers;
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stepgate::api::StepFunctionsApiSpec;
use stepgate::aws::openapi;
use stepgate::model::Owner;
use stepgate::render::render;

use mutate::Random;

/// Longest time for one spec, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

fn owner() -> Owner {
    Owner { installation: "hostile".to_owned(), namespace: "team".to_owned(), name: "api".to_owned() }
}

/// Specs of all examples.
fn specs() -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "yaml")).collect();
    files.sort();
    let documents = files.iter().flat_map(|path| {
        let text = std::fs::read_to_string(path).expect("text");
        serde_saphyr::from_multiple::<Value>(&text).expect("YAML")
    });
    documents.filter(|document| document["kind"] == "StepFunctionsApi").map(|found| found["spec"].clone()).collect()
}

/// What is made of a spec: whether it could be read, and whether it was rendered.
fn outcome(spec: &Value) -> (bool, bool) {
    let Ok(spec) = serde_json::from_value::<StepFunctionsApiSpec>(spec.clone()) else { return (false, false) };
    let Ok(rendered) = render(&owner(), &spec, None) else { return (true, false) };
    let document = rendered.desired.rest_api.map(|api| openapi(&api, "arn:aws:iam::123456789012:role/r"));
    (true, document.is_some())
}

/// As much of a spec as a person reads; the seed tells the rest.
fn start_of(spec: &Value) -> String {
    spec.to_string().chars().take(3000).collect()
}

#[test]
fn mutated_examples_are_refused_or_rendered_without_a_panic() {
    let specs = specs();
    let seed = mutate::seed();
    let mut random = Random(seed);
    let (mut unread, mut refused, mut rendered) = (0, 0, 0);
    for round in 0..mutate::rounds(1500) {
        let mut spec = specs[random.below(specs.len())].clone();
        for _ in 0..=random.below(3) {
            mutate::value(&mut spec, &mut random);
        }
        let start = Instant::now();
        let made = catch_unwind(AssertUnwindSafe(|| outcome(&spec)));
        let Ok(made) = made else { panic!("STEPGATE_TEST_SEED={seed}, round {round}: {}", start_of(&spec)) };
        let took = start.elapsed();
        assert!(took < PATIENCE, "STEPGATE_TEST_SEED={seed}, round {round}: {took:?} for {}", start_of(&spec));
        match made {
            (false, _) => unread += 1,
            (true, false) => refused += 1,
            (true, true) => rendered += 1,
        }
    }
    println!("STEPGATE_TEST_SEED={seed}: {unread} cannot be read, {refused} refused, {rendered} rendered");
    assert!(
        unread.min(refused).min(rendered) > 20,
        "{unread} {refused} {rendered}: the mutations are too rough or too fine"
    );
}

/// A spec with so many methods, each with arguments, a response and a test.
fn large(methods: usize) -> Value {
    let method = |n: usize| {
        json!({
            "path": format!("/orders/{n}"), "method": "POST", "action": "StartExecution", "stateMachine": "m",
            "authorization": {"type": "None"},
            "arguments": {"name": {"header": "Idempotency-Key"}, "input": {"object": {"a": {"body": {}}, "b": {"query": "q"}}}},
        })
    };
    json!({
        "region": "us-east-1",
        "stateMachines": [{"name": "m", "arn": "arn:aws:states:us-east-1:123456789012:stateMachine:M"}],
        "methods": (0..methods).map(method).collect::<Vec<_>>(),
        "stages": [{"name": "prod"}],
    })
}

#[test]
fn time_to_render_grows_with_the_number_of_methods() {
    // The best of three, because the machine is shared.
    let best = |methods: usize| {
        let spec = large(methods);
        let timed = |_| {
            let start = Instant::now();
            assert_eq!(outcome(&spec), (true, true));
            start.elapsed()
        };
        (0..3).map(timed).min().expect("three times").as_secs_f64()
    };
    let (small, big) = (best(25), best(200));
    assert!(big < small * 8.0 * 3.0, "{small:.3} s for 25 methods, {big:.3} s for 200: 64 times would be the square");
}
