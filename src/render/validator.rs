//! What API Gateway checks of a request before Step Functions is called.

use std::collections::BTreeMap;

use super::{Problems, method_field, required};
use crate::actions::Action;
use crate::api::{self, StepFunctionsApiSpec};
use crate::model::{Models, Parameter};

/// The content type that a model is for. A method with a model of the spec serves this one only: of a body of another type
/// API Gateway checks nothing, and its template refuses what lacks something
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>).
pub(super) const MODEL_CONTENT_TYPE: &str = "application/json";

/// The method's model by content type: the spec's, or one of what the action needs of the body, which is added to all
/// models.
pub(super) fn models(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    action: Option<&Action>,
    all: &mut Models,
    problems: &mut Problems,
) -> BTreeMap<String, String> {
    let name = match method.request.as_ref().and_then(|request| request.model.as_ref()) {
        Some(name) if spec.models.iter().any(|model| model.name == *name) => Some(name.clone()),
        Some(name) => {
            let field = format!("{}.request.model", method_field(method));
            problems.add(field, format!("no model {name:?}: it has to be the name of an entry of spec.models"));
            None
        }
        None => action.and_then(|action| required::model(method, action)).map(|(name, schema)| {
            all.insert(name.clone(), schema);
            name
        }),
    };
    name.map(|name| (MODEL_CONTENT_TYPE.to_owned(), name)).into_iter().collect()
}

/// Adds what callers have to send to what a method reads: what the spec says, and what the action needs.
pub(super) fn require(method: &api::Method, action: Option<&Action>, parameters: &mut BTreeMap<Parameter, bool>) {
    let request = method.request.as_ref();
    let asked = request.into_iter().flat_map(|request| {
        let query = request.required_query.iter().map(|name| ("querystring", name));
        query.chain(request.required_headers.iter().map(|name| ("header", name)))
    });
    let asked = asked.map(|(location, name)| Parameter::new(location, name));
    let needed = action.map(|action| required::parameters(method, action)).unwrap_or_default();
    for parameter in asked.chain(needed) {
        // The name of a header has no case: what an argument reads may be the same one.
        let same = |known: &Parameter| {
            known.location == parameter.location
                && (known.name == parameter.name
                    || parameter.location == "header" && known.name.eq_ignore_ascii_case(&parameter.name))
        };
        let known = parameters.keys().find(|known| same(known)).cloned();
        parameters.insert(known.unwrap_or(parameter), true);
    }
}
