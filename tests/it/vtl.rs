//! Mapping templates: what `stepgate::vtl` makes of them, against API Gateway's recordings, Velocity itself and emulators.

mod engines;
mod hostile;
mod linted;
mod pairs;
mod recorded;

use std::collections::BTreeMap;

use self::engines::{Outcome, Pair, outcomes, same};

/// What differs, with enough to see why; empty when all is the same.
fn differences(pairs: &[Pair], theirs: &[Outcome], overrides: bool) -> Vec<String> {
    let differ = |(pair, theirs): (&Pair, &Outcome)| {
        let ours = pair.ours();
        let same = match (&ours.text, &theirs.text) {
            (Ok(ours), Ok(theirs)) => same(ours, theirs),
            _ => false,
        };
        let same = same && (!overrides || (&ours.status, &ours.headers) == (&theirs.status, &theirs.headers));
        (!same).then(|| {
            let Pair { template, call } = pair;
            format!(
                "template {template}\n  body {}\n  query {:?} headers {:?} path {:?}\n  ours   {ours:?}\n  theirs {theirs:?}",
                call.body, call.query, call.headers, call.path
            )
        })
    };
    pairs.iter().zip(theirs).filter_map(differ).collect()
}

/// A failure names a few, of different templates.
fn assert_none(differences: &[String], of: usize) {
    let by_template: BTreeMap<&str, &String> =
        differences.iter().map(|text| (text.split("\n  body").next().unwrap_or_default(), text)).collect();
    let shown: Vec<&str> = by_template.into_values().take(8).map(String::as_str).collect();
    assert!(differences.is_empty(), "{} of {of} differ, such as\n{}", differences.len(), shown.join("\n"));
}

#[tokio::test]
#[ignore = "minutes on a busy machine: cargo test --test it vtl -- --ignored"]
async fn localstack_makes_the_same_of_all_rendered_and_of_generated_templates() {
    let mut pairs = pairs::of_rendered(20);
    let rendered = pairs.len();
    pairs.extend(pairs::of_generated(800));
    assert!(rendered > 20, "{rendered}");
    let theirs = outcomes("vtl", &pairs).await;
    assert_none(&differences(&pairs, &theirs, true), pairs.len());
}

/// What npm's emulator has not, or has otherwise (docs/vtl.md).
const NPM_LACKS: [&str; 7] = ["\"\"\"", ".contains(", ".length(", ".matches(", " / ", "startsWith", "keySet"];

#[tokio::test]
#[ignore = "minutes on a busy machine: cargo test --test it vtl -- --ignored"]
async fn the_emulator_of_npm_makes_the_same_of_generated_templates() {
    let mut pairs = pairs::of_generated(2000);
    pairs.retain(|pair| !NPM_LACKS.iter().any(|lacking| pair.template.contains(lacking)));
    assert!(pairs.len() > 100, "{}", pairs.len());
    let theirs = outcomes("vtl-npm", &pairs).await;
    assert_none(&differences(&pairs, &theirs, false), pairs.len());
}
