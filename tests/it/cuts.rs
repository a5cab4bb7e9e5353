//! Cut at every single AWS call and at every write to Kubernetes, of every prefix of a life: what was lost is found again,
//! nothing is made twice.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use aws_sdk_apigateway::types::IntegrationType;
use futures::future::join_all;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stepgate::api::{APPROVE, PlanStatus, StepFunctionsApi};

use crate::faults::{self, differences, left};
use crate::samples::REGION;
use crate::world::{
    Account, Act, Answer, ApiProxy, Controller, MachineKind, World, condition, eventually, post, writes,
};

const NAME: &str = "cut";
/// Lives that are led at the same time, each in an account of its own.
const WORKERS: usize = 4;
/// The lives, by their phases, with the cuts that each has at least: of calls to AWS, and of writes to Kubernetes. Fewer
/// mean that a loop ended early.
const LIVES: [&[(&str, u32, u32)]; 2] = [
    // Finalizer, two statuses, Secret, ConfigMap twice; two statuses, ConfigMap, event; status, finalizer.
    &[("creation", 9, 6), ("update", 9, 4), ("deletion", 5, 2)],
    // The plan, what others ask for then, and as in a creation.
    &[("adoption", 9, 6), ("deletion", 5, 2)],
];

/// What is cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    /// The answer of a call to AWS that took effect; the controller goes on.
    Answer,
    /// The process, after a call to AWS took effect; a new one takes over.
    Process,
    /// The answer of a write to Kubernetes, or its effect; the controller goes on.
    Write(Act),
    /// The process at a write to Kubernetes, before or after it took effect.
    ProcessAtWrite(Act),
}

impl Cut {
    fn kills(self) -> bool {
        matches!(self, Self::Process | Self::ProcessAtWrite(_))
    }
}

#[tokio::test]
async fn answer_lost_after_any_call_ends_in_the_undisturbed_state() {
    every_prefix("lost", Cut::Answer).await;
}

#[tokio::test]
async fn process_killed_after_any_call_ends_in_the_undisturbed_state() {
    every_prefix("killed", Cut::Process).await;
}

#[tokio::test]
async fn process_killed_after_any_write_to_kubernetes_ends_in_the_undisturbed_state() {
    every_prefix("killed-after", Cut::ProcessAtWrite(Act::SilentAfter)).await;
}

#[tokio::test]
#[ignore = "takes long and is much like the one before; part of make soak"]
async fn process_killed_before_any_write_to_kubernetes_ends_in_the_undisturbed_state() {
    every_prefix("killed-before", Cut::ProcessAtWrite(Act::SilentBefore)).await;
}

#[tokio::test]
async fn any_write_to_kubernetes_whose_answer_is_lost_ends_in_the_undisturbed_state() {
    every_prefix("unheard", Cut::Write(Act::Lose)).await;
}

#[tokio::test]
async fn any_write_to_kubernetes_that_conflicts_ends_in_the_undisturbed_state() {
    every_prefix("conflict", Cut::Write(Act::Refuse(409))).await;
}

#[tokio::test]
#[ignore = "takes long and is much like the one before; part of make soak"]
async fn any_write_to_kubernetes_that_fails_ends_in_the_undisturbed_state() {
    every_prefix("refused", Cut::Write(Act::Refuse(503))).await;
}

/// Leads lives that are cut after the first, second, ... call of each of their phases, until no phase has so many.
async fn every_prefix(name: &str, cut: Cut) {
    let [life, adopted] = LIVES;
    every_prefix_of(life, name, cut).await;
    if cut.kills() {
        every_prefix_of(adopted, name, cut).await;
    }
}

