//! What others do that is to stay unseen, or to outlast the healing: each is found, told and set right.

use aws_sdk_apigateway::types::{IntegrationType, Op, PatchOperation};
use serde_json::{Value, json};

use super::NAME;
use crate::samples::REGION;
use crate::world::{Controller, MachineKind, World, condition, eventually};

const ANYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// An object with a tested method and the stages `one`, and `two` after it.
struct Shop {
    world: World,
    spec: Value,
    id: String,
    role: String,
    _controller: Controller,
}

impl Shop {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
        let controller = world.controller().await;
        let spec = json!({
            "region": REGION,
            "stateMachines": [{"name": "m", "arn": machine}],
            "methods": [{
                "path": "/run", "method": "POST", "action": "StartSyncExecution", "stateMachine": "m",
                "tests": [{"name": "t", "startsExecution": true, "body": {}, "expect": {"status": 200}}],
            }],
            "stages": [{"name": "one"}, {"name": "two", "deployment": {"after": "one"}}],
        });
        world.kube.apply_spec(NAME, &spec.to_string()).await.expect("it applies");
        let status = world.kube.wait_ready(NAME).await.status.expect("a status");
        let role = status.role_arn.expect("a role").rsplit('/').next().expect("a name").to_owned();
        Self { world, spec, id: status.rest_api_id.expect("an API"), role, _controller: controller }
    }

    /// From now on the machine fails, and so does the test.
    async fn fail_tests(&self) {
        let fault =
            json!({"service": "stepfunctions", "operation": "StartSyncExecution", "status": 500, "count": 1000});
        self.world.aws.order_fault(fault).await;
    }

    async fn serves(&self, stage: &str) -> String {
        let gateway = self.world.aws.apigateway(REGION);
        let found = gateway.get_stage().rest_api_id(&self.id).stage_name(stage).send().await.expect("the stage");
        found.deployment_id.unwrap_or_default()
    }

    /// A deployment of a draft that others changed, with that description, and the stage `one` on it.
    async fn deploy_theirs(&self, description: &str) -> String {
        self.change_draft().await;
        let gateway = self.world.aws.apigateway(REGION);
        let deploy = gateway.create_deployment().rest_api_id(&self.id).description(description);
        let id = deploy.send().await.expect("a deployment by hand").id.expect("an id");
        self.move_to("one", &id).await;
        id
    }

    async fn change(&mut self, change: impl FnOnce(&mut Value)) {
        change(&mut self.spec);
        self.world.kube.apply_spec(NAME, &self.spec.to_string()).await.expect("it applies");
        self.world.kube.wait_ready(NAME).await;
    }

    /// A method of the draft that the spec does not have.
    async fn change_draft(&self) {
        let gateway = self.world.aws.apigateway(REGION);
        let root = self.world.aws.resource_id(REGION, &self.id, "/").await;
        let put = gateway.put_method().rest_api_id(&self.id).resource_id(&root).http_method("GET");
        put.authorization_type("NONE").send().await.expect("a method by hand");
        let put = gateway.put_integration().rest_api_id(&self.id).resource_id(root).http_method("GET");
        put.r#type(IntegrationType::Mock).send().await.expect("an integration by hand");
    }

    async fn move_to(&self, stage: &str, deployment: &str) {
        self.world.aws.move_stage(REGION, &self.id, stage, deployment).await;
    }

    /// The event of a healing that has these words.
    async fn until_told(&self, words: &str) -> String {
        eventually(words, || async {
            let events = self.world.kube.events(NAME).await;
            let told = events.iter().find(|(reason, note)| reason == "DriftHealed" && note.contains(words));
            told.map(|(_, note)| note.clone()).ok_or_else(|| format!("{events:#?}"))
        })
        .await
    }

    async fn writes(&self) -> Vec<String> {
        self.world.aws.writes().await.into_iter().map(|(_, operation)| operation).collect()
    }

    async fn nothing_more_is_written(&self, request: &str) {
        self.world.aws.forget_calls().await;
        self.world.kube.check_now(NAME, request).await;
        assert_eq!(self.writes().await, [] as [&str; 0], "{request}");
    }
}

#[tokio::test]
async fn stage_on_a_strangers_deployment_goes_back_though_a_test_fails_and_all_that_was_healed_is_told() {
    let shop = Shop::new("moved-away").await;
    let before = shop.serves("one").await;
    let theirs = shop.deploy_theirs("theirs").await;
    shop.fail_tests().await;
    shop.world.kube.check_now(NAME, "1").await;
    eventually("the stage on its deployment", || async {
        let serves = shop.serves("one").await;
        if serves == before { Ok(()) } else { Err(format!("{serves}, theirs is {theirs}")) }
    })
    .await;
    shop.until_told("stage one had been moved").await;
    shop.until_told("put definition of API").await;
    shop.world.kube.wait_ready(NAME).await;
    shop.nothing_more_is_written("2").await;
}

