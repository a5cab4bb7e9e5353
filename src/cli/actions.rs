//! `stepgate actions`.

use std::fmt::Write;

use clap::Args;

use super::output::print;
use crate::actions::{self, Action, Argument, ArnKind, Kind, Machines, Resource};
use crate::spelling::instead;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The action, such as StartExecution
    name: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), String> {
    let Some(name) = &arguments.name else {
        return print(&table());
    };
    let names = || actions::ACTIONS.iter().map(|action| action.name);
    let named = names().find(|known| known.eq_ignore_ascii_case(name)).and_then(actions::find);
    let action = named.ok_or_else(|| format!("no action {name:?}{}", instead(name, names())))?;
    print(&one(action))
}

/// A line for each action.
fn table() -> String {
    let mut rows = vec![["ACTION", "MACHINES", "ALLOWED ON", "ARGUMENTS"].map(str::to_owned)];
    for action in &actions::ACTIONS {
        let mark = |argument: &Argument| format!("{}{}", argument.name, if argument.required { "*" } else { "" });
        let arguments: Vec<String> = action.arguments.iter().map(mark).collect();
        rows.push([action.name, machines(action), resource(action), &arguments.join(", ")].map(str::to_owned));
    }
    let mut text = columns(&rows, "");
    text.push_str("\n* required. `stepgate actions NAME` tells one's limits and errors.\n");
    text
}

/// Everything about one action.
pub(super) fn one(action: &Action) -> String {
    let mut text = format!("{}\n    {}\n\n", action.name, action.summary);
    let mut facts = vec![
        ["machines", machines(action)].map(str::to_owned),
        ["permission", &format!("states:{} on {}", action.name, resource(action))].map(str::to_owned),
    ];
    if action.resource == Resource::Any {
        facts.push(["opt-in", &format!("spec.role.unscopedActions: [{}]", action.name)].map(str::to_owned));
    }
    if let Some(seconds) = action.holds_seconds {
        facts.push(["holds a call", &format!("up to {seconds} s; see timeoutMillis")].map(str::to_owned));
    }
    text.push_str(&columns(&facts, ""));
    text.push_str("\nArguments\n");
    let mut rows = Vec::new();
    list("", action.arguments, &mut rows);
    if rows.is_empty() {
        text.push_str("    none\n");
    }
    text.push_str(&columns(&rows, "    "));
    text.push_str("\nErrors, and the status code that callers get\n");
    let errors: Vec<[String; 2]> =
        actions::answers(action).map(|answer| [answer.error.to_owned(), answer.status.to_string()]).collect();
    text.push_str(&columns(&errors, "    "));
    text
}

fn list(above: &str, arguments: &[Argument], rows: &mut Vec<[String; 3]>) {
    for argument in arguments {
        let name = format!("{above}{}", argument.name);
        let required = if argument.required { "required" } else { "" };
        rows.push([name.clone(), kind(argument.kind), required.to_owned()]);
        if let Kind::Object(members) = argument.kind {
            list(&format!("{name}."), members, rows);
        }
    }
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text(length) => format!("text, {} to {} characters", length.min, length.max),
        Kind::Name(length) => {
            format!("name, {} to {} characters, none of them blank or special", length.min, length.max)
        }
        Kind::Json(length) => format!("JSON text, up to {} bytes", length.max),
        Kind::Arn(of, length) => format!("ARN of {}, up to {} characters", arn(of), length.max),
        Kind::Enum(words) => words.join(" | "),
        Kind::Integer { min, max: Some(max) } => format!("whole number, {min} to {max}"),
        Kind::Integer { min, max: None } => format!("whole number from {min}"),
        Kind::Boolean => "true | false".to_owned(),
        Kind::Object(_) => "object".to_owned(),
    }
}

fn arn(of: ArnKind) -> &'static str {
    match of {
        ArnKind::StateMachine => "a state machine",
        ArnKind::Execution => "an execution",
        ArnKind::Activity => "an activity",
        ArnKind::MapRun => "a Map Run",
        ArnKind::Role => "a role",
    }
}

fn machines(action: &Action) -> &'static str {
    match action.machines {
        _ if !action.is_of_a_machine() => "-",
        Machines::Any => "STANDARD, EXPRESS",
        Machines::Standard => "STANDARD",
        Machines::Express => "EXPRESS",
    }
}

fn resource(action: &Action) -> &'static str {
    match action.resource {
        Resource::StateMachine => "stateMachine",
        Resource::Execution => "execution",
        Resource::Activity => "activity",
        Resource::MapRun => "mapRun",
        Resource::Any => "*",
    }
}

/// Rows as aligned lines.
fn columns<const N: usize>(rows: &[[String; N]], indent: &str) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "{indent}{}", cells.join("  ").trim_end());
    }
    text
}
