//! The answer to the caller when Step Functions refuses or fails.

use std::fmt::Write;

use super::{literal, quoted};
use crate::actions::{Action, answers};
use crate::api::Response;
use crate::render::Problems;
use crate::spelling::instead;

/// `requestId` itself can be set by clients.
const REQUEST_ID: &str = "\"$context.extendedRequestId\"";

/// The body of every error. Both arguments are JSON strings, quotes included.
pub(super) fn error_body(error: &str, message: &str) -> String {
    format!("{{\"error\":{error},\"message\":{message},\"requestId\":{REQUEST_ID}}}")
}

/// A directive that sets the status for the caller.
pub(super) fn set_status(status: &str) -> String {
    format!("#set($context.responseOverride.status = {status})")
}

/// The answer to a 4xx of Step Functions: the status and name of the error's type. `field` is the response's.
pub(in crate::render) fn refused(action: &Action, response: &Response, field: &str, problems: &mut Problems) -> String {
    check_names(action, response, field, problems);
    let mut template = "#set($type = \"$!input.path('$.__type')\")#set($message = \"$!input.path('$.message')\")\
                        #if($message == \"\")#set($message = \"$!input.path('$.Message')\")#end\n"
        .to_owned();
    // Messages of the table and of the spec stand in the text, where nothing reads them again.
    let mut messages = String::new();
    let mut keyword = "#if";
    for answer in answers(action) {
        let own = response.errors.get(answer.error);
        let status = own.and_then(|own| own.status).unwrap_or(answer.status.into());
        let _ = write!(
            template,
            "{keyword}($type.contains(\"{0}\"))#set($status = {status})#set($error = \"{0}\")",
            answer.error
        );
        if let Some(message) = own.and_then(|own| own.message.as_deref()).or(answer.message) {
            let keyword = if messages.is_empty() { "#if" } else { "#elseif" };
            let _ = write!(messages, "{keyword}($error == \"{}\"){}", answer.error, literal(message));
        }
        keyword = "\n#elseif";
    }
    let _ = write!(
        template,
        "\n#else#set($status = 400)#set($error = \"BadRequest\")#end#if($message == \"\")#set($message = $error)#end\n\
         {}\n{}",
        set_status("$status"),
        error_body("\"$error\"", &format!("{messages}#else{}#end", quoted("$message")))
    );
    template
}

fn check_names(action: &Action, response: &Response, field: &str, problems: &mut Problems) {
    let names: Vec<&str> = answers(action).map(|answer| answer.error).collect();
    for name in response.errors.keys().filter(|name| !names.contains(&name.as_str())) {
        let instead = instead(name, names.iter().copied());
        problems.add(format!("{field}.errors.{name}"), format!("{} has no such error{instead}", action.name));
    }
}

/// The answer to a 5xx of Step Functions.
pub(in crate::render) fn failed() -> String {
    error_body("\"ServiceFailure\"", "\"AWS Step Functions failed; try again\"")
}