#[tokio::test]
async fn deployment_with_the_description_of_ours_is_a_strangers() {
    let shop = Shop::new("forged").await;
    let status = shop.world.kube.get(NAME).await.status.expect("a status");
    let before = shop.serves("one").await;
    let theirs = shop.deploy_theirs(&format!("stepgate revision {}", status.revision.expect("a revision"))).await;
    shop.world.kube.check_now(NAME, "1").await;
    shop.world.kube.wait_ready(NAME).await;
    assert_eq!((shop.serves("one").await, shop.serves("two").await), (before.clone(), before));
    shop.until_told(&format!("deployment {theirs} of someone else")).await;
    shop.nothing_more_is_written("2").await;
}

#[tokio::test]
async fn deployment_whose_description_others_edited_is_known_by_its_id() {
    let shop = Shop::new("described").await;
    let (gateway, before) = (shop.world.aws.apigateway(REGION), shop.serves("one").await);
    let patch = PatchOperation::builder().op(Op::Replace).path("/description").value("release 1").build();
    let update = gateway.update_deployment().rest_api_id(&shop.id).deployment_id(&before);
    update.patch_operations(patch).send().await.expect("a description by hand");
    // The deployments are listed because one of the stages is not on a known one.
    shop.deploy_theirs("theirs").await;
    shop.world.aws.forget_calls().await;
    shop.world.kube.check_now(NAME, "1").await;
    shop.world.kube.wait_ready(NAME).await;
    assert_eq!(shop.serves("one").await, before);
    assert!(!shop.writes().await.contains(&"CreateDeployment".to_owned()));
    shop.nothing_more_is_written("2").await;
}

#[tokio::test]
async fn what_others_wrote_into_the_roles_policy_is_never_written_again() {
    let mut shop = Shop::new("widened").await;
    let iam = shop.world.aws.iam();
    let put = iam.put_role_policy().role_name(&shop.role).policy_name("stepgate").policy_document(ANYTHING);
    // A new revision whose test fails: the stages stay, and with them what they need.
    shop.spec["methods"][0]["path"] = json!("/other");
    shop.spec["methods"][0]["tests"][0]["expect"]["status"] = json!(418);
    shop.world.kube.apply_spec(NAME, &shop.spec.to_string()).await.expect("it applies");
    shop.world.kube.wait(NAME, "False", "PreflightFailed").await;
    put.send().await.expect("a policy by hand");
    shop.world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/check-now": "1"}}})).await;
    let policy = eventually("a policy that is narrow again", || async {
        let policy = shop.world.aws.inline_policy(&shop.role).await.to_string();
        if policy.contains("\"*\"") { Err(policy) } else { Ok(policy) }
    })
    .await;
    assert!(policy.contains("StartSyncExecution"), "{policy}");
}

