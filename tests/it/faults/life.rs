//! A life that needs every operation: created, checked, changed twice, healed, deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aws_sdk_apigateway::types::{Op, PatchOperation};
use aws_sdk_iam::types::Tag;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use stepgate::api::StepFunctionsApi;

use super::kinds::{CALL_TIMEOUT, Fault};
use super::state::{left, state};
use crate::samples::REGION;
use crate::world::{Controller, MachineKind, World, condition};

const NAME: &str = "api";
/// Longest time for a phase with all of its faults.
const LIMIT: Duration = Duration::from_secs(400);

/// Phases of a life in their order.
pub const PHASES: [&str; 6] = ["create", "check", "change", "reduce", "heal", "delete"];

/// What is to go wrong in a phase: an operation, and how.
pub type Cell = (&'static str, Fault);

/// What became of a phase.
#[derive(Default)]
pub struct Phase {
    /// What there was at its end.
    pub state: Value,
    /// Calls by operation.
    pub calls: BTreeMap<String, usize>,
    /// What struck.
    pub struck: Vec<Cell>,
    /// What was ordered and did not strike: the operation was not called.
    pub missed: Vec<Cell>,
    /// What was wrong with it.
    pub wrong: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// A world that leads one life after the other.
pub struct Subject {
    world: World,
    controller: Controller,
    pokes: usize,
}

impl Subject {
    pub async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        world.aws.machine(REGION, "hello", MachineKind::Express).await;
        let controller = world.controller_with(&[("STEPGATE_CALL_TIMEOUT", CALL_TIMEOUT)]).await;
        Self { world, controller, pokes: 0 }
    }

    /// A phase with these faults. What the controller says of each is compared with what struck it.
    pub async fn lead(&mut self, phase: &'static str, cells: &[Cell]) -> Phase {
        let start = Instant::now();
        if phase == "heal" {
            self.others_change_things().await;
        }
        let drifts_before = self.drifts().await;
        let (aws, kube) = (&self.world.aws, &self.world.kube);
        aws.forget_calls().await;
        for (operation, fault) in cells {
            aws.order_fault(fault.order(operation)).await;
        }
        let told = self.troubles().len();
        let pokes = self.pokes;
        match phase {
            "create" => self.apply(first(&self.world)).await,
            "change" => self.apply(second(&self.world)).await,
            "reduce" => self.apply(third(&self.world)).await,
            "delete" => {
                kube.api::<StepFunctionsApi>().delete(NAME, &DeleteParams::default()).await.map(drop).expect("taken");
            }
            _ => self.poke().await,
        }
        let mut seen = told;
        while !self.ended(phase, pokes).await {
            assert!(start.elapsed() < LIMIT, "{phase} does not end: {:#?}", self.troubles().split_off(told));
            // Waiting for the next try is not the subject here.
            let troubles = self.troubles().len();
            if troubles > seen {
                seen = troubles;
                self.poke().await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let aws = &self.world.aws;
        let faults = aws.faults().await;
        aws.no_faults().await;
        let hit = |(operation, fault): &&Cell| {
            let order = fault.order(operation);
            faults.iter().any(|known| {
                known["struck"] == 1
                    && ["service", "operation", "code", "action", "when"].iter().all(|key| known[key] == order[key])
            })
        };
        let (struck, missed): (Vec<Cell>, Vec<Cell>) = cells.iter().partition(hit);
        let calls = self.controllers_calls().await;
        let mut wrong = self.what_was_said(&struck, &self.troubles().split_off(told));
        let drifts = self.drifts().await;
        if phase != "heal" && drifts != drifts_before {
            wrong.push(format!("drift that was none: {:?}", self.world.kube.events(NAME).await));
        }
        let state = match phase {
            "delete" => json!(left(&self.world.aws).await),
            _ => state(&self.world, NAME, Value::Null).await,
        };
        Phase { state, calls, struck, missed, wrong, took: start.elapsed() }
    }

    async fn apply(&self, spec: Value) {
        let metadata = json!({"name": NAME});
        let object = json!({"apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApi", "metadata": metadata, "spec": spec});
        self.world.kube.apply(&object.to_string()).await.expect("it applies");
    }

    /// Asks for a check now.
    async fn poke(&mut self) {
        self.pokes += 1;
        let patch = json!({"metadata": {"annotations": {"stepgate.dev/check-now": self.pokes.to_string()}}});
        let api = self.world.kube.api::<StepFunctionsApi>();
        // An object that is gone by now needs none.
        let _ = api.patch(NAME, &PatchParams::default(), &Patch::Merge(patch)).await;
    }

    /// Whether the object is ready for its present spec and handled the last poke, or gone after a deletion.
    async fn ended(&self, phase: &str, pokes: usize) -> bool {
        let found = self.world.kube.api::<StepFunctionsApi>().get_opt(NAME).await.expect("an answer");
        let Some(object) = found else { return phase == "delete" };
        let Some(status) = &object.status else { return false };
        let handled = status.last_handled_check_now.as_deref() == Some(self.pokes.to_string().as_str());
        phase != "delete"
            && object.metadata.generation == Some(status.observed_generation)
            && condition(&object, "Ready").is_some_and(|ready| ready.status == "True")
            && (handled || self.pokes == pokes)
    }

    /// How many drifts were told.
    async fn drifts(&self) -> usize {
        self.world.kube.events(NAME).await.iter().filter(|(reason, _)| reason == "DriftHealed").count()
    }

    /// Reasons and messages of all troubles that the controller told.
    fn troubles(&self) -> Vec<(String, String)> {
        let lines = self.controller.log_lines(r#""message":"trouble""#);
        let fields = |line: &String| {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            (text("reason"), text("problem"))
        };
        lines.iter().map(fields).collect()
    }

    /// Each fault has to be told once, with its operation and what to do; nothing else may be told.
    fn what_was_said(&self, struck: &[Cell], troubles: &[(String, String)]) -> Vec<String> {
        let mut wrong = Vec::new();
        let names = |message: &str, operation: &str| message.contains(&format!("({operation})"));
        for (operation, fault) in struck {
            let about = |(_, message): &&(String, String)| {
                names(message, operation) && (*fault == Fault::Hang || !is_slow(message))
            };
            let about: Vec<_> = troubles.iter().filter(about).collect();
            let right = |(reason, message): &(String, String)| {
                reason == fault.reason()
                    && message.contains(&fault.words(operation))
                    // A lock is no name that is taken.
                    && !(*fault == Fault::Locked && message.contains("is in "))
            };
            if about.len() != 1 || !about.iter().all(|trouble| right(trouble)) {
                wrong.push(format!("{operation} {fault:?} was told as {about:?}"));
            }
        }
        for (reason, message) in troubles {
            // A new role is in effect only after a while, and this machine may be busy.
            let known = reason == "PreflightFailed"
                || is_slow(message)
                || struck.iter().any(|(operation, _)| names(message, operation));
            if !known {
                wrong.push(format!("{reason}: {message}"));
            }
        }
        wrong
    }

    async fn controllers_calls(&self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        for (service, operation) in self.world.aws.calls_of("stepgate").await {
            let service = if service == "stepfunctions" { "states" } else { service.as_str() };
            *calls.entry(format!("{service}:{operation}")).or_default() += 1;
        }
        calls
    }

    async fn others_change_things(&self) {
        let status = self.world.kube.get(NAME).await.status.expect("a status");
        let id = status.rest_api_id.expect("an API");
        let role = status.role_arn.expect("a role");
        let role = role.rsplit('/').next().expect("a name");
        let (gateway, iam) = (self.world.aws.apigateway(REGION), self.world.aws.iam());
        let replace =
            |path: &str, value: &str| PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
        let statement = json!({
            "Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole",
        });
        let trust = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        iam.update_assume_role_policy().role_name(role).policy_document(trust).send().await.expect("another trust");
        let tag = Tag::builder().key("cost").value("theirs").build().expect("a tag");
        iam.tag_role().role_name(role).tags(tag).send().await.expect("another tag");
        iam.delete_role_policy().role_name(role).policy_name("stepgate").send().await.expect("no policy");
        gateway
            .update_rest_api()
            .rest_api_id(&id)
            .patch_operations(replace("/name", "theirs"))
            .send()
            .await
            .expect("name");
        let keys = gateway.get_api_keys().limit(500).send().await.expect("keys");
        let key = keys.items().first().and_then(|key| key.id()).expect("a key");
        gateway.update_api_key().api_key(key).patch_operations(replace("/name", "theirs")).send().await.expect("name");
        let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{id}/stages/live");
        gateway.tag_resource().resource_arn(&arn).tags("cost", "theirs").send().await.expect("another tag");
        gateway.create_deployment().rest_api_id(&id).stage_name("live").send().await.expect("another deployment");
        let run = self.world.aws.resource_id(REGION, &id, "/run").await;
        gateway.delete_method().rest_api_id(&id).resource_id(run).http_method("POST").send().await.expect("no method");
    }
}

/// Whether a message is about an answer that came too late.
fn is_slow(message: &str) -> bool {
    message.contains("has timed out")
}

/// Operations that a life calls, by phase.
pub fn used(life: &BTreeMap<&'static str, Phase>) -> BTreeMap<&'static str, BTreeSet<String>> {
    life.iter().map(|(name, phase)| (*name, phase.calls.keys().cloned().collect())).collect()
}

const POLICY: &str = "arn:aws:iam::aws:policy";

fn first(world: &World) -> Value {
    let (account, machine) = (&world.aws.id, world.aws.machine_arn(REGION, "hello"));
    let domain = format!("{}.example.com", world.kube.namespace);
    let entry = |path: &str, stage: &str| {
        json!({
            "name": domain, "basePath": path, "stage": stage, "endpointType": "Edge",
            "certificateArn": format!("arn:aws:acm:{REGION}:{account}:certificate/1"),
        })
    };
    let key = |name: &str| json!({"name": name, "secret": {"name": name, "key": "key"}});
    json!({
        "region": REGION,
        "description": "one",
        "tags": {"team": "one"},
        "history": 1,
        "endpoint": {"minimumCompressionSize": 1024, "policy": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
        ]}},
        "role": {
            "permissionsBoundaryArn": format!("{POLICY}/PowerUserAccess"),
            "managedPolicyArns": [format!("{POLICY}/AWSStepFunctionsReadOnlyAccess")],
        },
        "authorizers": [{"name": "users", "cognito": {"userPoolArns": [
            // The same in all accounts: what is deployed, and so its revision, is the same.
            format!("arn:aws:cognito-idp:{REGION}:123456789012:userpool/{REGION}_AbCdEf123"),
        ]}}],
        "models": [{"name": "Order", "schema": {"type": "object"}}],
        "stateMachines": [{"name": "hello", "stageVariable": "arn"}],
        "methods": [
            {
                "path": "/run", "method": "POST", "action": "StartSyncExecution", "stateMachine": "hello",
                "authorization": {"type": "None"},
                "tests": [{"name": "works", "stage": "live", "body": {}, "startsExecution": true, "expect": {"status": 200}}],
            },
            {
                "path": "/orders", "method": "POST", "action": "StartSyncExecution", "stateMachine": "hello",
                "authorization": {"type": "Cognito", "authorizer": "users"}, "apiKeyRequired": true,
                "request": {"model": "Order", "requiredHeaders": ["X-Tenant"]},
            },
        ],
        "stages": [
            {"name": "live", "variables": {"arn": machine}, "clientCertificate": true},
            {"name": "going", "variables": {"arn": machine}},
        ],
        "usagePlans": [
            {"name": "basic", "stages": [{"name": "live"}], "apiKeys": [key("moves"), key("goes")]},
            {"name": "gold", "stages": [{"name": "live"}], "apiKeys": [key("stays")]},
        ],
        "domains": [entry("a", "live"), entry("b", "live")],
    })
}

/// Changes all that can change.
fn second(world: &World) -> Value {
    let mut spec = first(world);
    let account = &world.aws.id;
    spec["description"] = json!("two");
    spec["tags"] = json!({"cost": "two"});
    spec["role"]["permissionsBoundaryArn"] = json!(format!("{POLICY}/AdministratorAccess"));
    spec["role"]["managedPolicyArns"] = json!([format!("{POLICY}/AWSStepFunctionsFullAccess")]);
    spec["methods"][1]["timeoutMillis"] = json!(5000);
    spec["stages"][1]["name"] = json!("coming");
    spec["stages"][0]["variables"]["note"] = json!("changed");
    let key = spec["usagePlans"][0]["apiKeys"][0].clone();
    spec["usagePlans"][0]["apiKeys"] = json!([]);
    spec["usagePlans"][0]["throttling"] = json!({"rateLimit": 10, "burstLimit": 20});
    spec["usagePlans"][1]["apiKeys"].as_array_mut().expect("keys").push(key);
    let certificate = format!("arn:aws:acm:{REGION}:{account}:certificate/2");
    spec["domains"][0]["certificateArn"] = json!(certificate);
    spec["domains"][0]["stage"] = json!("coming");
    spec["domains"].as_array_mut().expect("domains").truncate(1);
    spec
}

/// Takes away what can be done without.
fn third(world: &World) -> Value {
    let mut spec = second(world);
    // Without a change of the definition, settings are changed by themselves.
    spec["endpoint"]["minimumCompressionSize"] = json!(2048);
    spec["role"] = json!({});
    spec["usagePlans"].as_array_mut().expect("plans").remove(0);
    spec["stages"][0]["clientCertificate"] = json!(false);
    spec
}
