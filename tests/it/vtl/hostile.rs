//! Any text is parsed, linted and run in bounded time, without a panic.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use stepgate::vtl::{Context, Makes, Stages, evaluate, lint, parse};

use crate::inputs::generated::generated;

/// Pieces of templates, whole and broken.
const PIECES: [&str; 60] = [
    "$",
    "$!",
    "${",
    "$!{",
    "}",
    "$x",
    "${x}",
    "$x.y",
    "$x.y(",
    "$x[",
    "]",
    "[0]",
    "['a']",
    "(",
    ")",
    "#",
    "##",
    "#*",
    "*#",
    "#[[",
    "]]#",
    "#if(",
    "#if($x)",
    "#elseif($x)",
    "#else",
    "#{else}",
    "#end",
    "#foreach($i in ",
    "#foreach($i in [1..9])",
    "#set($x = ",
    "#set($x=[$x,$x])",
    "#set($x=\"$x$x\")",
    "#define($x)",
    "#macro(m)",
    "#stop",
    "#break",
    "#evaluate(",
    "\\",
    "\"",
    "'",
    "\"\"",
    "{",
    ":",
    ",",
    "..",
    "==",
    "&&",
    "!",
    "-",
    "1",
    "1.5e",
    "null",
    "not",
    "\n",
    " ",
    "é😀",
    "$input.path('$..*')",
    "$util.parseJson(",
    "$x.add($x)",
    "$x.put('k', $x)",
];

fn call() -> Context {
    let text = |text: &str| text.to_owned();
    Context {
        body: text(r#"{"a": [1, {"b": [[[2]]]}], "c": "text"}"#),
        query: BTreeMap::from([(text("q"), text("v"))]),
        ..Context::default()
    }
}

fn run(template: &str) {
    lint(template, Makes::Request, &Stages::default());
    if let Ok(template) = parse(template) {
        let _ = evaluate(&template, &call());
    }
}

#[test]
fn arbitrary_texts_are_read_without_a_panic() {
    let piece = prop_oneof![9 => select(&PIECES[..]).prop_map(str::to_owned), 1 => any::<String>()];
    let text = proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    for template in generated(&text, 4000) {
        run(&template);
    }
}

#[test]
fn arbitrary_json_paths_are_read_without_a_panic() {
    let pieces = [
        "$", "@", ".", "..", "*", "a", "a-b", "[", "]", "0", "-1", ":", ",", "'a'", "\"", "?", "(", ")", "@.a", "==",
        "!", "&&", "||", "length()", "size()", "keys()", "1", " ", "é",
    ];
    let text = proptest::collection::vec(select(pieces.to_vec()), 0..15).prop_map(|pieces| pieces.concat());
    for path in generated(&text, 4000) {
        run(&format!("$input.path('{}')|$input.json(\"{}\")", path.replace('\'', "''"), path.replace('"', "\"\"")));
    }
}

#[test]
fn no_piece_repeated_takes_long_or_overflows_the_stack() {
    for piece in PIECES {
        for template in [piece.repeat(20_000), format!("{}{}", piece.repeat(90), ")]}\"' #end".repeat(90))] {
            let start = Instant::now();
            run(&template);
            let took = start.elapsed();
            assert!(took < Duration::from_secs(60), "{} times {piece:?} took {took:?}", template.len() / piece.len());
        }
    }
}

#[test]
fn loops_and_growth_are_bounded() {
    let endless = [
        "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])x#end#end#end",
        "#set($x = 'xxxxxxxx')#foreach($i in [1..100])#set($x = \"$x$x\")#end",
        "#set($x = [1])#foreach($i in [1..100])#set($r = $x.addAll($x))#end",
        "#set($x = [1,2,3,4,5,6,7,8,9])#foreach($i in [1..100])#set($x = [$x,$x])#end$x",
        "#set($x = [])#set($r = $x.add($x))$x",
        "#set($x = {})#set($r = $x.put('x', $x))$x",
        "#define($x)$x#end$x",
        "#set($x = [1..999999999999])",
        "#set($x = 'a')#foreach($i in [1..500])#set($x = $x.replaceAll('a', 'aaaaaaaa'))#end",
        "#set($l = [])#set($r = $l)#foreach($i in [1..1000])#foreach($j in [1..1000])#set($n = [])#set($q = $l.add($n))#set($l = $n)#end#end$r",
        "#foreach($i in [1..1000])#foreach($j in [1..1000])$input.path('$..*')#end#end",
    ];
    for template in endless {
        let start = Instant::now();
        let parsed = parse(template).unwrap_or_else(|error| panic!("{template}: {error}"));
        assert!(evaluate(&parsed, &call()).is_err(), "{template}");
        assert!(start.elapsed() < Duration::from_secs(60), "{template} took {:?}", start.elapsed());
    }
    // As on API Gateway: a loop ends after 1000 rounds, and the template goes on.
    let parsed = parse("#foreach($i in [1..5000])x#end.").expect("a template");
    assert_eq!(evaluate(&parsed, &call()).expect("an output").text.len(), 1001);
}