#[tokio::test]
async fn owner_tags_that_others_took_away_are_set_again() {
    let shop = Shop::new("untagged").await;
    let (gateway, iam) = (shop.world.aws.apigateway(REGION), shop.world.aws.iam());
    let tag = "stepgate.dev/owner";
    let api = format!("arn:aws:apigateway:{REGION}::/restapis/{}", shop.id);
    for arn in [api.clone(), format!("{api}/stages/one")] {
        gateway.untag_resource().resource_arn(arn).tag_keys(tag).send().await.expect("a tag less");
    }
    iam.untag_role().role_name(&shop.role).tag_keys(tag).send().await.expect("a tag less");
    shop.world.aws.forget_calls().await;
    shop.world.kube.check_now(NAME, "1").await;
    let status = shop.world.kube.wait_ready(NAME).await.status.expect("a status");
    assert_eq!(status.rest_api_id.as_deref(), Some(shop.id.as_str()));
    assert_eq!(shop.writes().await, ["TagRole", "TagResource", "TagResource"]);
    shop.nothing_more_is_written("2").await;

    // Also of what is to be deleted.
    gateway.untag_resource().resource_arn(api).tag_keys(tag).send().await.expect("a tag less");
    shop.world.kube.delete(NAME).await;
    assert_eq!(shop.world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn deleted_things_are_called_deleted() {
    let shop = Shop::new("deleted").await;
    let (gateway, iam) = (shop.world.aws.apigateway(REGION), shop.world.aws.iam());
    gateway.delete_stage().rest_api_id(&shop.id).stage_name("two").send().await.expect("a stage less");
    // No test holds up what was tested.
    shop.fail_tests().await;
    shop.world.kube.check_now(NAME, "1").await;
    shop.until_told("stage two had been deleted: create stage two").await;
    shop.world.aws.no_faults().await;

    iam.delete_role_policy().role_name(&shop.role).policy_name("stepgate").send().await.expect("a policy less");
    iam.delete_role().role_name(&shop.role).send().await.expect("a role less");
    shop.world.kube.check_now(NAME, "2").await;
    // Made again it is the same for those who assume it.
    shop.until_told(&format!("role {0} had been deleted: create role {0}; put policy", shop.role)).await;

    shop.world
        .kube
        .apply_spec(NAME, &(shop.spec.to_string().replacen('{', r#"{"driftPolicy": "Report","#, 1)))
        .await
        .expect("it applies");
    shop.world.kube.wait_ready(NAME).await;
    gateway.delete_rest_api().rest_api_id(&shop.id).send().await.expect("an API less");
    shop.world.kube.check_now(NAME, "3").await;
    let object = shop.world.kube.wait(NAME, "False", "Drifted").await;
    for kind in ["ApiReady", "StagesReady"] {
        let part = condition(&object, kind).expect("the condition");
        assert_eq!((part.status.as_str(), part.reason.as_str()), ("False", "Drifted"), "{kind}");
    }
    shop.world.kube.apply_spec(NAME, &shop.spec.to_string()).await.expect("it applies");
    shop.world.kube.wait_ready(NAME).await;
    shop.until_told("the API had been deleted: create API").await;
}

#[tokio::test]
async fn events_tell_what_others_changed_by_path_and_nothing_else() {
    let mut shop = Shop::new("told").await;
    let (gateway, iam) = (shop.world.aws.apigateway(REGION), shop.world.aws.iam());
    let (first, before) = (shop.serves("one").await, shop.world.kube.get(NAME).await.status.expect("a status"));
    let policy = "arn:aws:iam::aws:policy/AWSStepFunctionsReadOnlyAccess";
    shop.change(|spec| {
        spec["methods"][0]["path"] = json!("/ran");
        spec["role"] = json!({"managedPolicyArns": [policy]});
        spec["endpoint"] = json!({"minimumCompressionSize": 1000});
    })
    .await;

    // In the draft alone, and a stage on an older deployment of ours.
    shop.change_draft().await;
    shop.move_to("one", &first).await;
    shop.world.kube.check_now(NAME, "1").await;
    let moved = format!("stage one had been moved to revision {}", before.revision.expect("a revision"));
    let note = shop.until_told(&format!("the draft had been changed and not deployed; {moved}: ")).await;
    assert!(note.contains(r#"api GET /.authorization: "None" -> (none)"#), "{note}");
    assert!(!note.contains("restore settings"), "the put reset nothing: {note}");

    iam.detach_role_policy().role_name(&shop.role).policy_arn(policy).send().await.expect("a policy less");
    shop.world.kube.check_now(NAME, "2").await;
    shop.until_told(&format!("(role managedPolicies: (none) -> \"{policy}\")")).await;

    // A whole method by its leaves.
    let run = shop.world.aws.resource_id(REGION, &shop.id, "/ran").await;
    let delete = gateway.delete_method().rest_api_id(&shop.id).resource_id(run).http_method("POST");
    delete.send().await.expect("a method less");
    shop.world.kube.check_now(NAME, "3").await;
    let note = shop.until_told(r#"api POST /ran.authorization: (none) -> "Iam""#).await;
    assert!(note.contains("api POST /ran.integration"), "{note}");
    assert!(note.len() <= 1024 && !note.ends_with("..."), "{note}");
    shop.nothing_more_is_written("4").await;
}

#[tokio::test]
async fn what_others_did_is_told_also_when_the_spec_changes_at_the_same_time() {
    let mut shop = Shop::new("at-once").await;
    let (gateway, iam) = (shop.world.aws.apigateway(REGION), shop.world.aws.iam());
    let first = shop.world.kube.get(NAME).await.status.and_then(|status| status.revision).expect("a revision");
    let old = shop.serves("one").await;
    shop.change(|spec| spec["methods"][0]["path"] = json!("/ran")).await;

    // A new revision moves all stages, and the deleted one would have been made anyway; others' doing is told all the same.
    shop.move_to("one", &old).await;
    gateway.delete_stage().rest_api_id(&shop.id).stage_name("two").send().await.expect("a stage less");
    iam.delete_role_policy().role_name(&shop.role).policy_name("stepgate").send().await.expect("a policy less");
    iam.delete_role().role_name(&shop.role).send().await.expect("a role less");
    shop.change(|spec| spec["methods"][0]["path"] = json!("/go")).await;
    shop.until_told(&format!(
        "role {} had been deleted; stage two had been deleted; stage one had been moved to revision {first}: \
         healed with a change of the spec",
        shop.role
    ))
    .await;

    // The draft, where the change is none of the draft.
    shop.change_draft().await;
    shop.change(|spec| spec["stages"][0]["description"] = json!("new")).await;
    shop.until_told("the draft had been changed and not deployed: healed with a change of the spec").await;

    // A change alone is none of others'.
    let healed = async || {
        let events = shop.world.kube.events(NAME).await;
        events.iter().filter(|(reason, _)| reason == "DriftHealed").count()
    };
    let before = healed().await;
    let mut spec = shop.spec.clone();
    spec["methods"][0]["path"] = json!("/gone");
    spec["stages"].as_array_mut().expect("stages").push(json!({"name": "three"}));
    shop.world.kube.apply_spec(NAME, &spec.to_string()).await.expect("it applies");
    shop.world.kube.wait_ready(NAME).await;
    eventually("the event of the change", || async {
        let events = shop.world.kube.events(NAME).await;
        let told = events.iter().any(|(reason, note)| reason == "Applied" && note.contains("create stage three"));
        if told { Ok(()) } else { Err(format!("{events:#?}")) }
    })
    .await;
    assert_eq!(healed().await, before);
}
