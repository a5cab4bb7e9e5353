//! An API as it was observed -> a manifest that describes it. Pure.
//!
//! What is written is tried by `render`: of several ways to say the same, the shortest is taken that comes to exactly what
//! the API has. What none of them says is left out and told; with `spec.adopt` it stays as it is.

mod authorizer;
mod method;
mod settings;
mod stage;

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{Adopt, Cors, DeletionPolicy, GatewayResponses, Model, Role, StepFunctionsApiSpec, schema};
use crate::model::{
    Backend, Credentials, Definition, Desired, Method, MethodKey, Observed, ObservedRestApi, ObservedStage, Owner,
    StageName,
};
use crate::render::{Rendered, render};

/// A manifest, and what to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// What describes the API.
    pub spec: StepFunctionsApiSpec,
    /// Methods that it does not describe, and why not.
    pub left_out: BTreeMap<MethodKey, String>,
    /// What the spec would have in AWS, unless it is too wrong for that.
    pub desired: Option<Desired>,
    /// What is wrong with it.
    pub problems: Vec<String>,
}

/// Describes an API in that region, with the stages of these names, or all if there are none.
///
/// # Errors
/// With a text for people if there is nothing to describe.
pub fn import(owner: &Owner, region: &str, observed: &Observed, only: &[StageName]) -> Result<Imported, String> {
    let Some(found) = &observed.rest_api else { return Err("there is no API".to_owned()) };
    let stages = chosen(observed, only)?;
    let role = most_used_role(&found.api.definition);
    let mut spec = frame(region, found, &stages);
    spec.role = role.map(|arn| Role { arn: Some(arn), ..Role::default() });
    let mut left_out = BTreeMap::new();
    for cors in cors_of(&found.api.definition) {
        let mut tried = StepFunctionsApiSpec { cors, ..spec.clone() };
        left_out = method::describe(owner, &mut tried, &found.api.definition);
        let preflights = rendered(owner, &tried).is_ok_and(|desired| preflights_fit(&desired, &found.api.definition));
        if tried.cors.is_none() || preflights {
            spec = tried;
            break;
        }
    }
    if spec.methods.is_empty() {
        let reasons: Vec<String> = left_out.iter().map(|(key, why)| format!("\n  {key}: {why}")).collect();
        return Err(format!(
            "no method of API {} can be described, so there is nothing to adopt:{}",
            found.id,
            reasons.concat()
        ));
    }
    left_out.retain(|key, _| spec.cors.is_none() || key.verb != "OPTIONS");
    stage::without_strangers(&mut spec);
    without_models_that_are_made(owner, &mut spec);
    if rendered(owner, &spec).is_ok_and(|desired| !has_the_same_gateway_responses(&desired, &found.api.definition)) {
        spec.gateway_responses = GatewayResponses::None;
    }
    let problems = schema::spec_problems(&serde_json::to_value(&spec).unwrap_or_default());
    let mut problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let desired = rendered(owner, &spec).map_err(|more| problems.extend(more)).ok();
    Ok(Imported { spec, left_out, desired, problems })
}

/// The stages to describe.
fn chosen<'a>(
    observed: &'a Observed,
    only: &[StageName],
) -> Result<BTreeMap<&'a StageName, &'a ObservedStage>, String> {
    let names: BTreeSet<&StageName> = only.iter().collect();
    let there = || observed.stages.keys().cloned().collect::<Vec<_>>().join(", ");
    if let Some(missing) = names.iter().find(|name| !observed.stages.contains_key(**name)) {
        return Err(format!("the API has no stage {missing:?}; there are: {}", there()));
    }
    let stages: BTreeMap<_, _> =
        observed.stages.iter().filter(|(name, _)| names.is_empty() || names.contains(name)).collect();
    if stages.is_empty() {
        return Err("the API has no stage: nobody can call it; deploy it to one, or write a new manifest".to_owned());
    }
    Ok(stages)
}

