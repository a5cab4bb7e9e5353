//! Which deployments stages serve: kept, gone back to, promoted from stage to stage, tried on a share of the calls.

mod canary;
mod foreign;

use serde_json::{Value, json};
use stepgate::api::{StageStatus, StepFunctionsApi, StepFunctionsApiStatus};

use crate::world::{Answer, Controller, MachineKind, World, condition, eventually, post};

const REGION: &str = "us-east-1";
const JSON: &str = "application/json";

/// An object named `api` with stages `alpha` and `prod`, whose one method starts a machine of its own for each release.
struct Releases {
    world: World,
    spec: Value,
    controller: Controller,
}

impl Releases {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        for release in 1..=4 {
            world.aws.machine(REGION, &format!("v{release}"), MachineKind::Standard).await;
        }
        let controller = world.controller().await;
        let spec = json!({
            "region": REGION,
            "methods": [{
                "path": "/run", "method": "POST", "action": "StartExecution", "stateMachine": "m",
                "authorization": {"type": "None"},
            }],
            "stages": [{"name": "alpha"}, {"name": "prod"}],
        });
        let mut releases = Self { world, spec, controller };
        releases.release(1).await;
        releases
    }

    /// Makes the spec that of a release and answers its revision.
    async fn release(&mut self, number: u32) -> String {
        let arn = self.world.aws.machine_arn(REGION, &format!("v{number}"));
        self.change(|spec| spec["stateMachines"] = json!([{"name": "m", "arn": arn}])).await;
        self.status().await.revision.expect("a revision")
    }

    /// Applies the changed spec and answers the writes that it took.
    async fn change(&mut self, change: impl FnOnce(&mut Value)) -> Vec<String> {
        change(&mut self.spec);
        self.world.aws.forget_calls().await;
        self.apply().await;
        self.world.kube.wait_ready("api").await;
        self.writes().await
    }

    async fn apply(&self) {
        self.world.kube.apply_spec("api", &self.spec.to_string()).await.expect("the spec applies");
    }

    async fn writes(&self) -> Vec<String> {
        self.world.aws.writes().await.into_iter().map(|(_, operation)| operation).collect()
    }

    async fn status(&self) -> StepFunctionsApiStatus {
        self.world.kube.get("api").await.status.expect("a status")
    }

    async fn stage(&self, name: &str) -> StageStatus {
        self.status().await.stages.into_iter().find(|stage| stage.name == name).expect("a stage")
    }

    /// Waits until calls of a stage start that release.
    async fn until_serves(&self, stage: &str, release: u32) {
        let url = format!("{}/run", self.stage(stage).await.url);
        let machine = format!(":v{release}:");
        eventually(&format!("{stage} with release {release}"), || async {
            let answer = Answer::of(post(&url, JSON, "{}")).await;
            if answer.status == 200 && answer.body.contains(&machine) { Ok(()) } else { Err(format!("{answer:?}")) }
        })
        .await;
    }

    /// Machines that the created role may start.
    async fn allowed(&self) -> Vec<String> {
        let role = self.status().await.role_arn.expect("a role");
        let text = self.world.aws.inline_policy(&role).await.to_string();
        (1..=4).map(|release| format!("v{release}")).filter(|name| text.contains(&format!(":{name}"))).collect()
    }

    /// Ids of all deployments of the API.
    async fn deployments(&self) -> Vec<String> {
        let id = self.status().await.rest_api_id.expect("an API");
        let found = self.world.aws.apigateway(REGION).get_deployments().rest_api_id(id).send().await;
        found.expect("deployments").items().iter().filter_map(|found| found.id.clone()).collect()
    }

    async fn nothing_more_is_written(&self, request: &str) {
        self.world.aws.forget_calls().await;
        self.world.kube.check_now("api", request).await;
        assert_eq!(self.writes().await, [] as [&str; 0], "{request}");
    }
}

fn pin(spec: &mut Value, stage: usize, revision: &str) {
    spec["stages"][stage]["deployment"] = json!({"pin": revision});
}

fn unpin(spec: &mut Value, stage: usize) {
    spec["stages"][stage].as_object_mut().expect("a stage").remove("deployment");
}

fn message(object: &StepFunctionsApi) -> String {
    condition(object, "Ready").expect("Ready").message.clone()
}

#[tokio::test]
async fn example_moves_its_stages_one_after_the_other() {
    let world = World::new("rollout").await;
    world.aws.machine(REGION, "OrdersExpress", MachineKind::Express).await;
    let _controller = world.controller().await;
    world.kube.apply(&world.example("rollout")).await.expect("the example applies");
    let status = world.kube.wait_ready("rollout").await.status.expect("a status");
    let served: Vec<&String> = status.stages.iter().map(|stage| &stage.deployment_id).collect();
    assert_eq!((served.len(), served[0]), (2, served[1]));
    for stage in &status.stages {
        Answer::until(200, || post(&format!("{}/orders", stage.url), JSON, "{}")).await;
    }
    world.aws.forget_calls().await;
    world.kube.check_now("rollout", "again").await;
    assert_eq!(world.aws.writes().await, []);
}

