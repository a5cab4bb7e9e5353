//! What is not ours is never touched; what is ours is found again by its tags and put right when others change it.

use aws_sdk_apigateway::types::{GatewayResponseType, Op, PatchOperation};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, ResourceExt};
use serde_json::json;
use stepgate::model::Owner;

use crate::samples::{self, REGION, spec};
use crate::world::{Answer, World, condition, eventually, post};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;
const DENY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#;
const NAME: &str = "api";

/// A world in which the object is ready; with the ids of its API and role.
async fn ready(name: &str) -> (World, crate::world::Controller, String, String) {
    let world = samples::world(name).await;
    let controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    let role = status.role_arn.expect("a role").rsplit('/').next().expect("a name").to_owned();
    let id = status.rest_api_id.expect("an API");
    (world, controller, id, role)
}

fn patch(op: Op, path: &str, value: Option<&str>) -> PatchOperation {
    PatchOperation::builder().op(op).path(path).set_value(value.map(str::to_owned)).build()
}

async fn message(world: &World) -> String {
    condition(&world.kube.get(NAME).await, "Ready").expect("a condition").message.clone()
}

#[tokio::test]
async fn api_of_the_same_name_is_not_touched() {
    let world = samples::world("namesake").await;
    let gateway = world.aws.apigateway(REGION);
    let name = format!("{}-{NAME}", world.kube.namespace);
    let other = Owner { installation: "another".into(), namespace: world.kube.namespace.clone(), name: NAME.into() };
    for tag in ["nobody", &other.tag()] {
        let request = gateway.create_rest_api().name(&name).tags("stepgate.dev/owner", tag);
        request.send().await.expect("an API");
    }
    let ids = |apis: &aws_sdk_apigateway::operation::get_rest_apis::GetRestApisOutput| -> Vec<String> {
        apis.items().iter().filter_map(|api| api.id().map(str::to_owned)).collect()
    };
    let before = gateway.get_rest_apis().send().await.expect("APIs");
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let object = world.kube.wait_ready(NAME).await;
    let ours = object.status.and_then(|status| status.rest_api_id).expect("an id");
    assert!(!ids(&before).contains(&ours));
    world.kube.delete(NAME).await;
    assert_eq!(gateway.get_rest_apis().send().await.expect("APIs").items(), before.items());
}

#[tokio::test]
async fn role_of_our_name_without_our_tag_blocks_and_is_not_touched() {
    let world = samples::world("squatter").await;
    let system: Namespace = Api::all(world.kube.client.clone()).get("kube-system").await.expect("kube-system");
    let owner = Owner {
        installation: system.uid().expect("a uid"),
        namespace: world.kube.namespace.clone(),
        name: NAME.into(),
    };
    let (iam, role) = (world.aws.iam(), owner.role_name(REGION));
    iam.create_role().role_name(&role).assume_role_policy_document(TRUST).send().await.expect("a role");
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    world.kube.wait(NAME, "False", "NotOwned").await;
    assert!(message(&world).await.contains(&role));
    assert_eq!(world.aws.writes().await, []);
    // Neither does a deletion take it.
    world.kube.delete(NAME).await;
    assert_eq!(world.aws.leftovers(REGION).await, [format!("role {role}")]);

    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    world.kube.wait(NAME, "False", "NotOwned").await;
    iam.delete_role().role_name(&role).send().await.expect("it goes");
    world.kube.check_now(NAME, "1").await;
    world.kube.wait_ready(NAME).await;
}

