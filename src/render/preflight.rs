//! Tests of methods: the calls that they make.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{Problems, method_field};
use crate::actions;
use crate::api::{self, StepFunctionsApiSpec};
use crate::model::{MethodKey, MethodTest, Segment};

/// Most tests of an object. Each is a call of API Gateway's control plane, which takes ten a second of all its users.
const TESTS_MAX: usize = 50;

/// What stands for something else in a query: everything but RFC 3986's unreserved characters.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A segment of a path also has RFC 3986's `sub-delims`, `:` and `@` as they are: an ARN stays readable.
const SEGMENT: &AsciiSet = &QUERY
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

pub(super) fn render(spec: &StepFunctionsApiSpec, problems: &mut Problems) -> Vec<MethodTest> {
    let mut tests = Vec::new();
    for method in &spec.methods {
        let starts = actions::find(&method.action).is_some_and(actions::Action::starts_execution);
        for test in &method.tests {
            let field = format!("{}.tests[{}]", method_field(method), test.name);
            if starts && !test.starts_execution {
                problems.add(
                    format!("{field}.startsExecution"),
                    format!("has to be true: {} starts a real execution in each test", method.action),
                );
            }
            tests.extend(call(spec, method, test, &field, problems));
        }
    }
    if tests.len() > TESTS_MAX {
        let text = format!("have {} tests, and {TESTS_MAX} are allowed: each is a request to AWS", tests.len());
        problems.add("spec.methods", text);
    }
    tests
}

fn call(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    test: &api::MethodTest,
    field: &str,
    problems: &mut Problems,
) -> Option<MethodTest> {
    let name = test.stage.as_ref().or(spec.stages.first().map(|stage| &stage.name))?;
    let Some(stage) = spec.stages.iter().find(|stage| stage.name == *name) else {
        problems.add(format!("{field}.stage"), format!("{name:?} is not an entry of spec.stages"));
        return None;
    };
    let mut stage_variables = stage.variables.clone();
    stage_variables.extend(test.stage_variables.clone());
    let body = test.body.as_ref().map(|body| match body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let verb = match method.method {
        api::Verb::Any if body.is_some() => "POST",
        api::Verb::Any => "GET",
        other => other.as_str(),
    };
    Some(MethodTest {
        method: MethodKey { path: method.path.clone(), verb: method.method.as_str().to_owned() },
        name: test.name.clone(),
        verb: verb.to_owned(),
        path_and_query: path_and_query(&method.path, test, field, problems),
        headers: test.headers.clone(),
        body,
        stage_variables,
        status: test.expect.status,
        expected_headers: test.expect.headers.clone(),
        expected_body: test.expect.body.clone(),
        starts_execution: actions::find(&method.action).is_some_and(actions::Action::starts_execution),
        show_body: test.show_body,
    })
}

/// The path with its variables filled in, and the query.
fn path_and_query(path: &str, test: &api::MethodTest, field: &str, problems: &mut Problems) -> String {
    let segment_of = |text: &str| utf8_percent_encode(text, SEGMENT).to_string();
    let encoded = |text: &str| utf8_percent_encode(text, QUERY).to_string();
    let mut unused: Vec<&String> = test.path_variables.keys().collect();
    let segments = path.split('/').map(|segment| {
        let parsed = Segment::parse(segment);
        let Some(name) = parsed.variable() else { return segment.to_owned() };
        unused.retain(|given| *given != name);
        let value = test.path_variables.get(name).map(String::as_str).unwrap_or_default();
        if value.is_empty() {
            problems.add(format!("{field}.pathVariables.{name}"), "missing: the path has it");
        }
        // A greedy variable takes several segments.
        match parsed {
            Segment::Greedy(_) => value.split('/').map(segment_of).collect::<Vec<_>>().join("/"),
            _ => segment_of(value),
        }
    });
    let path = segments.collect::<Vec<_>>().join("/");
    for name in unused {
        problems.add(format!("{field}.pathVariables.{name}"), "the path has no such variable");
    }
    let query: Vec<String> =
        test.query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}
