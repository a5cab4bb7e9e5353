//! Arbitrary values, from a seed that a failed test prints; STEPGATE_TEST_SEED=N repeats them.

use std::sync::OnceLock;

use proptest::collection::{btree_map, vec};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

/// Texts that mean something to Velocity, to JSON, to the shell or to a page.
const NASTY: [&str; 34] = [
    "\"",
    "'",
    "\\",
    "\\'",
    "\\\"",
    "it's",
    "$input",
    "$input.body",
    "$!{x}",
    "${x}",
    "$v0",
    "$",
    "#set($a=1)",
    "#",
    "##",
    "#*",
    "*#",
    "#end",
    "#if(true)",
    "#[[",
    "]]#",
    "#foreach($i in [1..9])x#end",
    "</script>",
    "\",\"name\":\"forged",
    "\\\",\\\"name\\\":\\\"forged",
    "{}",
    "null",
    "\u{2028}",
    "\u{0}",
    "\u{7f}\u{85}",
    "é😀\u{10ffff}",
    "\u{202e}",
    "\r\n",
    "@@",
];

/// The seed of the environment.
fn given() -> Option<u64> {
    std::env::var("STEPGATE_TEST_SEED").ok().and_then(|text| text.parse().ok())
}

/// Values of a strategy, from the seed of this run.
pub fn generated<T>(strategy: &impl Strategy<Value = T>, count: usize) -> Vec<T> {
    static SEED: OnceLock<u64> = OnceLock::new();
    let seed = SEED.get_or_init(|| {
        let seed = given().unwrap_or_else(|| std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_secs());
        println!("STEPGATE_TEST_SEED={seed}");
        seed
    });
    from_seed(*seed, strategy, count)
}

/// The same values in every run, but for a seed in the environment: for comparisons with programs of others, whose rarest
/// oddities are no failure of ours.
pub fn repeated<T>(strategy: &impl Strategy<Value = T>, count: usize) -> Vec<T> {
    from_seed(given().unwrap_or(1), strategy, count)
}

fn from_seed<T>(seed: u64, strategy: &impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let bytes = [seed.to_le_bytes(); 4].concat();
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}

/// Nasty and arbitrary texts, short and long.
pub fn text() -> BoxedStrategy<String> {
    let nasty = vec(prop_oneof![select(&NASTY[..]).prop_map(str::to_owned), any::<String>()], 0..4);
    let long = (select(&NASTY[..]), 1_usize..400).prop_map(|(text, times)| text.repeat(times));
    prop_oneof![8 => nasty.prop_map(|parts| parts.concat()), 1 => long].boxed()
}

/// JSON values of all types.
pub fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        text().prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(text(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    });
    nested.boxed()
}