#[tokio::test]
async fn stage_of_others_blocks_only_where_its_name_is_wanted() {
    let (world, _controller, id, _) = ready("stages").await;
    let gateway = world.aws.apigateway(REGION);
    let deployment = gateway.create_deployment().rest_api_id(&id).send().await.expect("a deployment");
    let theirs = || gateway.get_stage().rest_api_id(&id).stage_name("theirs").send();
    let create = gateway.create_stage().rest_api_id(&id).stage_name("theirs").variables("note", "ours");
    create.deployment_id(deployment.id().expect("an id")).send().await.expect("a stage");
    let before = theirs().await.expect("the stage");
    world.aws.forget_calls().await;
    world.kube.check_now(NAME, "1").await;
    assert_eq!(world.aws.writes().await, []);

    let line = spec(&world).lines().last().expect("stages").to_owned();
    let more = line
        .replace("stages: [", "stages: [{name: theirs, variables: {arn: '*'}}, ")
        .replace('*', &world.aws.machine_arn(REGION, "hello"));
    world.kube.apply_spec(NAME, &spec(&world).replace(&line, &more)).await.expect("it applies");
    world.kube.wait(NAME, "False", "NotOwned").await;
    assert!(message(&world).await.contains("stage theirs"));
    assert_eq!(world.aws.writes().await, []);
    assert_eq!(theirs().await.expect("the stage").variables(), before.variables());

    gateway.delete_stage().rest_api_id(&id).stage_name("theirs").send().await.expect("it goes");
    world.kube.check_now(NAME, "2").await;
    world.kube.wait_ready(NAME).await;
}

#[tokio::test]
async fn lost_status_finds_the_same_api() {
    let (world, _controller, id, _) = ready("lost-status").await;
    let empty = r#"{"status": null}"#;
    world
        .kube
        .kubectl(&["patch", "sfnapi", NAME, "--subresource=status", "--type=merge", "-p", empty])
        .await
        .expect("it patches");
    assert_eq!(world.kube.get(NAME).await.status.and_then(|status| status.rest_api_id), None);
    world.aws.forget_calls().await;
    world.kube.check_now(NAME, "1").await;
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    assert_eq!(status.rest_api_id, Some(id));
    assert_eq!(world.aws.writes().await, []);
}

#[tokio::test]
async fn api_deleted_by_others_is_made_again() {
    let (world, _controller, id, _) = ready("remade").await;
    world.aws.apigateway(REGION).delete_rest_api().rest_api_id(&id).send().await.expect("it goes");
    world.kube.check_now(NAME, "1").await;
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    assert_ne!(status.rest_api_id, Some(id));
    assert_eq!(world.aws.leftovers(REGION).await.len(), 2);
    Answer::until(200, || post(&status.endpoints[0].url, "application/json", "{}")).await;
}

/// Something that others can do to what is ours.
#[derive(Clone, Copy, Debug)]
enum Drift {
    MethodDeleted,
    TemplateChanged,
    GatewayResponseRemoved,
    Renamed,
    MediaTypesSet,
    /// Another setting of the API, by its patch path.
    Set(&'static str, &'static str),
    VariableChanged,
    Repointed,
    StageDeleted,
    PolicyChanged,
    PolicyDeleted,
    TrustChanged,
    TagsChanged,
}

