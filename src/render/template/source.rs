//! How the value of one argument gets from the call into the request.

use std::fmt::Write;

use super::{escaped, quoted};
use crate::actions::{Argument, Kind};
use crate::api::{ArgumentSource, StepFunctionsApiSpec};
use crate::render::Problems;

/// How one argument gets into the request.
pub(super) struct Fragment {
    /// Directives before the object.
    pub(super) set: String,
    /// The JSON value, quotes included.
    pub(super) value: String,
    /// Condition under which there is one; `None` for always.
    pub(super) present: Option<String>,
    /// The caller's text as an expression, before it is escaped; `None` for a text of the spec.
    pub(super) text: Option<String>,
}

/// The fragment of an argument. `variable` is a name of its own in the template.
pub(super) fn fragment(
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
