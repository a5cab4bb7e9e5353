//! What the linter says, where, and what it does not say.

use stepgate::vtl::{Finding, Makes, Severity, Stages, lint};

use super::pairs;

fn stages() -> Stages {
    Stages { variables: ["arn".to_owned(), "machine".to_owned(), "text".to_owned()].into() }
}

fn findings(template: &str) -> Vec<Finding> {
    lint(template, Makes::Request, &stages())
}

/// Template, severity, start of the finding and a part of it. Each has this finding only.
const FOUND: [(&str, Severity, &str, &str); 29] = [
    ("{\n  \"a\": #if($input.body == \"\")1", Severity::Error, "line 2, column 8: ", "#if has no #end"),
    ("{}\n#end", Severity::Error, "line 2, column 1: ", "#end has no #if, #foreach or #define before it"),
    ("{}#else", Severity::Error, "line 1, column 3: ", "#else has no #if before it"),
    (
        "#foreach($i in [1])x#else#end",
        Severity::Error,
        "line 1, column 21: ",
        "#else cannot stand here, in the #foreach of line 1, column 1",
    ),
    ("{\"a\": $input.json('$.a'}", Severity::Error, "line 1, column 24: ", "expected the ) of json("),
    ("#set($a = )", Severity::Error, "line 1, column 11: ", "expected a value"),
    ("#set(a = 1)", Severity::Error, "line 1, column 6: ", "expected a reference such as $name"),
    ("#set($a = \"x)", Severity::Error, "line 1, column 11: ", "the string has no closing \""),
    (
        "#foreach($i of $x)a#end",
        Severity::Error,
        "line 1, column 13: ",
        "expected the word in of #foreach($item in $list)",
    ),
    ("{\"a\": \"${context.stage\"}", Severity::Error, "line 1, column 23: ", "expected the } of ${context"),
    ("#[[ {}", Severity::Error, "line 1, column 1: ", "#[[ has no ]]#"),
    ("{\"price\": 5}$", Severity::Error, "line 1, column 13: ", "a template cannot end with $"),
    ("{\"a\": $input.jsn('$.a')1}", Severity::Warning, "line 1, column 14: ", "and no jsn; did you mean json?"),
    (
        "{\"a\": \"$input.headers\"}",
        Severity::Warning,
        "line 1, column 15: ",
        "$input has body, json, params, path, and no headers",
    ),
    (
        "{\"a\": \"$util.parseJsn('x')\"}",
        Severity::Warning,
        "line 1, column 14: ",
        "and no parseJsn; did you mean parseJson?",
    ),
    (
        "{\"a\": \"$context.requestIdd\"}",
        Severity::Warning,
        "line 1, column 17: ",
        "$context has no requestIdd; did you mean requestId?",
    ),
    ("{\"a\": \"$context.identity.sourceIP\"}", Severity::Warning, "line 1, column 26: ", "did you mean sourceIp?"),
    (
        "{\"a\": \"$stageVariables.arm\"}",
        Severity::Warning,
        "line 1, column 24: ",
        "not every stage gives the variable arm; did you mean arn?",
    ),
    (
        "{\"a\": \"$inputs.body\"}",
        Severity::Warning,
        "line 1, column 8: ",
        "$inputs is never set, and prints as nothing; did you mean input?",
    ),
    (
        "{\"a\": \"$context.stage-x\"}",
        Severity::Warning,
        "line 1, column 17: ",
        "$context has no stage-x; did you mean stage?",
    ),
    (
        "#set($input_ = 1){\"a\": \"$input_-\"}",
        Severity::Warning,
        "line 1, column 25: ",
        "- belongs to the name input_-; write ${...input_} before it",
    ),
    ("#macro(m){}#end{}", Severity::Warning, "line 1, column 1: ", "API Gateway does not carry out #macro"),
    (
        "{}#if($input.path('$.a').get($input.path('$.b') + 1) == 1)#end",
        Severity::Warning,
        "line 1, column 30: ",
        "Velocity takes no calculation in get()",
    ),
    (
        "{\"input\": \"$util.escapeJavaScript($input.body)\"}",
        Severity::Warning,
        "line 1, column 12: ",
        "turns ' into \\', which is not JSON",
    ),
    (
        "#set($b = $util.escapeJavaScript($input.body)){\"input\": \"$b\"}",
        Severity::Warning,
        "line 1, column 58: ",
        "for values that are texts with quotes the output is not JSON",
    ),
    (
        "{\"a\": \"$input.params('q')\"}",
        Severity::Warning,
        "line 1, column 8: ",
        "for values that are texts with quotes the output is not JSON",
    ),
    (
        "{\"a\": $input.path('$.n')}",
        Severity::Warning,
        "line 1, column 7: ",
        "for values that are texts with quotes the output is not JSON",
    ),
    (
        "{\"a\": $input.json('$.n'),}",
        Severity::Warning,
        "line 1, column 25: ",
        "for any request the output is not JSON: key must be a string",
    ),
    ("{\"a\": \"b\"", Severity::Warning, "line 1, column 1: ", "the output is not JSON: EOF"),
];