async fn every_prefix_of(phases: &[(&'static str, u32, u32)], name: &str, cut: Cut) {
    let start = Instant::now();
    let names = phases.iter().map(|(phase, ..)| *phase).collect::<Vec<_>>();
    let undisturbed = Subject::new(name, cut).await.live(&names, None).await;
    let next = AtomicU32::new(0);
    let worker = || async {
        let mut subject = Subject::new(name, cut).await;
        let mut cuts = BTreeMap::new();
        loop {
            let skip = next.fetch_add(1, Ordering::Relaxed);
            let life = subject.live(&names, Some((cut, skip))).await;
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
    for (phase, calls, writes) in phases {
        let least = if matches!(cut, Cut::Answer | Cut::Process) { calls } else { writes };
        assert!(total.get(phase).is_some_and(|made| made >= least), "{total:?}");
    }
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
    /// In front of the API server, if writes to it are cut.
    proxy: Option<ApiProxy>,
}

impl Subject {
    async fn new(name: &str, cut: Cut) -> Self {
        let world = World::new(name).await;
        for machine in ["a", "b"] {
            world.aws.machine(REGION, machine, MachineKind::Express).await;
        }
        world.aws.allow_logs(REGION).await;
        let proxy = match cut {
            Cut::Write(_) | Cut::ProcessAtWrite(_) => Some(ApiProxy::new(&world.kube.least_privileged).await),
            Cut::Answer | Cut::Process => None,
        };
        let mut subject = Self { world, controller: None, proxy };
        subject.start().await;
        subject
    }

    async fn start(&mut self) {
        let through = self.proxy.as_ref().map(|proxy| proxy.kubeconfig.display().to_string());
        let variables: Vec<_> = through.iter().map(|kubeconfig| ("KUBECONFIG", kubeconfig.as_str())).collect();
        self.controller = Some(self.world.controller_with(&variables).await);
    }

    async fn order(&self, cut: Cut, skip: u32) {
        let action = match cut {
            Cut::Answer => "reset",
            Cut::Process => "hang",
            Cut::Write(act) | Cut::ProcessAtWrite(act) => {
                return self.proxy.as_ref().expect("a proxy").order(writes, skip, act);
            }
        };
        let fault = json!({"when": "after", "action": action, "seconds": 1, "skip": skip});
        self.world.aws.order_fault(fault).await;
    }

    async fn live(&mut self, phases: &[&'static str], cut: Option<(Cut, u32)>) -> Life {
        let mut life = Life::default();
        for phase in phases.iter().copied() {
            let adopted = match phase {
                "adoption" => theirs(&self.world.aws).await,
                _ => String::new(),
            };
            if let Some((cut, skip)) = cut {
                self.order(cut, skip).await;
            }
            let kube = &self.world.kube;
            // What is written to Kubernetes beside the object itself.
            let more = |output: &str| match &self.proxy {
                Some(_) => MORE.replace("OUTPUT", output),
                None => String::new(),
            };
            match phase {
                "creation" | "adoption" => {
                    let spec = first(&self.world.aws) + &adopted + &more("one");
                    kube.apply_spec(NAME, &spec).await.expect("it applies");
                }
                "update" => {
                    kube.apply_spec(NAME, &(second(&self.world.aws) + &more("two"))).await.expect("it applies");
                }
                _ => drop(kube.api::<StepFunctionsApi>().delete(NAME, &DeleteParams::default()).await.expect("taken")),
            }
            if cut.is_some_and(|(cut, _)| cut.kills()) && self.struck_before_the_end(phase).await {
                self.controller.take().expect("a controller").kill();
                self.start().await;
            }
            eventually(&format!("the end of {phase}, cut after {:?}", cut.map(|cut| cut.1)), || self.ended(phase))
                .await;
            if self.struck().await {
                life.cuts.push(phase);
            }
            self.world.aws.no_faults().await;
            if let Some(proxy) = &self.proxy {
                proxy.no_order();
            }
            let events = self.world.kube.events(NAME).await;
            assert!(events.iter().all(|(reason, _)| reason != "DriftHealed"), "{phase}, cut {cut:?}: {events:#?}");
            life.states.insert(phase, state(&self.world, phase).await);
        }
        life
    }

    async fn struck(&self) -> bool {
        if let Some(proxy) = &self.proxy {
            return proxy.struck().is_some();
        }
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

    /// Whether the object is ready for its present spec, or gone after a deletion, with what Kubernetes collects after it:
    /// the next life must not find it. A plan is approved.
    async fn ended(&self, phase: &str) -> Result<(), String> {
        let api = self.world.kube.api::<StepFunctionsApi>();
        let Some(object) = api.get_opt(NAME).await.map_err(|error| error.to_string())? else {
            let left = written(&self.world).await;
            return if left.iter().all(Vec::is_empty) { Ok(()) } else { Err(format!("left: {left:?}")) };
        };
        let ready = condition(&object, "Ready");
        let planned = ready.is_some_and(|ready| ready.reason == "Planned");
        // What is left of an approved plan needs no other approval; a deletion's steps are approved anew.
        let needs = |plan: &&PlanStatus| {
            object.annotations().get(APPROVE).is_none_or(|given| phase == "deletion" && *given != plan.hash)
        };
        let plan = object.status.as_ref().and_then(|status| status.plan.as_ref());
        if let Some(plan) = plan.filter(|_| planned).filter(needs) {
            self.world.kube.patch(NAME, json!({"metadata": {"annotations": {APPROVE: plan.hash}}})).await;
        }
        let ended = phase != "deletion"
            && object.status.as_ref().map(|status| status.observed_generation) == object.metadata.generation
            && ready.is_some_and(|ready| ready.status == "True");
        if ended { Ok(()) } else { Err(format!("{ready:?}")) }
    }
}

/// An API that others made, with a stage of the name that the spec gives its own; answers what takes it over.
async fn theirs(aws: &Account) -> String {
    let gateway = aws.apigateway(REGION);
    let api = gateway.create_rest_api().name("theirs").send().await.expect("an API");
    let (id, root) = (api.id.expect("an id"), api.root_resource_id.expect("a root"));
    let method = gateway.put_method().rest_api_id(&id).resource_id(&root).http_method("GET").authorization_type("NONE");
    method.send().await.expect("a method");
    let integration = gateway.put_integration().rest_api_id(&id).resource_id(&root).http_method("GET");
    integration.r#type(IntegrationType::Mock).send().await.expect("an integration");
    gateway.create_deployment().rest_api_id(&id).stage_name("kept").send().await.expect("a deployment");
    format!("mode: Plan\nadopt: {{restApiId: {id}, prune: true}}\n")
}

/// A Secret and a ConfigMap that the controller writes.
const MORE: &str =
    "usagePlans: [{name: basic, stages: [{name: kept}], apiKeys: [{name: one, secret: {name: OUTPUT, key: \
                    value}}]}]
outputs: {configMap: OUTPUT}
";

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

/// Everything that there is, without what differs between accounts, and what callers get.
async fn state(world: &World, phase: &str) -> Value {
    if phase == "deletion" {
        return json!(left(&world.aws).await);
    }
    let object = world.kube.get(NAME).await;
    let status = object.status.as_ref().expect("a status");
    let answers = answers(status, if phase == "update" { 2 } else { 1 }).await;
    let [maps, secrets] = written(world).await;
    faults::state(world, NAME, json!({"answers": answers, "maps": maps, "secrets": secrets})).await
}

/// Names of the ConfigMaps and of the Secrets that the controller wrote.
async fn written(world: &World) -> [Vec<String>; 2] {
    let mut maps = names::<ConfigMap>(world).await;
    maps.retain(|name| name != "kube-root-ca.crt");
    [maps, names::<Secret>(world).await]
}

/// Names of all objects of a kind.
async fn names<K>(world: &World) -> Vec<String>
where
    K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let all = world.kube.api::<K>().list(&ListParams::default()).await.expect("a list");
    all.iter().map(ResourceExt::name_any).collect()
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
