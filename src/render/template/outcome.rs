//! The answer to the caller when Step Functions answers 200, which for a workflow may mean that it failed.

use super::answer::{error_body, set_status};
use super::quoted;
use crate::actions::Action;
use crate::api::Response;

/// The status names that Step Functions gives to an execution that did not succeed, with the HTTP status for each. A
/// stopped one is a state that the caller's request conflicts with, and no failure that clients should retry.
const FAILURES: [(&str, u16); 3] = [("FAILED", 502), ("TIMED_OUT", 504), ("ABORTED", 409)];
/// Those of one that has not ended.
const RUNNING: [&str; 2] = ["RUNNING", "PENDING_REDRIVE"];

/// The answer to a 200 of Step Functions; `None` passes it on as it is. `headers` are directives that set the headers of a
/// workflow that succeeded.
pub(in crate::render) fn success(action: &Action, response: &Response, headers: &str) -> Option<String> {
    match (&response.unwrap, action.waits) {
        (Some(_), _) => Some(unwrapped(response, headers)),
        // StartSyncExecution answers 200 even when the workflow failed.
        (None, true) => {
            Some(format!("{}{}#else{headers}$input.json('$')#end", read_failure(), failures(&FAILURES[..2], "#if")))
        }
        (None, false) => None,
    }
}

/// The workflow's output is the body.
fn unwrapped(response: &Response, headers: &str) -> String {
    let running: Vec<String> = RUNNING.iter().map(|word| format!("$status == \"{word}\"")).collect();
    format!(
        "{}#set($output = \"$!input.path('$.output')\")#if($status == \"SUCCEEDED\"){}#elseif({}){}{{\"status\":\"$status\"}}{}\
         #else{}{}#end",
        read_failure(),
        output(response, headers),
        running.join(" || "),
        set_status("202"),
        failures(&FAILURES, "#elseif"),
        set_status("502"),
        failure(),
    )
}

/// The output as it is, with the status it asks for.
fn output(response: &Response, headers: &str) -> String {
    // An answer without data (includedData: METADATA_ONLY) has no output.
    let output = format!("{headers}#if($output == \"\")null#else$output#end");
    let Some(path) = &response.status_field else { return output };
    let field = path.trim_start_matches('$');
    let invalid = error_body(
        "\"InvalidStatus\"",
        &format!("\"The workflow's output has no HTTP status from 200 to 599 in {}\"", path.trim_start_matches("$.")),
    );
    // Text has a length, numbers have none; other outputs than objects have no fields.
    format!(
        "#if($output.startsWith(\"{{\"))#set($fields = $util.parseJson($output))#set($code = \"$!fields{field}\")\
         #set($length = \"$!fields{field}.length()\")#else#set($code = \"\")#set($length = \"\")#end\
         #if($code == \"\" && $length == \"\"){output}\
         #elseif($code.matches(\"[2-5][0-9][0-9]\") && $length == \"\"){}{output}#else{}{invalid}#end",
        set_status(&format!("$fields{field}")),
        set_status("502"),
    )
}

/// Sets `$status`, and `$error` and `$message` for a failure.
fn read_failure() -> String {
    "#set($status = \"$!input.path('$.status')\")#set($error = \"$!input.path('$.error')\")\
     #set($message = \"$!input.path('$.cause')\")#if($error == \"\")#set($error = \"Execution$status\")#end\
     #if($message == \"\")#set($message = \"The execution ended with status $status\")#end"
        .to_owned()
}

/// A branch for each failure.
fn failures(of: &[(&str, u16)], first: &str) -> String {
    let branch = |(index, (word, status)): (usize, &(&str, u16))| {
        let keyword = if index == 0 { first } else { "#elseif" };
        format!("{keyword}($status == \"{word}\"){}{}", set_status(&status.to_string()), failure())
    };
    of.iter().enumerate().map(branch).collect()
}

fn failure() -> String {
    error_body(&quoted("$error"), &quoted("$message"))
}
