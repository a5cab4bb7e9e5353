//! Methods: of the ways to write one, the shortest that comes to what the API has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{authorizer, rendered};
use crate::actions::{self, ArnKind, Kind};
use crate::api::{
    ArgumentSource, Authorization, AuthorizationType, Authorizer, IntegrationResponse, Method, MethodIntegration,
    PassthroughBehavior, Request, StateMachine, StepFunctionsApiSpec, TemplateSource, Verb,
};
use crate::model::{self, Backend, Credentials, Definition, Integration, MethodKey, Owner, Parameter, StateMachineArn};

/// In the URI of every integration with an action of Step Functions.
pub(super) const STATES: &str = ":states:action/";

/// Adds the methods that can be described to the spec, with the machines and authorizers that they need; answers the
/// others, with why not.
pub(super) fn describe(
    owner: &Owner,
    spec: &mut StepFunctionsApiSpec,
    definition: &Definition,
) -> BTreeMap<MethodKey, String> {
    let mut left_out = BTreeMap::new();
    for (key, method) in &definition.methods {
        if let Err(why) = one(owner, spec, definition, key, method) {
            left_out.insert(key.clone(), why);
        }
    }
    left_out
}

fn one(
    owner: &Owner,
    spec: &mut StepFunctionsApiSpec,
    definition: &Definition,
    key: &MethodKey,
    found: &model::Method,
) -> Result<(), String> {
    let integration = found.integration.as_ref().ok_or("it has no integration")?;
    let bare = bare(spec, definition, key, found, integration)?;
    let authorizer = match &found.authorization {
        model::Authorization::Authorizer { name, .. } => Some(authorizer::describe(name, definition)?),
        _ => None,
    };
    // A put declares the variables of a path, and changes nothing for callers by that.
    let mut found = found.clone();
    found.parameters.extend(model::Parameter::of_path(&key.path));
    let found = &found;
    let mut difference = String::new();
    for (method, machine) in candidates(&bare, found, integration) {
        let mut whole = spec.clone();
        let known = |new: &StateMachine| spec.state_machines.iter().any(|known| known.name == new.name);
        whole.state_machines.extend(machine.filter(|new| !known(new)));
        let known = |new: &Authorizer| spec.authorizers.iter().any(|known| known.name == new.name);
        whole.authorizers.extend(authorizer.clone().filter(|new| !known(new)));
        whole.methods.push(method.clone());
        // Alone it renders faster, and what is wrong is its own.
        let mut alone = whole.clone();
        alone.methods = vec![method];
        alone.stages.iter_mut().for_each(|stage| stage.methods.clear());
        let used = authorizer.as_ref().map(|authorizer| &authorizer.name);
        alone.authorizers.retain(|known| Some(&known.name) == used);
        match rendered(owner, &alone) {
            Ok(desired) => {
                let made = desired.rest_api.and_then(|api| api.definition.methods.get(key).cloned());
                match made {
                    Some(made) if made == *found => {
                        *spec = whole;
                        return Ok(());
                    }
                    made => difference = differs(found, made.as_ref()),
                }
            }
            Err(problems) => difference = problems.join("; "),
        }
    }
    Err(difference)
}

/// What every way to write the method has.
fn bare(
    spec: &StepFunctionsApiSpec,
    definition: &Definition,
    key: &MethodKey,
    found: &model::Method,
    integration: &Integration,
) -> Result<Method, String> {
    let Backend::Aws { uri, credentials } = &integration.backend else {
        return Err(match &integration.backend {
            Backend::Other(kind) => format!("its integration is {kind}, not an action of Step Functions"),
            _ => "its integration is MOCK, not an action of Step Functions".to_owned(),
        });
    };
    let place = format!(":apigateway:{}{STATES}", spec.region);
    let Some((_, action)) = uri.split_once(&place) else {
        return Err(format!("it calls {uri}, not an action of Step Functions in {}", spec.region));
    };
    let role = spec.role.as_ref().and_then(|role| role.arn.as_deref());
    if !matches!(credentials, Credentials::Given(arn) if Some(arn.as_str()) == role) {
        return Err("it has another role than the other methods, or none".to_owned());
    }
    let verb: Verb = serde_json::from_value(json!(key.verb)).map_err(|_| format!("{} is not a verb here", key.verb))?;
    let (kind, name, scopes) = match &found.authorization {
        model::Authorization::None => (AuthorizationType::None, None, BTreeSet::new()),
        model::Authorization::Iam => (AuthorizationType::Iam, None, BTreeSet::new()),
        model::Authorization::Authorizer { name, scopes } => (AuthorizationType::Lambda, Some(name), scopes.clone()),
        model::Authorization::Other(other) => return Err(format!("its authorization is {other}")),
    };
    let kind = if name.is_some_and(|name| authorizer::is_cognito(name, definition)) {
        AuthorizationType::Cognito
    } else {
        kind
    };
    let required = |location: &str| -> Vec<String> {
        let all = found.parameters.iter().filter(|(parameter, required)| **required && parameter.location == location);
        all.map(|(parameter, _)| parameter.name.clone()).collect()
    };
    let (required_query, required_headers) = (required("querystring"), required("header"));
    let model = found.models.get("application/json").cloned();
    let request = Request { template: None, model, required_query, required_headers };
    let plain = request.model.is_none() && request.required_query.is_empty() && request.required_headers.is_empty();
    // Declared as required, and checked by nobody.
    let checked = found.validation.is_some();
    Ok(Method {
        path: key.path.clone(),
        method: verb,
        action: action.to_owned(),
        state_machine: None,
        authorization: Authorization { kind, authorizer: name.cloned(), scopes: scopes.into_iter().collect() },
        api_key_required: found.api_key_required,
        arguments: BTreeMap::new(),
        timeout_millis: Some(integration.timeout_millis).filter(|millis| *millis != Integration::TIMEOUT_MILLIS),
        request: Some(request).filter(|_| !plain && checked),
        response: None,
        integration: None,
        tests: Vec::new(),
    })
}

