//! Cut after every single AWS call, of every prefix of a life: what was lost is found again, nothing is made twice.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use futures::future::join_all;
use kube::api::DeleteParams;
use serde_json::{Value, json};
use stepgate::api::StepFunctionsApi;

use crate::samples::REGION;
use crate::world::{Account, Answer, Controller, MachineKind, World, condition, eventually, post};

const NAME: &str = "cut";
/// Lives that are led at the same time, each in an account of its own.
const WORKERS: usize = 4;

/// What is cut off after a call took effect.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    /// Its answer; the controller goes on.
    Answer,
    /// The process; a new one takes over.
    Process,
}

#[tokio::test]
async fn answer_lost_after_any_call_ends_in_the_undisturbed_state() {
    every_prefix("lost", Cut::Answer).await;
}

#[tokio::test]
async fn process_killed_after_any_call_ends_in_the_undisturbed_state() {
    every_prefix("killed", Cut::Process).await;
}

/// Leads lives that are cut after the first, second, ... call of each of their phases, until no phase has so many.
async fn every_prefix(name: &str, cut: Cut) {
    let start = Instant::now();
    let undisturbed = Subject::new(name).await.live(None).await;
    let next = AtomicU32::new(0);
    let worker = || async {
        let mut subject = Subject::new(name).await;
        let mut cuts = BTreeMap::new();
        loop {
            let skip = next.fetch_add(1, Ordering::Relaxed);
            let life = subject.live(Some((cut, skip))).await;
            for (phase, state) in &life.states {
                let expected = &undisturbed.states[phase];
                assert_eq!(differences("", expected, state), Vec::<String>::new(), "{phase} cut after call {skip}");
            }
            if life.cuts.is_empty() {
                return cuts;
            }
            for phase in life.cuts {
                *cuts.entry(phase).or_insert(0) += 1;
            }
        }
    };
    let mut total: BTreeMap<&str, u32> = BTreeMap::new();
    for (phase, cuts) in join_all((0..WORKERS).map(|_| worker())).await.into_iter().flatten() {
        *total.entry(phase).or_default() += cuts;
    }
    println!("{name}: cuts {total:?} in {:.0} s", start.elapsed().as_secs_f64());
    // The reference creation has 9 calls; fewer cuts mean that the loop ended early.
    assert!(total["creation"] >= 9 && total["update"] >= 9 && total["deletion"] >= 5, "{total:?}");
}

/// What became of one object.
#[derive(Default)]
struct Life {
    /// State at the end of each phase, in terms that do not depend on the account.
    states: BTreeMap<&'static str, Value>,
    /// Phases that were cut.
    cuts: Vec<&'static str>,
}

/// A world that leads one life after the other.
struct Subject {
    world: World,
    controller: Option<Controller>,
}

impl Subject {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        for machine in ["a", "b"] {
            world.aws.machine(REGION, machine, MachineKind::Express).await;
        }
        world.aws.allow_logs(REGION).await;
        let controller = Some(world.controller().await);
        Self { world, controller }
    }

    async fn live(&mut self, cut: Option<(Cut, u32)>) -> Life {
        let mut life = Life::default();
        for phase in ["creation", "update", "deletion"] {
            if let Some((cut, skip)) = cut {
                let action = if cut == Cut::Answer { "reset" } else { "hang" };
                let fault = json!({"when": "after", "action": action, "seconds": 1, "skip": skip});
                self.world.aws.order_fault(fault).await;
            }
            let kube = &self.world.kube;
            match phase {
                "creation" => drop(kube.apply_spec(NAME, &first(&self.world.aws)).await.expect("it applies")),
                "update" => drop(kube.apply_spec(NAME, &second(&self.world.aws)).await.expect("it applies")),
                _ => drop(kube.api::<StepFunctionsApi>().delete(NAME, &DeleteParams::default()).await.expect("taken")),
            }
            if matches!(cut, Some((Cut::Process, _))) && self.struck_before_the_end(phase).await {
                self.controller.take().expect("a controller").kill();
                self.controller = Some(self.world.controller().await);
            }
            eventually(&format!("the end of {phase}, cut after {:?}", cut.map(|cut| cut.1)), || self.ended(phase))
                .await;
            if self.struck().await {
                life.cuts.push(phase);
            }
            self.world.aws.no_faults().await;
            let events = self.world.kube.events(NAME).await;
            assert!(events.iter().all(|(reason, _)| reason != "DriftHealed"), "{phase}, cut {cut:?}: {events:#?}");
            life.states.insert(phase, state(&self.world, phase).await);
        }
        life
    }

    async fn struck(&self) -> bool {
        self.world.aws.faults().await.iter().any(|fault| fault["struck"] == 1)
    }

    async fn struck_before_the_end(&self, phase: &str) -> bool {
        eventually("the cut or the end", || async {
            match (self.struck().await, self.ended(phase).await) {
                (true, _) => Ok(true),
                (false, Ok(())) => Ok(self.struck().await),
                (false, Err(state)) => Err(state),
            }
        })
        .await
    }

    /// Whether the object is ready for its present spec, or gone after a deletion.
    async fn ended(&self, phase: &str) -> Result<(), String> {
        let api = self.world.kube.api::<StepFunctionsApi>();
        let Some(object) = api.get_opt(NAME).await.map_err(|error| error.to_string())? else { return Ok(()) };
        let ready = condition(&object, "Ready");
        let ended = phase != "deletion"
            && object.status.as_ref().map(|status| status.observed_generation) == object.metadata.generation
            && ready.is_some_and(|ready| ready.status == "True");
        if ended { Ok(()) } else { Err(format!("{ready:?}")) }
    }
}

