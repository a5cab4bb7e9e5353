//! The request to Step Functions: the user's template, or one made from the method's arguments.

use std::fmt::Write;

use super::source::fragment;
use crate::actions::{Action, Argument, Kind};
use crate::api::{self, ArgumentSource, StepFunctionsApiSpec};
use crate::model::{Integration, StateMachineArn};
use crate::render::{Problems, method_field};

/// Longest mapping template, in bytes.
const TEMPLATE_MAX: usize = 300 * 1024;

/// The template that makes the request of a method's action.
pub(in crate::render) fn request(
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