#[test]
fn each_mistake_is_found_at_its_place_with_what_to_do() {
    for (template, severity, at, says) in FOUND {
        let found = findings(template);
        let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(
            found.len() == 1 && found[0].severity == severity && texts[0].starts_with(at) && texts[0].contains(says),
            "{template}\nwanted {severity:?} {at}...{says}\n{found:#?}"
        );
    }
}

/// Templates that people use, and that work.
const GOOD: [&str; 12] = [
    "$input.body",
    "$input.json('$')",
    r##"{"input": "$util.escapeJavaScript($input.json('$')).replaceAll("\\'","'")", "stateMachineArn": "$stageVariables.arn"}"##,
    r##"{"input": "$util.escapeJavaScript($input.body).replaceAll("\\'", "'")", "stateMachineArn": "${stageVariables['arn']}"}"##,
    r##"#set($inputRoot = $input.path('$')){"id": $input.json('$.id'), "n": $inputRoot.items.size()}"##,
    r##"#set($all = $input.params()){"params": {#foreach($type in $all.keySet())#set($params = $all.get($type))"$type": {#foreach($name in $params.keySet())"$name": "$util.escapeJavaScript($params.get($name)).replaceAll("\\'","'")"#if($foreach.hasNext),#end#end}#if($foreach.hasNext),#end#end}}"##,
    r##"{"items": [#foreach($item in $input.path('$.items')){"id": $item.id.length()}#if($foreach.hasNext),#end#end]}"##,
    r##"{"ip": "$context.identity.sourceIp", "sub": "$context.authorizer.claims.sub", "any": "$context.authorizer.tenant"}"##,
    r##"#if($input.params('q') != ""){"q": "$util.urlEncode($input.params('q'))"}#else{}#end"##,
    r##"{"price": "5$ #1 #13ff93 \$input", "s": "$context.stage"}"##,
    "#set($context.requestOverride.header.X-Amz-Target = \"AWSStepFunctions.StartExecution\")$input.body",
    "## a comment\n#* and\nanother *#\n$input.body",
];

#[test]
fn templates_that_work_have_no_findings() {
    for template in GOOD {
        assert_eq!(findings(template), [], "{template}");
    }
    for (template, request) in pairs::rendered() {
        let makes = if request { Makes::Request } else { Makes::Response };
        let found = lint(&template, makes, &stages());
        // Which stages there are is not known here.
        let found: Vec<Finding> =
            found.into_iter().filter(|finding| !finding.message.contains("gives the variable")).collect();
        assert_eq!(found, [], "{template}");
    }
}

/// The AWS tutorial's own template is a warning and no error.
#[test]
fn the_template_of_the_aws_tutorial_is_warned_about_its_apostrophes() {
    let template = "{\n   \"input\": \"$util.escapeJavaScript($input.json('$'))\",\n   \"stateMachineArn\": \
                    \"arn:aws:states:us-east-1:123456789012:stateMachine:HelloWorld\"\n}";
    let found = findings(template);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].severity, Severity::Warning);
    assert_eq!(
        found[0].to_string(),
        "line 2, column 14: $util.escapeJavaScript turns ' into \\', which is not JSON: a value with an apostrophe breaks \
         the request; add .replaceAll(\"\\\\'\",\"'\") after it, as AWS's reference says"
    );
}