#[tokio::test]
async fn stage_goes_back_to_a_revision_and_stays_there_with_what_its_calls_need() {
    let mut api = Releases::new("pin").await;
    let first = api.status().await.revision.expect("a revision");
    let second = api.release(2).await;
    api.until_serves("prod", 2).await;
    assert_eq!(api.allowed().await, ["v2"]);
    let known = api.status().await.deployments;
    let revisions: Vec<&str> = known.iter().map(|deployment| deployment.revision.as_str()).collect();
    assert_eq!(revisions, [&second, &first], "the newest first");

    // The role gets back what the old release starts, before the stage moves.
    assert_eq!(api.change(|spec| pin(spec, 1, &first)).await, ["PutRolePolicy", "UpdateStage"]);
    api.until_serves("prod", 1).await;
    api.until_serves("alpha", 2).await;
    assert_eq!(api.allowed().await, ["v1", "v2"]);
    let prod = api.stage("prod").await;
    assert_eq!((&prod.revision, &api.stage("alpha").await.revision), (&first, &second));
    let object = api.world.kube.get("api").await;
    assert_eq!(message(&object), format!("stage alpha at revision {second}; stage prod at revision {first}"));
    let of_prod = object.status.expect("a status").endpoints.iter().filter(|found| found.stage == "prod").count();
    assert_eq!(of_prod, 0, "methods of an older revision are not known");
    api.nothing_more_is_written("pinned").await;

    // It holds through releases, and through a loss of the status, which knows what old releases need.
    api.release(3).await;
    api.until_serves("alpha", 3).await;
    assert_eq!((api.stage("prod").await, api.allowed().await), (prod.clone(), vec!["v1".into(), "v3".into()]));
    api.world
        .kube
        .kubectl(&[
            "patch",
            "sfnapi",
            "api",
            "--subresource=status",
            "--type=json",
            "-p",
            r#"[{"op":"replace","path":"/status","value":{"observedGeneration":-1}}]"#,
        ])
        .await
        .expect("no status");
    api.world.kube.check_now("api", "without a status").await;
    api.world.kube.wait_ready("api").await;
    assert_eq!(
        (api.stage("prod").await.revision, api.allowed().await),
        (first.clone(), vec!["v1".into(), "v3".into()])
    );
    api.until_serves("prod", 1).await;

    assert_eq!(api.change(|spec| unpin(spec, 1)).await, ["UpdateStage", "PutRolePolicy"]);
    api.until_serves("prod", 3).await;
    assert_eq!(api.allowed().await, ["v3"]);
}