impl Drift {
    /// With what the event says about it.
    const ALL: [(Self, &str); 19] = [
        (Self::MethodDeleted, r#"api POST /run.authorization: (none) -> "None""#),
        (Self::TemplateChanged, r#"api POST /run.integration.requestTemplates.application/json: "{}" -> ""#),
        (Self::GatewayResponseRemoved, r#"api gatewayResponses.DEFAULT_4XX.headers: (none) -> {"#),
        (Self::Renamed, r#"api name: "theirs" -> ""#),
        (Self::MediaTypesSet, r#"api settings.binaryMediaTypes: ["image/png"] -> (none)"#),
        (Self::Set("/description", "theirs"), r#"api settings.description: "theirs" -> (none)"#),
        (Self::Set("/minimumCompressionSize", "100"), r#"api settings.minimumCompressionSize: 100 -> (none)"#),
        (Self::Set("/apiKeySource", "AUTHORIZER"), r#"api settings.apiKeySource: "AUTHORIZER" -> (none)"#),
        (Self::Set("/disableExecuteApiEndpoint", "true"), r#"api settings.disableExecuteApiEndpoint: true -> false"#),
        (
            Self::Set("/endpointConfiguration/types/REGIONAL", "EDGE"),
            r#"api settings.endpointType: "EDGE" -> "REGIONAL""#,
        ),
        (
            Self::Set("/endpointConfiguration/ipAddressType", "dualstack"),
            r#"api settings.ipAddressType: "dualstack" -> "ipv4""#,
        ),
        (
            Self::Set(
                "/policy",
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}"#,
            ),
            "api settings.policy: ",
        ),
        (Self::VariableChanged, r#"stage/live variables.note: "theirs" -> "first""#),
        (Self::Repointed, r#"stage/live revision: "deployment "#),
        (Self::StageDeleted, "create stage live"),
        (Self::PolicyChanged, r#"role policy.Statement[0].Effect: "Deny" -> "Allow""#),
        (Self::PolicyDeleted, r#"role policy.Statement[0].Action: (none) -> "states:StartSyncExecution""#),
        (
            Self::TrustChanged,
            r#"role trust.Statement[0].Principal.Service: "states.amazonaws.com" -> "apigateway.amazonaws.com""#,
        ),
        (Self::TagsChanged, r#"stage/live tags.stepgate.dev/"#),
    ];

    async fn happen(self, world: &World, id: &str, role: &str) {
        let (gateway, iam) = (world.aws.apigateway(REGION), world.aws.iam());
        let update = |patch| gateway.update_rest_api().rest_api_id(id).patch_operations(patch).send();
        let stage = |patch| gateway.update_stage().rest_api_id(id).stage_name("live").patch_operations(patch).send();
        let resource = world.aws.resource_id(REGION, id, "/run").await;
        match self {
            Self::MethodDeleted => {
                let request = gateway.delete_method().rest_api_id(id).resource_id(resource).http_method("POST");
                request.send().await.expect("it goes");
            }
            Self::TemplateChanged => {
                let patch = patch(Op::Replace, "/requestTemplates/application~1json", Some("{}"));
                let request = gateway.update_integration().rest_api_id(id).resource_id(resource).http_method("POST");
                request.patch_operations(patch).send().await.expect("it changes");
            }
            Self::GatewayResponseRemoved => {
                let request = gateway.delete_gateway_response().rest_api_id(id);
                request.response_type(GatewayResponseType::Default4Xx).send().await.expect("it goes");
            }
            Self::Renamed => drop(update(patch(Op::Replace, "/name", Some("theirs"))).await.expect("it changes")),
            Self::MediaTypesSet => {
                drop(update(patch(Op::Add, "/binaryMediaTypes/image~1png", None)).await.expect("it changes"));
            }
            Self::Set(path, value) => {
                drop(update(patch(Op::Replace, path, Some(value))).await.expect("it changes"));
            }
            Self::VariableChanged => {
                drop(stage(patch(Op::Replace, "/variables/note", Some("theirs"))).await.expect("it changes"));
            }
            Self::Repointed => {
                let other = gateway.create_deployment().rest_api_id(id).send().await.expect("a deployment");
                drop(stage(patch(Op::Replace, "/deploymentId", other.id())).await.expect("it changes"));
            }
            Self::StageDeleted => {
                let request = gateway.delete_stage().rest_api_id(id).stage_name("live");
                drop(request.send().await.expect("it goes"));
            }
            Self::PolicyChanged => {
                let request = iam.put_role_policy().role_name(role).policy_name("stepgate").policy_document(DENY);
                drop(request.send().await.expect("it changes"));
            }
            Self::PolicyDeleted => {
                let request = iam.delete_role_policy().role_name(role).policy_name("stepgate");
                drop(request.send().await.expect("it goes"));
            }
            Self::TrustChanged => {
                let trust = json!({"Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole",
                }]});
                let request = iam.update_assume_role_policy().role_name(role).policy_document(trust.to_string());
                drop(request.send().await.expect("it changes"));
            }
            Self::TagsChanged => {
                let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{id}/stages/live");
                let request = gateway.tag_resource().resource_arn(arn).tags("stepgate.dev/more", "theirs");
                drop(request.send().await.expect("it changes"));
            }
        }
    }
}

#[tokio::test]
async fn every_drift_is_healed_and_told_once() {
    let (world, _controller, id, role) = ready("drift").await;
    let told = || async {
        let mut events = world.kube.events(NAME).await;
        events.retain(|(reason, _)| reason == "DriftHealed");
        events
    };
    for (number, (drift, expected)) in Drift::ALL.into_iter().enumerate() {
        drift.happen(&world, &id, &role).await;
        world.kube.check_now(NAME, &format!("{number}")).await;
        world.kube.wait_ready(NAME).await;
        let events = eventually(&format!("the event of {drift:?}"), || async {
            let events = told().await;
            if events.len() > number { Ok(events) } else { Err(format!("{events:?}")) }
        })
        .await;
        let about = events.iter().filter(|(_, note)| note.contains(expected)).count();
        assert_eq!((events.len(), about), (number + 1, 1), "{drift:?}: {expected} in {events:#?}");
        world.aws.forget_calls().await;
        world.kube.check_now(NAME, &format!("{number} again")).await;
        assert_eq!(world.aws.writes().await, [], "after {drift:?}");
    }
    assert_eq!(told().await.len(), Drift::ALL.len());
    let url = world.kube.get(NAME).await.status.expect("a status").endpoints[0].url.clone();
    Answer::until(200, || post(&url, "application/json", "{}")).await;
}

#[tokio::test]
async fn change_of_the_spec_that_took_two_passes_is_not_called_drift() {
    let (world, _controller, ..) = ready("two-passes").await;
    world.aws.order_fault(json!({"operation": "UpdateStage", "status": 500})).await;
    world.kube.apply_spec(NAME, &spec(&world).replace("first", "second")).await.expect("it applies");
    world.kube.wait(NAME, "False", "AwsUnavailable").await;
    world.kube.wait_ready(NAME).await;
    let events = eventually("the event", || async {
        let events = world.kube.events(NAME).await;
        let found = events.iter().any(|(_, note)| note.contains(r#"variables.note: "first" -> "second""#));
        if found { Ok(events) } else { Err(format!("{events:?}")) }
    })
    .await;
    assert!(events.iter().all(|(reason, _)| reason != "DriftHealed"), "{events:?}");
}

#[tokio::test]
async fn api_that_others_gave_to_another_object_is_left_and_no_second_one_is_made() {
    let (world, _controller, api, _) = ready("taken").await;
    let gateway = world.aws.apigateway(REGION);
    let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{api}");
    let found = gateway.get_rest_api().rest_api_id(&api).send().await.expect("the API");
    let own = found.tags().and_then(|tags| tags.get("stepgate.dev/owner")).expect("a tag").clone();
    let tag = async |owner: &str| {
        gateway.tag_resource().resource_arn(&arn).tags("stepgate.dev/owner", owner).send().await.expect("a tag");
    };
    tag("other-cluster/default/api").await;
    world.aws.forget_calls().await;
    world.kube.patch("api", json!({"metadata": {"annotations": {"stepgate.dev/check-now": "taken"}}})).await;
    let object = world.kube.wait("api", "False", "NotOwned").await;
    let message = &condition(&object, "Ready").expect("Ready").message;
    assert!(message.contains("names other-cluster/default/api") && message.contains(&own), "{message}");
    assert_eq!(world.aws.writes().await, []);
    tag(&own).await;
    world.kube.patch("api", json!({"metadata": {"annotations": {"stepgate.dev/check-now": "back"}}})).await;
    world.kube.wait_ready("api").await;
}
