//! The answer to the caller, made from that of Step Functions.

use std::fmt::Write;

use super::quoted;
use crate::actions::{Action, answers};

/// The answer to a 200 of Step Functions; `None` passes it on as it is.
pub(in crate::render) fn success(action: &Action) -> Option<String> {
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
pub(in crate::render) fn refused(action: &Action) -> String {
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
pub(in crate::render) fn failed() -> String {
    format!(
        "{{\"error\":\"ServiceFailure\",\"message\":\"AWS Step Functions failed; try again\",\"requestId\":{REQUEST_ID}}}"
    )
}