/// All but the methods and what belongs to them.
fn frame(region: &str, found: &ObservedRestApi, stages: &BTreeMap<&StageName, &ObservedStage>) -> StepFunctionsApiSpec {
    let definition = &found.api.definition;
    let used = definition.methods.values().any(|method| !method.models.is_empty());
    let models = definition.models.iter().filter(|_| used);
    let model = |(name, schema): (&String, &crate::model::ModelSchema)| {
        let schema = schema.value().as_object().cloned();
        schema.map(|schema| Model { name: name.clone(), schema: Some(schema), schema_from: None })
    };
    StepFunctionsApiSpec {
        region: region.to_owned(),
        class_name: None,
        name: Some(found.api.name.clone()).filter(|name| !name.is_empty()),
        description: found.api.settings.description.clone(),
        endpoint: settings::endpoint(&found.api.settings),
        role: None,
        state_machines: Vec::new(),
        templates: Vec::new(),
        models: models.filter_map(model).collect(),
        authorizers: Vec::new(),
        methods: Vec::new(),
        gateway_responses: GatewayResponses::Generated,
        cors: None,
        stages: stages.iter().map(|(name, stage)| stage::describe(name, &stage.stage)).collect(),
        outputs: None,
        usage_plans: Vec::new(),
        domains: Vec::new(),
        tags: BTreeMap::new(),
        tags_from: BTreeMap::new(),
        history: None,
        adopt: Some(Adopt { rest_api_id: found.id.0.clone(), prune: false }),
        // Who imports an API has callers already.
        deletion_policy: DeletionPolicy::Retain,
        drift_policy: Default::default(),
        mode: Default::default(),
    }
}

fn rendered(owner: &Owner, spec: &StepFunctionsApiSpec) -> Result<Desired, Vec<String>> {
    let problems = |problems: Vec<crate::render::Problem>| problems.iter().map(ToString::to_string).collect();
    render(owner, spec, None).map(|Rendered { desired, .. }| desired).map_err(problems)
}

/// Leaves out the models that the methods come with.
fn without_models_that_are_made(owner: &Owner, spec: &mut StepFunctionsApiSpec) {
    for name in spec.models.iter().map(|model| model.name.clone()).collect::<Vec<_>>() {
        let mut without = spec.clone();
        without.models.retain(|model| model.name != name);
        let made = rendered(owner, &without).ok().and_then(|desired| desired.rest_api);
        if made.is_some_and(|api| api.definition.models.contains_key(&name)) {
            *spec = without;
        }
    }
}

/// The role that most methods call their action with.
fn most_used_role(definition: &Definition) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for integration in definition.methods.values().filter_map(|method| method.integration.as_ref()) {
        if let Backend::Aws { uri, credentials: Credentials::Given(role) } = &integration.backend
            && uri.contains(method::STATES)
        {
            *counts.entry(role.to_string()).or_default() += 1;
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(role, _)| role)
}

/// Sections for CORS to try: one that allows the origin of all preflights, and none.
fn cors_of(definition: &Definition) -> Vec<Option<Cors>> {
    let origin = |method: &Method| {
        let answers = method.integration.iter().flat_map(|integration| integration.responses.values());
        let mut origins = answers.filter_map(|answer| answer.headers.get("Access-Control-Allow-Origin"));
        origins.next().map(|value| value.trim_matches('\'').to_owned())
    };
    let preflights = definition.methods.iter().filter(|(key, _)| key.verb == "OPTIONS");
    let origins: BTreeSet<Option<String>> = preflights.map(|(_, method)| origin(method)).collect();
    let mut sections = Vec::new();
    if let (1, Some(Some(origin))) = (origins.len(), origins.first()) {
        sections.push(Some(Cors {
            allow_origins: vec![origin.clone()],
            allow_origins_from: None,
            allow_methods: Vec::new(),
            allow_headers: Vec::new(),
            expose_headers: Vec::new(),
            allow_credentials: false,
            max_age_seconds: None,
        }));
    }
    sections.push(None);
    sections
}

/// Whether the preflights that CORS makes are exactly those of the API.
fn preflights_fit(desired: &Desired, definition: &Definition) -> bool {
    let preflights = |definition: &Definition| -> BTreeMap<MethodKey, Method> {
        let all = definition.methods.clone().into_iter();
        all.filter(|(key, _)| key.verb == "OPTIONS").collect()
    };
    desired.rest_api.as_ref().is_some_and(|api| preflights(&api.definition) == preflights(definition))
}

fn has_the_same_gateway_responses(desired: &Desired, definition: &Definition) -> bool {
    desired.rest_api.as_ref().is_some_and(|api| api.definition.gateway_responses == definition.gateway_responses)
}
