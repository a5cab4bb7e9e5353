//! What API Gateway checks of a request before Step Functions is called.

use std::collections::BTreeMap;

use super::{Problems, method_field};
use crate::api::{self, StepFunctionsApiSpec};
use crate::model::{Parameter, Validation};

/// The content type that a model is for. A method with a model serves this one only: of a body of another type API Gateway
/// checks nothing
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>).
pub(super) const MODEL_CONTENT_TYPE: &str = "application/json";

/// The method's model by content type.
pub(super) fn models(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    problems: &mut Problems,
) -> BTreeMap<String, String> {
    let Some(name) = method.request.as_ref().and_then(|request| request.model.as_ref()) else {
        return BTreeMap::new();
    };
    if !spec.models.iter().any(|model| model.name == *name) {
        let field = format!("{}.request.model", method_field(method));
        problems.add(field, format!("no model {name:?}: it has to be the name of an entry of spec.models"));
    }
    BTreeMap::from([(MODEL_CONTENT_TYPE.to_owned(), name.clone())])
}

/// Adds what callers have to send to what a method reads.
pub(super) fn require(method: &api::Method, parameters: &mut BTreeMap<Parameter, bool>) {
    let Some(request) = &method.request else { return };
    let required = [("querystring", &request.required_query), ("header", &request.required_headers)];
    for (location, names) in required {
        for name in names {
            // The name of a header has no case: what an argument reads may be the same one.
            let same = |known: &Parameter| {
                known.location == location
                    && (known.name == *name || location == "header" && known.name.eq_ignore_ascii_case(name))
            };
            let known = parameters.keys().find(|known| same(known)).cloned();
            let parameter = Parameter { location: location.to_owned(), name: name.clone() };
            parameters.insert(known.unwrap_or(parameter), true);
        }
    }
}

/// The validator that a method needs; `None` if there is nothing to check. API Gateway checks variables of the path by
/// itself.
pub(super) fn of_method(
    models: &BTreeMap<String, String>,
    parameters: &BTreeMap<Parameter, bool>,
) -> Option<Validation> {
    let parameters = parameters.iter().any(|(parameter, required)| *required && parameter.location != "path");
    let body = !models.is_empty();
    (body || parameters).then_some(Validation::Checks { body, parameters })
}