fn spec(version: u8, policy: &str, tags: &str, stages: &str) -> String {
    format!(
        r#"region: {REGION}
name: cut api {version}
tags: {tags}
role: {{managedPolicyArns: ["arn:aws:iam::aws:policy/{policy}"]}}
stateMachines: [{{name: machine, stageVariable: arn}}]
templates:
  - name: fixed
    body: '{{"stateMachineArn": "$stageVariables.arn", "input": "{{\"version\": {version}}}"}}'
methods:
  - path: /run
    method: POST
    action: StartSyncExecution
    stateMachine: machine
    authorization: {{type: None}}
    request: {{template: {{name: fixed}}}}
cors: {{allowOrigins: ["*"]}}
stages:
{stages}"#
    )
}

fn first(aws: &Account) -> String {
    let a = aws.machine_arn(REGION, "a");
    let log = format!("accessLog: {{destinationArn: 'arn:aws:logs:{REGION}:{}:log-group:cut'}}", aws.id);
    let settings = format!("throttling: {{rateLimit: 50, burstLimit: 40}}, {log}, clientCertificate: true");
    let stages = format!(
        "  - {{name: kept, variables: {{arn: '{a}'}}, {settings}}}\n  - {{name: going, variables: {{arn: '{a}'}}}}\n"
    );
    spec(1, "AWSStepFunctionsReadOnlyAccess", "{team: one, gone: soon}", &stages)
}

/// Changes all that can change: role policy, attached policy, tags, name, template, variable, settings, and which stages
/// there are.
fn second(aws: &Account) -> String {
    let (a, b) = (aws.machine_arn(REGION, "a"), aws.machine_arn(REGION, "b"));
    let settings = "methods: [{path: /run, method: POST, metrics: true, logging: {level: Error}}]";
    let stages = format!(
        "  - {{name: kept, description: changed, variables: {{arn: '{b}'}}, {settings}}}\n  - {{name: coming, variables: \
         {{arn: '{a}'}}, clientCertificate: true}}\n"
    );
    spec(2, "AWSStepFunctionsFullAccess", "{team: two}", &stages)
}

