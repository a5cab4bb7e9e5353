//! Mapping templates: the request to Step Functions, and the answer to the caller.
//!
//! A caller's text only ever appears inside a JSON string that the template opens and closes, escaped; so no input can
//! add, replace or drop a key. Literals from the spec have `$` and `#` as JSON escapes, so that Velocity sees neither.

use std::fmt::Write;

use super::{Problems, method_field};
use crate::actions::{Action, Argument, Kind, answers};
use crate::api::{self, ArgumentSource, StepFunctionsApiSpec};
use crate::model::{Integration, StateMachineArn};

/// The escape function turns an apostrophe into `\'`, which is not JSON
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>).
const UNESCAPE_APOSTROPHE: &str = r#".replaceAll("\\'","'")"#;

/// Longest mapping template, in bytes.
const TEMPLATE_MAX: usize = 300 * 1024;

/// The template that makes the request of a method's action.
pub(super) fn request(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    action: &Action,
    problems: &mut Problems,
) -> String {
    if let Some(request) = &method.request {
        return users(spec, method, &request.template, problems);
    }
    if method.state_machine.is_none() && method.arguments.is_empty() {
        return Integration::PASS_BODY.to_owned();
    }
    generated(spec, method, action, problems)
}

/// A hand-written template.
fn users(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    source: &api::TemplateSource,
    problems: &mut Problems,
) -> String {
    let named = |name: &String| {
        let field = format!("spec.templates[{name}].body");
        spec.templates.iter().find(|template| template.name == *name).map(|template| (field, &template.body))
    };
    let here = format!("{}.request.template", method_field(method));
    let found = match (&source.inline, &source.name) {
        (Some(text), _) => Some((format!("{here}.inline"), text)),
        (None, Some(name)) => named(name),
        (None, None) => None,
    };
    let Some((field, text)) = found else {
        problems.add(format!("{here}.name"), "is not the name of an entry of spec.templates");
        return String::new();
    };
    if text.contains("${AWS::") {
        problems.add(&field, "API Gateway replaces ${AWS::...} when the template is imported; write it otherwise");
    }
    if text.len() > TEMPLATE_MAX {
        problems.add(&field, format!("has {} bytes, and API Gateway allows {TEMPLATE_MAX}", text.len()));
    }
    text.clone()
}

/// Holds for a body that has fields to look for; what is no JSON has none, and no body at all reads as `{}`.
const READABLE: &str = "($json != \"\" || $body == \"{}\")";

/// A template from arguments: required ones always, optional ones when they have a value. Without a required one the
/// request is `[]`, which Step Functions refuses before it looks at permissions: a 400, and not the 500 of a role that may
/// not describe the execution "".
fn generated(spec: &StepFunctionsApiSpec, method: &api::Method, action: &Action, problems: &mut Problems) -> String {
    let sources = sources(spec, method, action, problems);
    let (mut set, mut always, mut sometimes, mut needed) = (String::new(), Vec::new(), String::new(), Vec::new());
    if sources.iter().any(|(_, source)| source.body_field.is_some()) {
        set.push_str("#set($json = \"$!input.path('$')\")#set($body = \"$input.body\")");
        needed.push(READABLE.to_owned());
    }
    for (index, (argument, source)) in sources.iter().enumerate() {
        let field = format!("{}.arguments.{}", method_field(method), argument.name);
        let Some(fragment) = fragment(&format!("v{index}"), argument, source, &field, spec, problems) else { continue };
        set.push_str(&fragment.set);
        if argument.kind == Kind::Execution
            && let (Some(text), Some(prefix)) = (&fragment.text, executions(spec, method))
        {
            let _ = write!(set, "{prefix}#set($execution = \"{text}\")");
            needed.push("$execution.startsWith($executions)".to_owned());
        }
        let member = format!("\"{}\":{}", argument.name, fragment.value);
        match fragment.present {
            Some(present) if !argument.required => {
                let _ = write!(sometimes, "#if({present}),{member}#end");
            }
            present => {
                always.push(member);
                needed.extend(present);
            }
        }
    }
    let object = format!("{{{}{sometimes}}}", always.join(","));
    if needed.is_empty() {
        return set + &object;
    }
    format!("{set}#if({}){object}#else[]#end", needed.join(" && "))
}

/// Sets `$executions` to how the ARNs of the method's machine's executions start; `None` if it names no machine. The role
/// is one for all methods, so it does not keep this method to its machine.
fn executions(spec: &StepFunctionsApiSpec, method: &api::Method) -> Option<String> {
    let name = method.state_machine.as_ref()?;
    let machine = spec.state_machines.iter().find(|machine| machine.name == *name)?;
    if let Some(variable) = &machine.stage_variable {
        return Some(format!(
            "#set($m = $stageVariables.get('{variable}').split(\":\"))\
             #set($executions = \"$m[0]:$m[1]:$m[2]:$m[3]:$m[4]:execution:$m[6]:\")"
        ));
    }
    let arn = StateMachineArn::parse(machine.arn.as_ref()?).ok()?;
    Some(format!("#set($executions = \"{}\")", arn.executions().trim_end_matches('*')))
}

