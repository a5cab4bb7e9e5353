//! What an action wants of the request that a template of the user's makes.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::actions::Action;
use crate::render::Problems;
use crate::spelling::instead;
use crate::vtl;

/// A member that tells a template that hands the caller's body on: what is in it then is the caller's business.
const MARK: &str = "stepgateSample";

/// Warns when the template, for requests that have all that it reads, leaves out a required argument, or gives what the
/// action does not know: Step Functions refuses the one and ignores the other.
pub(super) fn check(action: &Action, text: &str, field: &str, problems: &mut Problems) {
    if text.trim().is_empty() {
        return problems.warn(field, format!("the template is blank, and {} answers no blank request", action.name));
    }
    let outputs = vtl::outputs(text, MARK);
    let outputs: Vec<Map<String, Value>> =
        outputs.iter().filter_map(|output| serde_json::from_str(output).ok()).collect();
    if outputs.is_empty() || outputs.iter().any(|output| output.contains_key(MARK)) {
        return;
    }
    let given: BTreeSet<&str> = outputs.iter().flat_map(Map::keys).map(String::as_str).collect();
    let names = || action.arguments.iter().map(|argument| argument.name);
    for wrong in given.iter().filter(|name| action.argument(name).is_none()) {
        let instead = instead(wrong, names());
        problems.warn(field, format!("the template gives {wrong:?}, which {} does not know{instead}", action.name));
    }
    let required = action.arguments.iter().filter(|argument| argument.required);
    for argument in required.filter(|argument| !given.contains(argument.name)) {
        let (name, action) = (argument.name, action.name);
        problems.warn(field, format!("the template gives no {name}, without which {action} answers 400"));
    }
}