/// Everything that there is, without what differs between accounts.
async fn state(world: &World, phase: &str) -> Value {
    let left = world.aws.leftovers(REGION).await;
    if phase == "deletion" {
        return json!({ "left": left });
    }
    let object = world.kube.get(NAME).await;
    let status = object.status.as_ref().expect("a status");
    let id = status.rest_api_id.as_deref().expect("an id");
    let role = status.role_arn.as_deref().and_then(|arn| arn.rsplit('/').next()).expect("a role");
    let deployments = read(world, &format!("{id}/deployments")).await;
    let deployments: BTreeMap<&str, &str> =
        items(&deployments).map(|item| (text(&item["id"]), text(&item["description"]))).collect();
    let mut stages = read(world, &format!("{id}/stages")).await;
    for stage in stages["item"].as_array_mut().expect("stages") {
        stage["serves"] = json!(deployments.get(text(&stage["deploymentId"])));
        stage["certified"] = json!(stage["clientCertificateId"].is_string());
    }
    let by = |name: &str, list: &Value| -> BTreeMap<String, Value> {
        items(list).map(|item| (text(&item[name]).to_owned(), item.clone())).collect()
    };
    let mut descriptions: Vec<&&str> = deployments.values().collect();
    descriptions.sort_unstable();
    let customised = read(world, &format!("{id}/gatewayresponses")).await;
    let mut customised = by("responseType", &customised);
    customised.retain(|_, response| response["defaultResponse"] == false);
    let mut whole = json!({
        "left": left,
        "api": read(world, id).await,
        "methods": by("path", &read(world, &format!("{id}/resources?embed=methods&limit=500")).await),
        "gatewayResponses": customised,
        "stages": by("stageName", &stages),
        "deployments": descriptions,
        "role": role_state(&world.aws, role).await,
        "status": status,
        "answers": answers(status, if phase == "update" { 2 } else { 1 }).await,
    });
    without_ids(&mut whole);
    let mut whole = whole.to_string();
    for (own, common) in
        [(role, "ROLE"), (id, "API"), (world.kube.namespace.as_str(), "NAMESPACE"), (world.aws.id.as_str(), "ACCOUNT")]
    {
        whole = whole.replace(own, common);
    }
    serde_json::from_str(&whole).expect("JSON")
}

/// What each stage answers, once it serves that version.
async fn answers(status: &stepgate::api::StepFunctionsApiStatus, version: u8) -> BTreeMap<&str, Value> {
    let mut answers = BTreeMap::new();
    for stage in &status.stages {
        let url = format!("{}/run", stage.url);
        let answer = eventually(&format!("version {version} on {}", stage.name), || async {
            let answer = Answer::of(post(&url, "application/json", "{}")).await;
            let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let serves = answer.status == 200 && body["output"] == format!("{{\"version\":{version}}}");
            if serves { Ok(body) } else { Err(format!("{answer:?}")) }
        })
        .await;
        answers.insert(stage.name.as_str(), answer["stateMachineArn"].clone());
    }
    answers
}

async fn role_state(aws: &Account, name: &str) -> Value {
    let iam = aws.iam();
    let role = iam.get_role().role_name(name).send().await.expect("the role").role.expect("the role");
    let names = iam.list_role_policies().role_name(name).send().await.expect("policies").policy_names;
    let mut inline = BTreeMap::new();
    for policy in &names {
        let found = iam.get_role_policy().role_name(name).policy_name(policy).send().await.expect("the policy");
        inline.insert(policy, found.policy_document);
    }
    let attached = iam.list_attached_role_policies().role_name(name).send().await.expect("policies");
    let attached: Vec<&str> = attached.attached_policies().iter().filter_map(|policy| policy.policy_arn()).collect();
    let tags: BTreeMap<&str, &str> = role.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    json!({"trust": role.assume_role_policy_document, "inline": inline, "attached": attached, "tags": tags})
}

/// API Gateway's own JSON of a path below /restapis.
async fn read(world: &World, path: &str) -> Value {
    world.aws.apigateway_json(REGION, &format!("restapis/{path}")).await
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["item"].as_array().expect("a list").iter()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn without_ids(value: &mut Value) {
    const OWN: [&str; 14] = [
        "applied",
        "id",
        "clientCertificateId",
        "parentId",
        "rootResourceId",
        "cacheNamespace",
        "deploymentId",
        "created",
        "createdDate",
        "lastUpdatedDate",
        "lastTransitionTime",
        "since",
        "observedGeneration",
        "warnings",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !OWN.contains(&name.as_str()));
            fields.values_mut().for_each(without_ids);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ids),
        _ => {}
    }
}

/// Paths at which two values differ, with both.
fn differences(path: &str, expected: &Value, found: &Value) -> Vec<String> {
    if let (Value::Object(a), Value::Object(b)) = (expected, found) {
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        return keys
            .into_iter()
            .flat_map(|key| differences(&format!("{path}/{key}"), &expected[key], &found[key]))
            .collect();
    }
    if expected == found { Vec::new() } else { vec![format!("{path}: {expected} became {found}")] }
}