/// The arguments that a request has, in the catalogue's order, defaults included; so the required one comes first.
fn sources(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    action: &Action,
    problems: &mut Problems,
) -> Vec<(&'static Argument, ArgumentSource)> {
    let field = method_field(method);
    for name in method.arguments.keys() {
        if !action.arguments.iter().any(|argument| argument.name == name) {
            problems.add(format!("{field}.arguments.{name}"), unknown_argument(name, action));
        }
    }
    let machine = method.state_machine.as_ref().and_then(|name| {
        let machine = spec.state_machines.iter().find(|machine| machine.name == *name);
        if machine.is_none() {
            problems.add(format!("{field}.stateMachine"), format!("{name:?} is not an entry of spec.stateMachines"));
        }
        machine.map(|machine| ArgumentSource {
            value: machine.arn.clone(),
            stage_variable: machine.stage_variable.clone(),
            ..ArgumentSource::default()
        })
    });
    let mut sources = Vec::new();
    for argument in action.arguments {
        let given = method.arguments.get(argument.name).cloned();
        let source = match (argument.kind, &machine) {
            (Kind::StateMachine, Some(machine)) => {
                if given.is_some() {
                    let field = format!("{field}.arguments.{}", argument.name);
                    problems.add(field, "stateMachine already gives it; remove one of them");
                }
                Some(machine.clone())
            }
            (Kind::Json, Some(_)) => {
                given.or_else(|| Some(ArgumentSource { body: Some(api::WholeBody {}), ..ArgumentSource::default() }))
            }
            _ => given,
        };
        match source {
            Some(source) => sources.push((argument, source)),
            None if argument.required => problems.add(
                format!("{field}.arguments.{}", argument.name),
                format!(
                    "missing: {} needs it; say where it comes from, such as {{query: {}}}",
                    action.name, argument.name
                ),
            ),
            None => {}
        }
    }
    sources
}

fn unknown_argument(name: &str, action: &Action) -> String {
    let names: Vec<&str> = action.arguments.iter().map(|argument| argument.name).collect();
    let near = names.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
    let near = near.filter(|near| strsim::jaro_winkler(name, near) > 0.8);
    let hint = near.map_or(".".to_owned(), |near| format!("; did you mean {near}?"));
    format!("{} has no such argument{hint} It has {}", action.name, names.join(", "))
}

/// How one argument gets into the request.
struct Fragment {
    /// Directives before the object.
    set: String,
    /// The JSON value, quotes included.
    value: String,
    /// Condition under which there is one; `None` for always.
    present: Option<String>,
    /// The caller's text as an expression, before it is escaped; `None` for a text of the spec.
    text: Option<String>,
}

/// The fragment of an argument. `variable` is a name of its own in the template.
fn fragment(
    variable: &str,
    argument: &Argument,
    source: &ArgumentSource,
    field: &str,
    spec: &StepFunctionsApiSpec,
    problems: &mut Problems,
) -> Option<Fragment> {
    let json = argument.kind == Kind::Json;
    if let Some(text) = &source.value {
        return literal(argument, text, field, problems);
    }
    if source.body.is_some() {
        // $input.body and not $input.json('$'): the latter makes "" of null, of nothing and of what is no JSON.
        return Some(Fragment {
            set: String::new(),
            value: quoted("$input.body"),
            present: None,
            text: Some("$input.body".to_owned()),
        });
    }
    if let Some(path) = &source.body_field {
        let set = format!("#set(${variable} = \"$!input.path('{path}')\")");
        let present = format!("${variable} != \"\"");
        // For JSON an empty string is a value, unlike null and no field, which read the same.
        let (value, present) = if json {
            let empty = format!("\"$!input.path('{path}').length()\" == \"0\"");
            (quoted(&format!("$input.json('{path}')")), format!("{present} || {empty}"))
        } else {
            (quoted(&format!("${variable}")), present)
        };
        return Some(Fragment { set, value, present: Some(present), text: Some(format!("${variable}")) });
    }
    let mut shadowed = String::new();
    let read = if let Some(name) = &source.query {
        format!("$!input.params().querystring.get('{name}')")
    } else if let Some(name) = &source.path {
        format!("$!input.params().path.get('{name}')")
    } else if let Some(name) = &source.header {
        // The map of headers has names as they were sent. This lookup takes any case, but a path or query parameter of
        // the name comes first, and must not pass for the header.
        let others = format!("$!input.params().path.get('{name}')$!input.params().querystring.get('{name}')");
        let exactly = format!("$!input.params().header.get('{name}')");
        shadowed = format!("#if(\"{others}\" != \"\")#set(${variable} = \"{exactly}\")#end");
        format!("$!input.params('{name}')")
    } else if let Some(name) = &source.stage_variable {
        for stage in spec.stages.iter().filter(|stage| !stage.variables.contains_key(name)) {
            let missing = format!("spec.stages[{}].variables.{name}", stage.name);
            problems.add(missing, format!("missing: {field} reads it"));
        }
        format!("$!stageVariables.get('{name}')")
    } else if let Some(name) = &source.context {
        if !CONTEXT.contains(&name.as_str()) {
            let message = format!("API Gateway has no $context.{name}; there are {}", CONTEXT.join(", "));
            problems.add(format!("{field}.context"), message);
        }
        format!("$!context.{name}")
    } else {
        problems.add(field, "give exactly one source");
        return None;
    };
    let mut set = format!("#set(${variable} = \"{read}\"){shadowed}");
    let mut value = quoted(&format!("${variable}"));
    if json {
        // The text becomes a JSON string, and that string's text the argument.
        let _ = write!(set, "#set(${variable}j = {})", escaped(&format!("${variable}")));
        value = format!("\"\\\"{}\\\"\"", escaped(&format!("${variable}j")));
    }
    let text = Some(format!("${variable}"));
    Some(Fragment { set, value, present: Some(format!("${variable} != \"\"")), text })
}

