//! Templates of all that Velocity has and the emulators have, generated.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, prop_oneof};
use proptest::sample::select;

fn number(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (0..20_i32).prop_map(|number| number.to_string()),
        Just("$input.path('$.number')".to_owned()),
        Just("$n".to_owned()),
        Just("$input.path('$.list').size()".to_owned()),
        Just("$s.length()".to_owned()),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let signs = select(vec!["+", "-", "*"]);
    let sum = (number(depth - 1), signs, number(depth - 1)).prop_map(|(a, sign, b)| format!("({a} {sign} {b})"));
    let division =
        (number(depth - 1), select(vec!["/", "%"]), 1..9).prop_map(|(a, sign, b)| format!("({a} {sign} {b})"));
    // Division only of what is not negative: Python rounds down, Java towards zero.
    prop_oneof![4 => leaf, 2 => sum, 1 => division.prop_filter("no difference below", |text| !text.contains('-'))]
        .boxed()
}

fn string(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        select(vec!["'plain'", "\"double\"", "\"with $n in it\"", "\"${s}!\"", "\"\"\"quoted\"\"\""])
            .prop_map(str::to_owned),
        select(vec![
            "$s",
            "$input.path('$.text')",
            "$input.params('q')",
            "$input.params('X-Trace')",
            "$input.params('id')"
        ])
        .prop_map(str::to_owned),
        select(vec![
            "$stageVariables.text",
            "$stageVariables.get('text')",
            "$context.stage",
            "$input.path('$.list[0]')"
        ])
        .prop_map(str::to_owned),
        select(vec!["$input.path('$.map').get('a')", "${input.path('$.map').b}", "$input.path('$.list').get(0)"])
            .prop_map(str::to_owned),
        select(vec!["$s.replaceAll('x','y')", "$s.substring(0,1)", "$input.params().querystring.get('q')"])
            .prop_map(str::to_owned),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let escaped = string(0).prop_map(|text| format!(r#"$util.escapeJavaScript({text}).replaceAll("\\'","'")"#));
    prop_oneof![4 => leaf, 1 => escaped, 1 => Just("$util.base64Encode($s)".to_owned())].boxed()
}

fn condition(depth: u32) -> BoxedStrategy<String> {
    let signs = select(vec!["==", "!=", "<", ">", "<=", ">=", "eq", "ne", "lt", "gt", "le", "ge"]);
    let numbers = (number(1), signs, number(1)).prop_map(|(a, sign, b)| format!("{a} {sign} {b}"));
    let strings = (string(0), select(vec!["==", "!="]), string(0)).prop_map(|(a, sign, b)| format!("{a} {sign} {b}"));
    let calls = select(vec![
        "$s.contains('x')",
        "$s.startsWith('x')",
        "$input.path('$.list').contains('x')",
        "$s.matches('x.*')",
    ]);
    let leaf = prop_oneof![
        numbers,
        strings,
        calls.prop_map(str::to_owned),
        select(vec!["true", "false", "$input.path('$.flag')"]).prop_map(str::to_owned),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let signs = select(vec!["&&", "||", "and", "or"]);
    let both =
        (condition(depth - 1), signs, condition(depth - 1)).prop_map(|(a, sign, b)| format!("({a}) {sign} ({b})"));
    let not = condition(depth - 1).prop_map(|inner| format!("!({inner})"));
    prop_oneof![4 => leaf, 2 => both, 1 => not].boxed()
}

/// The value of a directive or a text, with the variables $n (a number) and $s (a text) set.
pub fn template() -> BoxedStrategy<String> {
    let plain =
        select(vec![" {\"a\": ", "\n", " ", " [1,2]", "text", "}", ", ", "\"q\"", "é", "'"]).prop_map(str::to_owned);
    let printed = prop_oneof![
        string(1).prop_filter("only references print", |text| text.starts_with('$')),
        number(0).prop_filter("only references print", |text| text.starts_with('$')),
        select(vec!["$input.json('$.list')", "$input.json('$.text')", "$input.json('$.number')", "$input.json('$')"])
            .prop_map(str::to_owned),
    ];
    let set = prop_oneof![
        number(2).prop_map(|number| format!("#set($n = {number})\n")),
        string(1).prop_map(|string| format!("#set($s = {string})")),
        (100..600).prop_map(|status| format!("#set($context.responseOverride.status = {status})")),
        string(0).prop_map(|string| format!("#set($context.responseOverride.header.X-Made = {string})")),
    ];
    let leaf = prop_oneof![3 => plain, 4 => printed, 2 => set, 1 => Just("## a comment\n".to_owned())];
    let node = leaf.prop_recursive(3, 24, 4, |inner| {
        let block = || vec(inner.clone(), 0..3).prop_map(|parts| parts.concat());
        let lists =
            select(vec!["$input.path('$.list')", "[1..3]", "['a', 'b']", "[$n, $s]", "$input.path('$.map').keySet()"]);
        let inside = select(vec![
            "$item",
            "$foreach.count:$item",
            "$foreach.index",
            "#if($foreach.hasNext),#end",
            "$velocityCount",
        ]);
        prop_oneof![
            (condition(1), block(), block())
                .prop_map(|(condition, yes, no)| format!("#if({condition}) {yes} #{{else}} {no} #end ")),
            (condition(1), block(), condition(0), block())
                .prop_map(|(one, yes, two, no)| format!("#if({one}) {yes} #elseif({two}) {no} #end ")),
            (lists, inside, block())
                .prop_map(|(list, inside, block)| format!("#foreach($item in {list}) {inside} {block} #end ")),
        ]
    });
    vec(node, 1..6).prop_map(|nodes| format!("#set($n = 3)#set($s = $input.path('$.text')){}.", nodes.concat())).boxed()
}

/// Templates that hold for every body: no number is calculated with, no text is cut.
pub fn of_any_call() -> BoxedStrategy<String> {
    let sources = select(vec![
        "\"$!input.path('$.name')\"",
        "$input.params('q')",
        "$input.params('X-Trace')",
        "$input.params('id')",
        "$input.body",
        "$input.json('$')",
        "$input.json('$.order.items[0]')",
        "$input.json('$.order.items[0].value')",
        "$stageVariables.text",
        "$stageVariables['text']",
        "$context.requestId",
        "$v",
        "$input.params().header.get('X-Arn')",
        "\"it's \"\"$v\"\"\"",
        "'$v #end'",
        "\"${v}:$input.params('q')#if(true)yes#end\"",
    ])
    .prop_map(str::to_owned);
    let calls = (
        sources.clone(),
        select(vec![
            "$util.escapeJavaScript(X)",
            r#"$util.escapeJavaScript(X).replaceAll("\\'","'")"#,
            "$util.base64Encode(X)",
            "$util.urlEncode(X)",
            "$util.urlDecode($util.urlEncode(X))",
            "$util.base64Decode($util.base64Encode(X))",
            "X",
        ]),
    )
        .prop_map(|(source, call)| call.replace('X', &source));
    let plain = select(vec!["{\"a\": \"", "\"}", "\n", "\r\n", "\t", " ", "text", "é😀", "\\", "'", "$", "#", "{}"])
        .prop_map(str::to_owned);
    let printed = calls.clone().prop_filter("only references print", |text| text.starts_with('$'));
    let set = calls.prop_map(|value| format!("#set($v = {value})"));
    let found = select(vec![
        "$v == $input.params('id')",
        "$v != ''",
        "$input.path('$.name') == $v",
        "!($v == 'x')",
        "$input.body != '{}' && $v != 'x'",
    ]);
    let leaf = prop_oneof![3 => plain, 4 => printed, 2 => set];
    let node = leaf.prop_recursive(2, 12, 3, move |inner| {
        let block = || vec(inner.clone(), 0..3).prop_map(|parts| parts.concat());
        prop_oneof![
            (found.clone(), block(), block())
                .prop_map(|(found, yes, no)| format!("#if({found})<{yes}>#{{else}}<{no}>#end")),
            block().prop_map(|block| format!("#foreach($i in ['a', $v, 'c'])${{i}}{block}<$foreach.index>#end")),
        ]
    });
    // And no name that a piece after it makes longer.
    let whole = vec(node, 1..6).prop_map(|nodes| format!("#set($v = 'start'){}.", nodes.concat()));
    whole
        .prop_filter("no comment or escape that takes an #end", |text| {
            ["##", "\\#", "$text", "$vtext"].iter().all(|piece| !text.contains(piece))
        })
        .boxed()
}
