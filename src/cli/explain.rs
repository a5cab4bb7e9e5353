//! `stepgate explain`.

use clap::Args;

use super::output::print;
use crate::api::Reason;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The reason, such as Denied
    reason: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), String> {
    let wanted = |reason: &Reason| match &arguments.reason {
        Some(name) => reason.to_string().eq_ignore_ascii_case(name),
        None => true,
    };
    let found: Vec<Reason> = Reason::ALL.into_iter().filter(wanted).collect();
    if found.is_empty() {
        let all: Vec<String> = Reason::ALL.iter().map(ToString::to_string).collect();
        return Err(format!("no reason {:?}; there are {}", arguments.reason.as_deref().unwrap_or(""), all.join(", ")));
    }
    let texts = found.iter().map(|reason| format!("{reason}\n    {}\n\n", reason.explanation()));
    print(&texts.collect::<String>())
}
