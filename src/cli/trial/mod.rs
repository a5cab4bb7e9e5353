//! A call through a rendered API, without AWS: what Step Functions would get, and what the caller.
//!
//! It goes the way of a call through API Gateway: the method is found, what it asks of callers is checked, its template
//! makes the request, Step Functions answers, and that becomes the answer. All of it is told by what was rendered.

mod answer;
mod context;
mod gateway;
mod request;
mod respond;
mod role;
mod route;
mod sample;
mod success;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use self::answer::{SERIALIZATION, StepFunctions};
use self::gateway::Refusal;
use self::route::Reached;
pub(super) use self::sample::{HELP, Sample};
use crate::api::StepFunctionsApiSpec;
use crate::model::{Backend, Definition, Desired, Integration, Role, Stage};
use crate::render;
use crate::spelling::instead;
use crate::vtl::{self, Context};

const JSON: &str = "application/json";

/// What a call comes to, for people and programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trial {
    /// That it reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    stage: String,
    /// What Step Functions receives; nothing when API Gateway answers itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Value>,
    /// What it is taken to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    /// What is wrong, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
    /// What the caller gets.
    response: Response,
    /// What else decides about such a call, and cannot be known here.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    not_checked: BTreeSet<String>,
}

/// An answer to the caller.
#[derive(Default, Serialize)]
struct Response {
    status: u16,
    headers: BTreeMap<String, String>,
    #[serde(serialize_with = "serialize_shown")]
    body: String,
}

/// Makes the call.
///
/// # Errors
/// With the field of the sample, or the option, that leads nowhere.
pub(super) fn call(
    spec: &StepFunctionsApiSpec,
    desired: &Desired,
    sample: &Sample,
    method: Option<&str>,
    stage: Option<&str>,
) -> Result<Trial, String> {
    let api = desired.rest_api.as_ref().ok_or("the manifest has no API")?;
    let definition = &api.definition;
    let (name, stage) = stage_of(desired, sample, stage)?;
    let route = route::find(&definition.methods, sample, method)?;
    let mut context = context::of(definition, sample, &route, name, stage);
    let mut trial = Trial {
        method: route.reached.as_ref().ok().map(|reached| reached.key.to_string()),
        stage: name.to_owned(),
        request: None,
        answer: None,
        problem: None,
        response: Response::default(),
        not_checked: BTreeSet::new(),
    };
    let answered = match route.reached {
        Err(problem) => Ok(Err(Refusal::no_method(problem))),
        Ok(reached) => {
            trial.not_checked = gateway::not_checked(api, &reached);
            let conditions = render::conditions(spec, reached.key);
            let unmet = conditions.into_iter().filter(|condition| !condition.holds(&context));
            let unmet: Vec<String> = unmet.map(|condition| condition.told.to_string()).collect();
            let api = (definition, desired.role.as_ref());
            trial.answered(api, &reached, &unmet, &mut context, &sample.answer)
        }
    };
    trial.response = answered?.unwrap_or_else(|refusal| {
        let response = refusal.response(definition, &context);
        trial.problem.get_or_insert(refusal.problem);
        response
    });
    Ok(trial)
}

/// The stage of a call, with its name.
fn stage_of<'a>(desired: &'a Desired, sample: &Sample, option: Option<&str>) -> Result<(&'a str, &'a Stage), String> {
    let (name, field) = match (option, &sample.stage) {
        (Some(name), _) => (Some(name), "--stage"),
        (None, name) => (name.as_deref(), "stage"),
    };
    let found = match name {
        Some(name) => desired.stages.get_key_value(name),
        None => desired.stages.iter().next(),
    };
    let found = found.map(|(name, stage)| (name.as_str(), stage));
    found.ok_or_else(|| {
        let names: Vec<&str> = desired.stages.keys().map(String::as_str).collect();
        let name = name.unwrap_or_default();
        format!("{field}: there is no stage {name:?}{}", instead(name, names))
    })
}

/// The value of a header, whose name has no case.
fn header<'a>(headers: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

impl Trial {
    /// What the caller gets, or why API Gateway refuses; what leads there is noted.
    ///
    /// # Errors
    /// With the field of the sample that is wrong.
    fn answered(
        &mut self,
        (definition, role): (&Definition, Option<&Role>),
        reached: &Reached,
        unmet: &[String],
        context: &mut Context,
        answer: &sample::Answer,
    ) -> Result<Result<Response, Refusal>, String> {
        let integration = reached.method.integration.as_ref().ok_or("the method has no integration")?;
        let template = gateway::checked(definition, reached.method, context, &mut self.not_checked)
            .and_then(|kind| gateway::template(integration, &kind));
        let output = template.and_then(|template| {
            run(template, context).map_err(|error| Refusal::failed(format!("the request template stops at {error}")))
        });
        let output = match output {
            Ok(output) => output,
            Err(refusal) => return Ok(Err(refusal)),
        };
        context.overrides = output.overrides.clone();
        let answer = match &integration.backend {
            Backend::Aws { uri, .. } => {
                let action = uri.rsplit('/').next().unwrap_or_default();
                self.asked(action, (integration, role), unmet, &output, answer)?
            }
            _ => mock(&output.text),
        };
        Ok(respond::respond(integration, &answer, context))
    }

    /// What Step Functions answers to the output of a request template.
    fn asked(
        &mut self,
        action: &str,
        (integration, role): (&Integration, Option<&Role>),
        unmet: &[String],
        output: &vtl::Output,
        answer: &sample::Answer,
    ) -> Result<StepFunctions, String> {
        self.problem = not_an_object(unmet, output);
        let answer = match &self.problem {
            Some(_) => StepFunctions::error(SERIALIZATION, ""),
            None => {
                let request = serde_json::from_str(&output.text).unwrap_or_default();
                let may = role::may(role, integration, action, &request);
                let (answer, problem) = StepFunctions::answer(action, &request, may, answer)?;
                if problem.is_none() {
                    self.not_checked.insert("whether what the request names exists".to_owned());
                    self.not_checked.extend(may.is_none().then(|| format!("whether the role may call {action} on it")));
                }
                self.problem = problem;
                answer
            }
        };
        self.request = Some(json!({"action": action, "body": shown(&output.text)}));
        self.answer = Some(json!({"status": answer.status, "body": shown(&answer.body)}));
        Ok(answer)
    }
}

fn serialize_shown<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    shown(text).serialize(serializer)
}

fn run(template: &str, context: &Context) -> Result<vtl::Output, vtl::Error> {
    vtl::evaluate(&vtl::parse(template)?, context)
}

/// A text as the JSON it is, or as text.
fn shown(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// Why Step Functions cannot read a request: what the call does not have, or the place of the template that made it so.
fn not_an_object(unmet: &[String], output: &vtl::Output) -> Option<String> {
    if output.text.trim().is_empty() {
        return None;
    }
    let refused = "Step Functions refuses the request";
    match serde_json::from_str::<Value>(&output.text) {
        Ok(Value::Object(_)) => None,
        Ok(_) if !unmet.is_empty() => Some(format!("{refused}: {}", unmet.join("; "))),
        Ok(_) => Some(format!("{refused}: it is no JSON object")),
        Err(error) => Some(format!(
            "{refused}: it is not JSON: {error}; {} of the template makes that",
            output.origin_of(error.line(), error.column())
        )),
    }
}

/// API Gateway answers itself, with the status that the template says.
fn mock(request: &str) -> StepFunctions {
    let status = serde_json::from_str::<Value>(request).ok().and_then(|request| request["statusCode"].as_u64());
    let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
    StepFunctions { status, headers: BTreeMap::new(), body: String::new() }
}
