//! Mapping templates: what `stepgate::vtl` makes of them, against API Gateway's recordings, Velocity itself and emulators.

mod engines;
mod forged;
mod grammar;
mod hostile;
mod linted;
mod pairs;
mod recorded;
mod rules;
mod strict;

use self::rules::{Engine, assert_same};

#[tokio::test]
async fn localstack_makes_the_same_of_all_rendered_and_of_generated_templates() {
    let mut pairs = pairs::of_rendered(15);
    pairs.extend(pairs::of_generated(600));
    assert_same(Engine::LocalStack, pairs, 2000).await;
}

#[tokio::test]
async fn the_emulator_of_npm_makes_the_same_of_rendered_and_of_generated_templates() {
    let mut pairs = pairs::of_rendered(4);
    pairs.extend(pairs::of_generated(1500));
    pairs.extend(pairs::of_any_call(7500));
    assert_same(Engine::Npm, pairs, 2000).await;
}