/// The ways to write it, the shortest first, each with the state machine that it needs.
fn candidates(bare: &Method, found: &model::Method, integration: &Integration) -> Vec<(Method, Option<StateMachine>)> {
    let template = integration.request_templates.get("application/json");
    let machines = template.map(|text| machines_in(text)).unwrap_or_default();
    let machines: Vec<Option<StateMachine>> = machines.into_iter().map(Some).chain([None]).collect();
    // What the action needs is asked for without a word.
    let nothing_asked = bare.request.as_ref().map(|_| Method { request: None, ..bare.clone() });
    let mut ways = Vec::new();
    for bare in nothing_asked.iter().chain([bare]) {
        ways.push((bare.clone(), None));
        for machine in &machines {
            for arguments in arguments(bare, found) {
                let state_machine = machine.as_ref().map(|machine| machine.name.clone());
                ways.push((Method { arguments, state_machine, ..bare.clone() }, machine.clone()));
            }
        }
    }
    if let Some(text) = template {
        let mut request = bare.request.clone().unwrap_or(Request {
            template: None,
            model: None,
            required_query: Vec::new(),
            required_headers: Vec::new(),
        });
        request.template = Some(TemplateSource { name: None, inline: Some(text.clone()) });
        ways.push((Method { request: Some(request), ..bare.clone() }, None));
    }
    let exact = exact(found, integration, bare);
    ways.push((Method { integration: Some(exact), ..bare.clone() }, None));
    ways
}

/// State machines that a template may be for.
fn machines_in(template: &str) -> Vec<StateMachine> {
    let named = |name: &str, arn: Option<String>, stage_variable: Option<String>| StateMachine {
        name: name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(64).collect(),
        arn,
        arn_from: None,
        stage_variable,
        reference: None,
    };
    let variables = template.split("stageVariables.get('").skip(1).filter_map(|rest| rest.split_once('\''));
    let mut machines: Vec<StateMachine> = variables.map(|(name, _)| named(name, None, Some(name.to_owned()))).collect();
    for text in template.split('"') {
        if StateMachineArn::parse(text).is_ok() {
            let name = text.split(":stateMachine:").nth(1).unwrap_or("machine").to_owned();
            machines.push(named(&name, Some(text.to_owned()), None));
        }
    }
    machines.dedup();
    machines
}

/// Arguments to try: none, and one of the required ones from one of the declared parameters.
fn arguments(bare: &Method, found: &model::Method) -> Vec<BTreeMap<String, ArgumentSource>> {
    let mut tried = vec![BTreeMap::new()];
    let Some(action) = actions::find(&bare.action) else { return tried };
    let machine = |kind: Kind| matches!(kind, Kind::Arn(ArnKind::StateMachine, _));
    for argument in action.arguments.iter().filter(|argument| argument.required || machine(argument.kind)) {
        for Parameter { location, name } in found.parameters.keys() {
            let name = Some(name.clone());
            let source = match location.as_str() {
                "querystring" => ArgumentSource { query: name, ..ArgumentSource::default() },
                "header" => ArgumentSource { header: name, ..ArgumentSource::default() },
                _ => ArgumentSource { path: name, ..ArgumentSource::default() },
            };
            tried.push(BTreeMap::from([(argument.name.to_owned(), source)]));
        }
    }
    tried
}

/// The integration to the letter.
fn exact(found: &model::Method, integration: &Integration, bare: &Method) -> MethodIntegration {
    let checked = bare.request.is_some();
    let declared = found
        .parameters
        .iter()
        .filter(|(parameter, required)| parameter.location != "path" && (!**required || !checked));
    let responses = integration.responses.iter().map(|(status, response)| IntegrationResponse {
        status_code: status.parse().unwrap_or_default(),
        selection_pattern: response.pattern.clone(),
        headers: response.headers.clone(),
        templates: response.templates.clone(),
    });
    MethodIntegration {
        passthrough_behavior: match integration.refuses_unmatched {
            true => PassthroughBehavior::Never,
            false => PassthroughBehavior::WhenNoMatch,
        },
        request_parameters: declared.map(|(parameter, required)| (parameter.to_string(), *required)).collect(),
        request_templates: integration.request_templates.clone(),
        responses: responses.collect(),
    }
}

/// Where what was made differs, in a few words.
fn differs(found: &model::Method, made: Option<&model::Method>) -> String {
    fn walk(path: &str, from: &Value, to: &Value, paths: &mut Vec<String>) {
        match (from, to) {
            (from, to) if from == to => {}
            (Value::Object(from), Value::Object(to)) => {
                let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
                for name in names {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    walk(&path, from.get(name).unwrap_or(&Value::Null), to.get(name).unwrap_or(&Value::Null), paths);
                }
            }
            _ => paths.push(path.to_owned()),
        }
    }
    let mut paths = Vec::new();
    let made = made.map(model::json).unwrap_or_default();
    walk("", &model::json(found), &made, &mut paths);
    format!("the spec has no words for its {}", paths.join(", "))
}
