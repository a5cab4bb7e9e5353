//! Which arguments a method's request has, and where each comes from.

use crate::actions::{Action, Argument, ArnKind, Kind};
use crate::api::{self, ArgumentSource, StateMachine, StepFunctionsApiSpec};
use crate::model::StateMachineArn;
use crate::render::{Problems, method_field};
use crate::spelling::instead;

/// An argument of a request.
pub(super) struct Given {
    pub(super) argument: &'static Argument,
    pub(super) source: ArgumentSource,
    /// Whether the request is refused when the call lacks it.
    pub(super) required: bool,
}

/// The arguments that a request has, in the catalogue's order, defaults included.
pub(super) fn given(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    action: &Action,
    problems: &mut Problems,
) -> Vec<Given> {
    let field = method_field(method);
    for name in method.arguments.keys().filter(|name| action.argument(name).is_none()) {
        problems.add(format!("{field}.arguments.{name}"), unknown_argument(name, action));
    }
    let machine = machine(spec, method, action, problems);
    // With both it would be for the executions of two things.
    let of_map_run = action.name == LIST_EXECUTIONS && method.arguments.contains_key("mapRunArn");
    let mut found = Vec::new();
    for argument in action.arguments {
        let here = format!("{field}.arguments.{}", argument.name);
        let written = method.arguments.get(argument.name).cloned();
        let source = match (argument.kind, machine) {
            (Kind::Arn(ArnKind::StateMachine, _), Some(machine)) if !of_map_run => {
                if written.is_some() {
                    problems.add(&here, "stateMachine already gives it; remove one of them");
                }
                Some(arn_of(machine, action))
            }
            (Kind::Json(_), Some(_)) => {
                written.or_else(|| Some(ArgumentSource { body: Some(api::WholeBody {}), ..ArgumentSource::default() }))
            }
            _ => written,
        };
        match source {
            Some(source) => found.push(Given { argument, source, required: argument.required }),
            None if argument.required => problems.add(here, missing(argument.name, action)),
            None => {}
        }
    }
    if action.name == LIST_EXECUTIONS {
        one_of_two(&mut found, &field, action, problems);
    }
    found
}

/// It has no required argument, but takes exactly one of two
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>).
const LIST_EXECUTIONS: &str = "ListExecutions";
const ONE_OF_TWO: [&str; 2] = ["stateMachineArn", "mapRunArn"];

/// What a request of the action needs: of each list one.
pub(in crate::render) fn needed(action: &Action) -> Vec<Vec<&'static Argument>> {
    if action.name == LIST_EXECUTIONS {
        return vec![ONE_OF_TWO.iter().filter_map(|name| action.argument(name)).collect()];
    }
    action.arguments.iter().filter(|argument| argument.required).map(|argument| vec![argument]).collect()
}

/// Notes what is wrong with the two arguments of which a request takes one.
fn one_of_two(found: &mut [Given], field: &str, action: &Action, problems: &mut Problems) {
    let of_what = |given: &&mut Given| ONE_OF_TWO.contains(&given.argument.name);
    let mut of_what: Vec<&mut Given> = found.iter_mut().filter(of_what).collect();
    match of_what.as_mut_slice() {
        [] => {
            problems.add(format!("{field}.arguments.stateMachineArn"), missing("stateMachineArn or mapRunArn", action))
        }
        [one] => one.required = true,
        _ => problems.add(format!("{field}.arguments.mapRunArn"), "stateMachineArn is given, too; remove one of them"),
    }
}

fn machine<'a>(
    spec: &'a StepFunctionsApiSpec,
    method: &api::Method,
    action: &Action,
    problems: &mut Problems,
) -> Option<&'a StateMachine> {
    let name = method.state_machine.as_ref()?;
    let field = format!("{}.stateMachine", method_field(method));
    if !action.is_of_a_machine() {
        problems.add(field, format!("{} has nothing to do with a state machine; remove this", action.name));
        return None;
    }
    let machine = spec.state_machines.iter().find(|machine| machine.name == *name);
    if machine.is_none() {
        problems.add(field, format!("{name:?} is not an entry of spec.stateMachines"));
    }
    machine
}

fn arn_of(machine: &StateMachine, action: &Action) -> ArgumentSource {
    let unqualified = |arn: &String| StateMachineArn::parse(arn).map_or(arn.clone(), |parsed| parsed.unqualified());
    ArgumentSource {
        value: machine.arn.as_ref().map(|arn| if action.of_whole_machines() { unqualified(arn) } else { arn.clone() }),
        stage_variable: machine.stage_variable.clone(),
        ..ArgumentSource::default()
    }
}

fn missing(name: &str, action: &Action) -> String {
    let first = name.split(' ').next().unwrap_or(name);
    format!("missing: {} needs {name}; say where it comes from, such as {{query: {first}}}", action.name)
}

fn unknown_argument(name: &str, action: &Action) -> String {
    let names = action.arguments.iter().map(|argument| argument.name);
    format!("{} has no such argument{}", action.name, instead(name, names))
}
