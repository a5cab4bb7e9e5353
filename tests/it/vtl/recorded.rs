//! What others recorded: API Gateway itself, and Velocity 1.7, the engine below it.

use std::collections::BTreeMap;

use serde_json::Value;
use stepgate::vtl::{Context, evaluate, parse};

/// What API Gateway printed in 2023 to 2025, as the developers of LocalStack recorded it (snapshots of the tests of their
/// Velocity, github.com/localstack/airspeed). The body is `{"name": "Steve", "no": false, "list": [1,2], "map": {"k": "v"}}`.
/// Where Velocity's documentation says otherwise, the row says what.
const API_GATEWAY: [(&str, &str); 38] = [
    // Velocity prints a reference that has no value as it is written.
    ("Hello $nobody", "Hello "),
    ("Hello $!nobody", "Hello "),
    ("[$n.name]", "[]"),
    // Velocity takes null for false.
    ("#if($nobody)yes#end", "yes"),
    ("#if(${a.b.c})yes#end", "yes"),
    ("#if(!$nobody)yes#end", ""),
    ("#if($no)yes#end", ""),
    ("#if(!$no && !$no)yes#end", "yes"),
    ("#if($no || $nobody)yes#end", "yes"),
    ("#if($nobody) one #else two #end", " one "),
    ("#if($no)a#{else}b#{end}c", "bc"),
    ("Hello ${name}. $name}. $ ", "Hello Steve. Steve}. $ "),
    // Spaces: those before a directive stay, a line that ends with one has no end.
    ("a\n  #set($m = {\n \"k\": 1 } )\n  {x}", "a\n    {x}"),
    ("a\n#if(true)\nb##\n#end", "a\nb"),
    ("a#if(true)x\n#end.\n#if(true)y#end z", "ax\n.\ny z"),
    ("## c\na\nb## $c", "a\nb"),
    ("a#*\n c *#\n b", "a\n b"),
    // No escapes in strings but the doubled quote.
    ("#set($x = \"\\\\a\\nb\")$x", "\\\\a\\nb"),
    ("#set($x = \"{\"\"a\"\": 2}\")$x", "{\"a\": 2}"),
    ("#set($x = \"\\$name is my name\")$x", "$name is my name"),
    // Escapes in text.
    ("\\$name \\\\$name \\\\ \\# \\$ \\#end \\# end", "$name \\Steve \\\\ \\# \\$ #end \\# end"),
    ("\\#set( $name = 1 )", "#set( Steve = 1 )"),
    ("#set($x = 100.0 / 50)$x #set($x = .5*.1)$x", "2.00.05"),
    ("#set($x = 2 + 5 * 4)$x", "22"),
    ("#set($x = 4 > 2 + 5)$x", "false"),
    ("#set($x = {})#set($x['b'] = 'f')$x", "{b=f}"),
    ("#set($x = {'k1': 'v1', 'k2': 'v2'})$x.toString()", "{k1=v1, k2=v2}"),
    ("#set($x = ['one', 'two'])#set($x[1] = 'foo')$x", "[one, foo]"),
    ("#set($x = $map.put('k', 'new'))$x - $map.k", "v - new"),
    ("#set($x = {})#set($i = $x.put('k', null))#if(\"$x.k\" == \"\")none#end", "none"),
    ("#foreach($i in [2..-1])$i,#end", "2,1,0,-1,"),
    ("#foreach($i in $list)$i$velocityCount$foreach.index#if($velocityHasNext),#end#end$!i", "110,221"),
    ("#foreach($i in $nobody)x#end", ""),
    ("#define($d)$foreach.index#end#foreach($i in [1,2])$d#end $d()", "01 ()"),
    ("a#stop b", "a"),
    // Macros and what runs text are not carried out.
    ("#macro(m)x#end\n#m()", "#m()"),
    ("#evaluate($name)", "#evaluate($name)"),
    ("#13ff93 \"#\"", "#13ff93 \"#\""),
];

fn printed(template: &str, call: &Context) -> String {
    let output = parse(template).and_then(|template| evaluate(&template, call));
    output.unwrap_or_else(|error| panic!("{template}: {error}")).text
}

#[test]
fn api_gateways_own_outputs_come_out() {
    let body = r#"{"name": "Steve", "no": false, "list": [1,2], "map": {"k": "v"}}"#;
    let call = Context { body: body.to_owned(), ..Context::default() };
    let set: String =
        ["name", "no", "list", "map"].map(|name| format!("#set(${name} = $input.path('$.{name}'))")).concat();
    for (template, wanted) in API_GATEWAY {
        assert_eq!(printed(&format!("{set}{template}"), &call), wanted, "{template}");
    }
}

#[test]
fn api_gateway_fails_on_what_is_refused() {
    let refused = [
        "Hello $",
        "#",
        "Hello ${name.",
        "#if(true)a#endOff",
        "#if(1)true!#end #end ",
        "#if(true)a#else b#elseif(true)c#end",
        "#foreach($i in [1])a",
        "#set($x = \"\\\"b\\\"\")",
        "#else x",
        "#if ( $hello )\n\n#elseif blah",
    ];
    for template in refused {
        assert!(parse(template).is_err(), "{template}");
    }
    let error = parse("#if ( $hello )\n\n#elseif blah").expect_err("no condition");
    assert_eq!(error.to_string(), "line 3, column 9: expected the ( of #elseif, found \"blah\"");
}

#[test]
fn velocitys_own_outputs_come_out() {
    let file: Value = serde_json::from_str(include_str!("velocity.json")).expect("JSON");
    let texts =
        |name: &str| -> BTreeMap<String, String> { serde_json::from_value(file[name].clone()).expect("texts by name") };
    let call = Context {
        body: file["body"].as_str().expect("a text").to_owned(),
        path: texts("path"),
        query: texts("query"),
        headers: texts("headers"),
        stage_variables: texts("stageVariables"),
        context: file["context"].as_object().expect("an object").clone(),
        ..Context::default()
    };
    let cases: Vec<(String, String)> = serde_json::from_value(file["cases"].clone()).expect("pairs of texts");
    assert!(cases.len() > 300);
    for (template, wanted) in cases {
        assert_eq!(printed(&template, &call), wanted, "{template}");
    }
}

/// Velocity 1.7 writes an escaped reference as it stands in the template (ASTReference.render, `literal()`).
#[test]
fn an_escaped_reference_is_text_with_its_arguments() {
    let call = Context { body: r#"{"a": 1}"#.to_owned(), ..Context::default() };
    assert_eq!(printed("\\$util.urlEncode($input.body) $input.body", &call), "$util.urlEncode($input.body) {\"a\": 1}");
    assert_eq!(printed("\\${input.body} \\\\$input.body", &call), "${input.body} \\{\"a\": 1}");
}
