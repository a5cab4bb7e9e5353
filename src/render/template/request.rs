//! The request to Step Functions: the user's template, or one made from the method's arguments.

use super::arguments::{self, Given};
use super::builder::{Builder, Condition};
use super::users::{TEMPLATE_MAX, users};
use super::{value, wanted};
use crate::actions::{self, Action, ArnKind, Kind};
use crate::api::{self, StepFunctionsApiSpec};
use crate::model::{Integration, MethodKey, StateMachineArn};
use crate::render::{Problems, method_field};
use crate::vtl::Makes;

/// The template that makes the request of a method's action.
pub(in crate::render) fn request(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    action: &Action,
    problems: &mut Problems,
) -> String {
    if let Some(template) = method.request.as_ref().and_then(|request| request.template.as_ref()) {
        let field = format!("{}.request.template", method_field(method));
        let text = users(spec, &field, template, Makes::Request, problems);
        wanted::check(action, &text, &field, problems);
        return text;
    }
    let (builder, object) = made(spec, method, action, problems);
    let template = builder.finish(&object);
    if template.len() > TEMPLATE_MAX {
        let field = format!("{}.arguments", method_field(method));
        problems
            .add(field, format!("make a template of {} bytes, and API Gateway allows {TEMPLATE_MAX}", template.len()));
    }
    template
}

/// What must hold of calls of a method, or the template that is made for it has Step Functions refuse them.
pub fn conditions(spec: &StepFunctionsApiSpec, of: &MethodKey) -> Vec<Condition> {
    let is_it = |method: &&api::Method| method.path == of.path && method.method.as_str() == of.verb;
    let own = |method: &&api::Method| {
        method.integration.is_some() || method.request.as_ref().is_some_and(|request| request.template.is_some())
    };
    let method = spec.methods.iter().find(is_it).filter(|method| !own(method));
    let action = method.and_then(|method| Some((method, actions::find(&method.action)?)));
    let Some((method, action)) = action else { return Vec::new() };
    made(spec, method, action, &mut Problems::default()).0.conditions()
}

/// The request that is made of the arguments, or of a body that is the action's own request.
fn made<'a>(
    spec: &'a StepFunctionsApiSpec,
    method: &'a api::Method,
    action: &Action,
    problems: &'a mut Problems,
) -> (Builder<'a>, String) {
    if method.state_machine.is_none() && method.arguments.is_empty() {
        return body(Builder::new(spec, method, problems), action);
    }
    generated(spec, method, action, problems)
}

/// A template that passes on a body that is the action's own request, as it was sent, if it has what the action needs.
fn body<'a>(mut builder: Builder<'a>, action: &Action) -> (Builder<'a>, String) {
    for one_of in arguments::needed(action) {
        let given = one_of.iter().map(|argument| {
            let (variable, path) = (builder.variable(), format!("$.{}", argument.name));
            builder.set(&format!("#set({variable} = \"$!input.path('{path}')\")"));
            let given = format!("{variable} != \"\"");
            // An empty text may be a value.
            let may_be_empty = matches!(argument.kind, Kind::Text(length) | Kind::Json(length) if length.min == 0);
            if may_be_empty { format!("{given} || {}", value::is_empty_text(&path)) } else { given }
        });
        let given: Vec<String> = given.collect();
        let field = format!("{}.action", method_field(builder.method));
        let names: Vec<&str> = one_of.iter().map(|argument| argument.name).collect();
        builder.need(&field, format!("the body has no {}", names.join(" or ")), format!("({})", given.join(" || ")));
    }
    (builder, Integration::PASS_BODY.to_owned())
}

/// A template from arguments: required ones always, optional ones when they have a value.
fn generated<'a>(
    spec: &'a StepFunctionsApiSpec,
    method: &'a api::Method,
    action: &Action,
    problems: &'a mut Problems,
) -> (Builder<'a>, String) {
    let all = arguments::given(spec, method, action, problems);
    let mut builder = Builder::new(spec, method, problems);
    let mut members = Vec::new();
    for Given { argument, source, required } in &all {
        let field = format!("{}.arguments.{}", method_field(method), argument.name);
        let Some(mut part) = value::argument(&mut builder, argument, source, &field, 1) else { continue };
        if let (Some(text), Kind::Arn(kind, _)) = (part.text.take(), argument.kind) {
            keep_to_the_machine(&mut builder, kind, &text, &field);
        }
        if *required && let Some(present) = part.present.take() {
            let present = if present.contains(" || ") { format!("({present})") } else { present };
            builder.need(&field, "the call has none", present);
        }
        members.push((argument.name.to_owned(), part));
    }
    let object = builder.join(members, 1);
    (builder, object)
}

/// Refuses ARNs of executions and Map Runs of other machines than the method's. The role is one for all methods, so it
/// does not keep this method to its machine.
fn keep_to_the_machine(builder: &mut Builder<'_>, kind: ArnKind, text: &str, field: &str) {
    let (resource, end) = match kind {
        ArnKind::Execution => ("execution", ":"),
        ArnKind::MapRun => ("mapRun", "/"),
        ArnKind::StateMachine | ArnKind::Activity | ArnKind::Role => return,
    };
    let name = builder.method.state_machine.as_ref();
    let machine = name.and_then(|name| builder.spec.state_machines.iter().find(|machine| machine.name == *name));
    let start = match machine.map(|machine| (&machine.stage_variable, &machine.arn)) {
        Some((Some(variable), _)) => format!(
            "#set($m = $stageVariables.get('{variable}').split(\":\"))\
             #set($start = \"$m[0]:$m[1]:$m[2]:$m[3]:$m[4]:{resource}:$m[6]{end}\")"
        ),
        Some((None, Some(arn))) => match StateMachineArn::parse(arn) {
            Ok(arn) => format!("#set($start = \"{}\")", arn.start_of(resource, end)),
            Err(_) => return,
        },
        _ => return,
    };
    let whole = builder.variable();
    builder.set(&format!("{start}#set({whole} = \"{text}\")"));
    let message = format!("the call's value is the {resource} of another machine than the method's");
    builder.need(field, message, format!("{whole}.startsWith($start)"));
}