/// A text of the spec.
fn literal(argument: &Argument, text: &str, field: &str, problems: &mut Problems) -> Option<Fragment> {
    match argument.kind {
        Kind::Json => {
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
                problems.add(format!("{field}.value"), format!("{} has to be JSON text: {error}", argument.name));
            }
        }
        Kind::Enum(words) if !words.contains(&text) => {
            problems.add(format!("{field}.value"), format!("{text:?} is not one of {}", words.join(", ")));
        }
        _ => {}
    }
    let value = serde_json::to_string(text).ok()?.replace('$', "\\u0024").replace('#', "\\u0023");
    Some(Fragment { set: String::new(), value, present: None, text: None })
}

fn escaped(expression: &str) -> String {
    format!("$util.escapeJavaScript({expression}){UNESCAPE_APOSTROPHE}")
}

fn quoted(expression: &str) -> String {
    format!("\"{}\"", escaped(expression))
}

/// Members of `$context` that a mapping template has for every kind of authorization here
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>).
const CONTEXT: [&str; 23] = [
    "accountId",
    "apiId",
    "deploymentId",
    "domainName",
    "domainPrefix",
    "extendedRequestId",
    "httpMethod",
    "identity.accountId",
    "identity.caller",
    "identity.principalOrgId",
    "identity.sourceIp",
    "identity.user",
    "identity.userAgent",
    "identity.userArn",
    "identity.vpcId",
    "path",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "resourceId",
    "resourcePath",
    "stage",
];

/// The answer to a 200 of Step Functions; `None` passes it on as it is.
pub(super) fn success(action: &Action) -> Option<String> {
    // StartSyncExecution answers 200 even when the workflow failed.
    action.waits.then(|| {
        let failure =
            format!("{{\"error\":{},\"message\":{},\"requestId\":{REQUEST_ID}}}", quoted("$error"), quoted("$message"));
        format!(
            "#set($status = \"$!input.path('$.status')\")#set($error = \"$!input.path('$.error')\")\
             #set($message = \"$!input.path('$.cause')\")#if($error == \"\")#set($error = \"Execution$status\")#end\
             #if($status == \"FAILED\")#set($context.responseOverride.status = 502){failure}\
             #elseif($status == \"TIMED_OUT\")#set($context.responseOverride.status = 504){failure}\
             #else$input.json('$')#end"
        )
    })
}

/// `requestId` itself can be set by clients.
const REQUEST_ID: &str = "\"$context.extendedRequestId\"";

/// The answer to a 4xx of Step Functions: the status and name of the error's type.
pub(super) fn refused(action: &Action) -> String {
    let mut template = "#set($type = \"$!input.path('$.__type')\")#set($message = \"$!input.path('$.message')\")\
                        #if($message == \"\")#set($message = \"$!input.path('$.Message')\")#end\n"
        .to_owned();
    let mut keyword = "#if";
    for answer in answers(action) {
        let _ = write!(
            template,
            "{keyword}($type.contains(\"{0}\"))#set($status = {1})#set($error = \"{0}\")",
            answer.error, answer.status
        );
        if let Some(message) = answer.message {
            let _ = write!(template, "#set($message = \"{message}\")");
        }
        keyword = "\n#elseif";
    }
    let _ = write!(
        template,
        "\n#else#set($status = 400)#set($error = \"BadRequest\")#end\n#set($context.responseOverride.status = $status)\n{{\"error\":\"$error\",\"message\":{},\"requestId\":{REQUEST_ID}}}",
        quoted("$message")
    );
    template
}

/// The answer to a 5xx of Step Functions.
pub(super) fn failed() -> String {
    format!(
        "{{\"error\":\"ServiceFailure\",\"message\":\"AWS Step Functions failed; try again\",\"requestId\":{REQUEST_ID}}}"
    )
}
