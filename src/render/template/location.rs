//! The URL where an execution that was just started can be looked at.
//!
//! It is relative to the URL of the call, which has the stage on API Gateway's own host and the base path on a custom
//! domain before the resource's path
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>, `path`).

use crate::api::{self, StepFunctionsApiSpec, Verb};
use crate::model::Segment;
use crate::render::{Problems, method_field};

/// Directives that set `$location` for an answer with an `executionArn`; `None` after noting what the API lacks for it.
pub(in crate::render) fn location(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    problems: &mut Problems,
) -> Option<String> {
    let field = format!("{}.response.location", method_field(method));
    if method.path.ends_with("+}") {
        problems
            .add(field, "the path takes any number of segments, so no URL can be relative to it; take another path");
        return None;
    }
    let describing = || spec.methods.iter().filter(|other| other.action == "DescribeExecution");
    let mut found: Vec<String> = describing().filter_map(|other| status_path(method, other).ok()).collect();
    // A resource of its own is the better address.
    found.sort_by_key(|path| path.contains('?'));
    let Some(status) = found.first() else {
        let unfit = describing().filter_map(|other| {
            let why = status_path(method, other).err()?;
            Some(format!("{} {} {why}; ", other.method.as_str(), other.path))
        });
        let unfit: String = unfit.collect();
        let machine = method.state_machine.iter().map(|name| format!("stateMachine: {name}, ")).collect::<String>();
        let text = format!(
            "{unfit}no method of this API describes what was started by its ARN alone; add one, such as {{path: \"/executions/{{executionArn}}\", \
             method: GET, action: DescribeExecution, {machine}arguments: {{executionArn: {{path: executionArn}}}}}}"
        );
        problems.add(field, text);
        return None;
    };
    Some(format!(
        "#set($arn = \"$!input.path('$.executionArn')\")#set($arn = $util.urlEncode($arn).replaceAll(\"%3A\", \":\"))\
         {}#set($location = \"${{base}}{status}\")",
        base(&method.path)
    ))
}

/// Sets `$base`, how a relative reference gets from the call's URL to where the API's paths start.
fn base(path: &str) -> String {
    let depth = path.split('/').filter(|segment| !segment.is_empty()).count();
    let up = |count: usize| if count == 0 { "./".to_owned() } else { "../".repeat(count) };
    // The last segment of an URL is replaced; of one that ends with a slash, that is nothing.
    let base = match depth.checked_sub(1) {
        Some(above) => format!("#set($base = \"{}\")", up(above)),
        None => "#set($parts = $context.path.split(\"/\"))#set($last = $parts.size() - 1)\
                 #set($base = \"$parts.get($last)/\")"
            .to_owned(),
    };
    format!("{base}#set($called = \"$context.path|\")#if($called.contains(\"/|\"))#set($base = \"{}\")#end", up(depth))
}

/// Path and query, relative to the API's root, under which a method describes the execution `$arn` that `started` began, or
/// why there is none.
fn status_path(started: &api::Method, method: &api::Method) -> Result<String, &'static str> {
    if !matches!(method.method, Verb::Get | Verb::Any) {
        return Err("is no GET");
    }
    if method.state_machine != started.state_machine {
        return Err("is for another state machine");
    }
    if method.path.ends_with("+}") {
        return Err("takes any number of segments, and an ARN is one");
    }
    let path = method.path.trim_start_matches('/');
    let variables = path.split('/').map(Segment::parse).filter(|segment| segment.variable().is_some());
    let variables: Vec<Segment<'_>> = variables.collect();
    let source = method.arguments.get("executionArn");
    let (variable, query) = source.map_or((None, None), |source| (source.path.as_ref(), source.query.as_ref()));
    let request = method.request.as_ref();
    let asks = request.is_some_and(|request| {
        !request.required_headers.is_empty() || request.required_query.iter().any(|name| Some(name) != query)
    });
    if asks {
        return Err("requires more of a call than an address has");
    }
    match (variable, query, variables.as_slice()) {
        (Some(name), _, [Segment::Variable(only)]) if name == only => {
            Ok(path.replace(&format!("{{{name}}}"), "${arn}"))
        }
        (_, Some(name), []) => Ok(format!("{path}?{}=${{arn}}", name.replace('$', "%24"))),
        _ => Err("does not take the execution's ARN, and nothing else, from its path or query"),
    }
}
