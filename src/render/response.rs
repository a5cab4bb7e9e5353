//! The answers of a method: by what Step Functions answered, with the headers of the method and of CORS.

use std::collections::{BTreeMap, BTreeSet};

use super::cors::{self, Sharing, set_header};
use super::{Problems, method_field, template};
use crate::actions::Action;
use crate::api::{self, Response, StepFunctionsApiSpec};
use crate::model::IntegrationResponse;
use crate::vtl::Makes;

/// Answers by status code. API Gateway selects by the status of Step Functions, and that is 400 for all of its errors:
/// every other status for callers is set by the template.
pub(super) fn render(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    action: &Action,
    problems: &mut Problems,
) -> BTreeMap<String, IntegrationResponse> {
    let field = format!("{}.response", method_field(method));
    let response = method.response.clone().unwrap_or_default();
    let cors = spec.cors.as_ref();
    let refused = own(spec, &response, 400, &field, problems)
        .unwrap_or_else(|| template::refused(action, &response, &field, problems));
    let failed = own(spec, &response, 500, &field, problems).unwrap_or_else(template::failed);
    let error = |pattern: &str, text| {
        let sharing = cors.map(|cors| cors::of_answer(cors, &BTreeSet::new())).unwrap_or_default();
        IntegrationResponse { pattern: Some(pattern.to_owned()), ..answer(sharing, BTreeMap::new(), Some(text)) }
    };
    let status = if response.location { "202" } else { "200" };
    BTreeMap::from([
        (status.to_owned(), success(spec, method, action, &response, problems)),
        ("400".to_owned(), error(r"4\d{2}", refused)),
        ("500".to_owned(), error(r"5\d{2}", failed)),
    ])
}

fn success(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    action: &Action,
    response: &Response,
    problems: &mut Problems,
) -> IntegrationResponse {
    let field = format!("{}.response", method_field(method));
    let directives: String = response.headers.iter().map(|(name, value)| set_header(name, value)).collect();
    let own = own(spec, response, 200, &field, problems);
    let (mut text, headers) = match (own, template::success(action, response, &directives)) {
        (None, Some(branches)) => (Some(branches), BTreeMap::new()),
        (own, _) => (own, response.headers.iter().map(|(name, value)| (name.clone(), format!("'{value}'"))).collect()),
    };
    if response.unwrap.is_some()
        && method.arguments.get("includedData").is_some_and(|source| source.value.as_deref() == Some("METADATA_ONLY"))
    {
        problems
            .add(format!("{field}.unwrap"), "with includedData METADATA_ONLY there is no output; remove one of them");
    }
    let mut names: BTreeSet<String> = response.headers.keys().cloned().collect();
    if response.location
        && let Some(location) = template::location(spec, method, problems)
    {
        let set = set_header(cors::LOCATION, "$location");
        text = Some(format!("{location}{set}{}", text.as_deref().unwrap_or(WHOLE)));
        names.insert(cors::LOCATION.to_owned());
    }
    let sharing = spec.cors.as_ref().map(|cors| cors::of_answer(cors, &names)).unwrap_or_default();
    answer(sharing, headers, text)
}

/// The body as it is, where a template is needed for its directives.
const WHOLE: &str = "$input.json('$')";

/// The user's template for that status.
fn own(
    spec: &StepFunctionsApiSpec,
    response: &Response,
    status: i32,
    field: &str,
    problems: &mut Problems,
) -> Option<String> {
    let own = response.templates.iter().find(|template| template.status == status)?;
    let field = format!("{field}.templates[{status}].template");
    let text = template::users(spec, &field, &own.template, Makes::Response, problems);
    let lower = text.to_lowercase();
    let ours = ["access-control-", "vary"].iter().filter(|_| spec.cors.is_some());
    let ours = ours.chain(response.location.then_some(&"location"));
    for name in ours.filter(|name| lower.contains(&format!("responseoverride.header.{name}"))) {
        problems.add(&field, format!("sets a header {name}..., which is set already; API Gateway answers 500 to that"));
    }
    Some(text)
}

/// An answer with that template (`None`: the body as it is), its own headers and those of CORS.
fn answer(sharing: Sharing, mut headers: BTreeMap<String, String>, template: Option<String>) -> IntegrationResponse {
    headers.extend(sharing.headers);
    let template = match (sharing.directives, template) {
        (directives, template) if directives.is_empty() => template,
        (directives, template) => Some(directives + template.as_deref().unwrap_or(WHOLE)),
    };
    IntegrationResponse {
        pattern: None,
        headers,
        templates: template.map(|text| ("application/json".to_owned(), text)).into_iter().collect(),
    }
}