#[tokio::test]
async fn going_back_to_what_only_a_lost_status_knew_is_told() {
    let mut api = Releases::new("unrecorded").await;
    let first = api.status().await.revision.expect("a revision");
    let second = api.release(2).await;
    let lost = ["patch", "sfnapi", "api", "--subresource=status", "--type=merge", "-p", r#"{"status": null}"#];
    api.world.kube.kubectl(&lost).await.expect("it patches");
    api.world.kube.check_now("api", "lost").await;
    api.change(|spec| pin(spec, 1, &first)).await;
    let ready = |object: &StepFunctionsApi| condition(object, "Ready").expect("Ready").message.clone();
    let told = ready(&api.world.kube.get("api").await);
    assert!(told.contains(&format!("lost with an earlier status for revision {first} of stage prod")), "{told}");
    assert_eq!(api.stage("prod").await.revision, first);
    api.change(|spec| unpin(spec, 1)).await;
    assert_eq!(ready(&api.world.kube.get("api").await), format!("stages alpha, prod at revision {second}"));
}

#[tokio::test]
async fn deployments_are_kept_to_the_history_and_those_in_use_beyond_it() {
    let mut api = Releases::new("history").await;
    api.change(|spec| spec["history"] = json!(2)).await;
    let first = api.status().await.revision.expect("a revision");
    let second = api.release(2).await;
    assert_eq!(api.deployments().await.len(), 2);
    api.change(|spec| pin(spec, 1, &first)).await;
    api.release(3).await;
    // Pinned at the first, alpha at the third: the second goes.
    let third = api.status().await.deployments;
    let revisions: Vec<&str> = third.iter().map(|deployment| deployment.revision.as_str()).collect();
    assert!(revisions.contains(&first.as_str()), "{revisions:?}");
    let fourth = api.release(4).await;
    let left = api.status().await.deployments;
    let mut left: Vec<&str> = left.iter().map(|deployment| deployment.revision.as_str()).collect();
    assert!(!left.contains(&second.as_str()) && left.contains(&fourth.as_str()) && left.contains(&first.as_str()));
    left.sort_unstable();
    assert_eq!(api.deployments().await.len(), left.len());
    api.until_serves("prod", 1).await;

    // A stage of somebody else's holds what it uses.
    let id = api.status().await.rest_api_id.expect("an API");
    let held = api.stage("alpha").await.deployment_id;
    let theirs = api.world.aws.apigateway(REGION);
    theirs.create_stage().rest_api_id(&id).stage_name("theirs").deployment_id(&held).send().await.expect("a stage");
    api.change(|spec| unpin(spec, 1)).await;
    for release in [1, 2, 3] {
        api.release(release).await;
    }
    assert!(api.deployments().await.contains(&held), "a stage uses it");
    assert_eq!(api.deployments().await.len(), 3);

    // What is gone cannot be gone back to; the message has what can.
    api.world.aws.forget_calls().await;
    pin(&mut api.spec, 1, &first);
    api.apply().await;
    let refused = message(&api.world.kube.wait("api", "False", "Invalid").await);
    assert!(refused.contains("spec.stages[prod].deployment: no deployment holds revision"), "{refused}");
    for deployment in api.status().await.deployments {
        assert!(refused.contains(&deployment.revision), "{refused}");
    }
    assert_eq!(api.writes().await, [] as [&str; 0]);
    assert_eq!(condition(&api.world.kube.get("api").await, "Stalled").expect("Stalled").status, "True");
    api.until_serves("prod", 3).await;
}

#[tokio::test]
async fn going_back_waits_for_nothing_that_is_wrong_with_the_new() {
    let mut api = Releases::new("back").await;
    let first = api.status().await.revision.expect("a revision");
    api.release(2).await;
    api.until_serves("prod", 2).await;

    // A release that fails its test, together with a pin.
    let expect = json!([{"name": "no", "startsExecution": true, "expect": {"status": 418}}]);
    let arn = api.world.aws.machine_arn(REGION, "v3");
    api.spec["stateMachines"] = json!([{"name": "m", "arn": arn}]);
    api.spec["methods"][0]["tests"] = expect;
    pin(&mut api.spec, 1, &first);
    api.apply().await;
    api.world.kube.wait("api", "False", "PreflightFailed").await;
    api.until_serves("prod", 1).await;
    api.until_serves("alpha", 2).await;

    // AWS refuses the definition, and the stage goes back all the same.
    api.spec["methods"][0].as_object_mut().expect("a method").remove("tests");
    unpin(&mut api.spec, 1);
    api.apply().await;
    api.world.kube.wait_ready("api").await;
    api.until_serves("prod", 3).await;
    let refuse =
        json!({"service": "apigateway", "operation": "PutRestApi", "status": 400, "code": "BadRequestException"});
    api.world.aws.order_fault(refuse).await;
    let arn = api.world.aws.machine_arn(REGION, "v4");
    api.spec["stateMachines"] = json!([{"name": "m", "arn": arn}]);
    pin(&mut api.spec, 1, &first);
    api.apply().await;
    api.until_serves("prod", 1).await;
    api.world.aws.no_faults().await;
}

#[tokio::test]
async fn later_stage_follows_the_earlier_one_only() {
    let mut api = Releases::new("after").await;
    let first = api.status().await.revision.expect("a revision");
    // Named so that the order of names is the wrong one.
    let stages = json!([{"name": "a", "deployment": {"after": "m"}}, {"name": "m", "deployment": {"after": "z"}}, {"name": "z"}]);
    api.change(|spec| spec["stages"] = stages).await;
    let arn = api.world.aws.machine_arn(REGION, "v2");
    let writes = async |api: &Releases| {
        let status = api.status().await;
        status.stages.iter().map(|stage| stage.deployment_id.clone()).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(writes(&api).await, 1);

    // A fault at the first stage holds the others.
    let refuse =
        json!({"service": "apigateway", "operation": "UpdateStage", "status": 400, "code": "BadRequestException"});
    api.world.aws.order_fault(refuse).await;
    api.spec["stateMachines"] = json!([{"name": "m", "arn": arn}]);
    api.apply().await;
    let failed = message(&api.world.kube.wait("api", "False", "Refused").await);
    assert!(failed.contains("stage z"), "{failed}");
    for stage in ["a", "m", "z"] {
        api.until_serves(stage, 1).await;
    }
    api.world.aws.no_faults().await;
    api.world.kube.check_now("api", "again").await;
    api.world.kube.wait_ready("api").await;
    for stage in ["a", "m", "z"] {
        api.until_serves(stage, 2).await;
    }

    // Who comes after a pinned stage stays with it.
    api.change(|spec| pin(spec, 2, &first)).await;
    for stage in ["a", "m", "z"] {
        api.until_serves(stage, 1).await;
    }
    api.release(3).await;
    api.until_serves("a", 1).await;
    api.nothing_more_is_written("all held").await;

    // Circles and unknown stages are refused with their field.
    for (deployment, words) in [
        (json!({"after": "a"}), "spec.stages[a].deployment.after: the stage would come after itself"),
        (json!({"after": "nobody"}), "spec.stages[z].deployment.after: there is no stage nobody"),
    ] {
        api.spec["stages"][2]["deployment"] = deployment;
        api.apply().await;
        let refused = message(&api.world.kube.wait("api", "False", "Invalid").await);
        assert!(refused.contains(words), "{refused}");
    }
    let both = json!({"pin": first, "after": "a"});
    api.spec["stages"][2]["deployment"] = both;
    let refused = api.world.kube.apply_spec("api", &api.spec.to_string()).await.expect_err("refused");
    assert!(refused.contains("give exactly one of pin and after"), "{refused}");
}
