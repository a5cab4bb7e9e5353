//! What the controller itself needs in IAM: with exactly the documented policy everything works, each of its statements is
//! needed, and what is missing is said so that it can be pasted.

mod command;
mod limited;
mod source;

use aws_sdk_iam::types::Tag;
use serde_json::{Value, json};
use stepgate::aws::policy::{Bounds, policy};

use crate::samples::{self, REGION};
use crate::world::{MachineKind, World, condition, eventually};
pub use limited::Limited;

const NAME: &str = "api";
const BOUNDARIES: [&str; 2] =
    ["arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::aws:policy/AdministratorAccess"];

/// A spec whose life needs every statement of the policy.
pub fn everything(world: &World) -> Value {
    let (account, machine) = (&world.aws.id, world.aws.machine_arn(REGION, "hello"));
    json!({
        "region": REGION,
        "tags": {"team": "one"},
        "endpoint": {"policy": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
        ]}},
        "role": {
            "permissionsBoundaryArn": BOUNDARIES[0],
            "managedPolicyArns": ["arn:aws:iam::aws:policy/AWSStepFunctionsReadOnlyAccess"],
        },
        "stateMachines": [{"name": "hello", "arn": machine}],
        "methods": [{
            "path": "/run", "method": "POST", "action": "StartSyncExecution", "stateMachine": "hello",
            "authorization": {"type": "None"}, "apiKeyRequired": true,
            "tests": [{"name": "works", "body": {}, "startsExecution": true, "expect": {"status": 200}}],
        }],
        "stages": [{"name": "live", "clientCertificate": true}],
        "usagePlans": [{
            "name": "basic", "stages": [{"name": "live"}],
            "apiKeys": [{"name": "acme", "secret": {"name": "acme", "key": "key"}}],
        }],
        "domains": [{
            "name": format!("{}.example.com", world.kube.namespace), "stage": "live", "endpointType": "Edge",
            "certificateArn": format!("arn:aws:acm:{REGION}:{account}:certificate/1"),
        }],
    })
}

/// The same, changed so that what was written before is changed and taken away.
fn changed(mut spec: Value, account: &str) -> Value {
    spec["tags"] = json!({"cost": "two"});
    spec["role"] = json!({"permissionsBoundaryArn": BOUNDARIES[1]});
    spec["domains"][0]["certificateArn"] = json!(format!("arn:aws:acm:{REGION}:{account}:certificate/2"));
    spec
}

async fn apply(world: &World, spec: &Value) {
    let object = json!({
        "apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApi", "metadata": {"name": NAME}, "spec": spec,
    });
    world.kube.apply(&object.to_string()).await.expect("it applies");
}

/// A trust policy for a service.
fn trust(service: &str) -> String {
    let statement = json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// Someone else changes the trust policy of the created role.
async fn trust_drifts(world: &World) {
    let role = world.kube.get(NAME).await.status.and_then(|status| status.role_arn).expect("a role");
    let trust = trust("states.amazonaws.com");
    let name = role.rsplit('/').next().unwrap_or_default();
    let request = world.aws.iam().update_assume_role_policy().role_name(name).policy_document(trust);
    request.send().await.expect("it changes");
}

#[tokio::test]
async fn documented_policy_is_enough_for_everything_and_all_of_it_is_needed() {
    let world = samples::world("documented").await;
    let documented = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/iam-policy.json");
    let documented: Value =
        serde_json::from_str(&std::fs::read_to_string(documented).expect("the document")).expect("JSON");
    let caller = Limited::new(&world, documented.clone()).await;
    let _controller = world.controller_with(&caller.environment()).await;
    let first = everything(&world);
    apply(&world, &first).await;
    world.kube.wait_ready(NAME).await;
    trust_drifts(&world).await;
    world.kube.check_now(NAME, "drift").await;
    world.kube.wait_ready(NAME).await;
    let second = changed(first, &world.aws.id);
    apply(&world, &second).await;
    world.kube.wait_ready(NAME).await;
    let mut third = second;
    third["role"] = json!({});
    apply(&world, &third).await;
    world.kube.wait_ready(NAME).await;
    world.kube.delete(NAME).await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());

    let report = caller.report().await;
    assert_eq!(report["denied"], json!({}));
    assert_eq!(report["unused"], json!([]), "an action that no call needs on that resource");
    let all: Vec<usize> = (0..documented["Statement"].as_array().expect("statements").len()).collect();
    assert_eq!(report["needed"], json!(all), "without one of the others, all calls would be allowed");
}

/// Adds what each denial asks for, until the object is as wanted or gone; answers the statements in the order of asking.
async fn add_what_is_asked_for(world: &World, caller: &mut Limited, gone: bool) -> Vec<Value> {
    let mut added = Vec::new();
    let api: kube::Api<stepgate::api::StepFunctionsApi> = world.kube.api();
    loop {
        let before = added.last().map(Value::to_string).unwrap_or_default();
        let message = eventually("a denial, or the end", || async {
            let Some(object) = api.get_opt(NAME).await.map_err(|error| error.to_string())? else {
                return Ok(None);
            };
            let ready = condition(&object, "Ready").ok_or("no condition")?;
            let seen = object.status.as_ref().map(|status| status.observed_generation) == object.metadata.generation;
            match ready.reason.as_str() {
                "Denied" if before.is_empty() || !ready.message.contains(&before) => Ok(Some(ready.message.clone())),
                "Applied" if seen && !gone => Ok(None),
                _ => Err(format!("{ready:?}")),
            }
        })
        .await;
        let Some(message) = message else { return added };
        let statement = statement_in(&message);
        eventually("the same in an event", || async {
            let events = world.kube.events(NAME).await;
            let told = events.iter().any(|(reason, note)| reason == "Denied" && note.contains(&statement.to_string()));
            if told { Ok(()) } else { Err(format!("{events:?}")) }
        })
        .await;
        caller.allow(statement.clone()).await;
        added.push(statement);
        world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/check-now": message}}})).await;
    }
}

/// A statement without its name: one that is to be added has none, because a policy may have that name already.
fn unnamed(statement: &Value) -> Value {
    let mut statement = statement.clone();
    statement.as_object_mut().expect("an object").remove("Sid");
    statement
}

/// The JSON at the end of a message.
fn statement_in(message: &str) -> Value {
    let (_, rest) =
        message.split_once("of the controller's identity").unwrap_or_else(|| panic!("no advice: {message}"));
    let (_, json) = rest.split_once(": ").unwrap_or_else(|| panic!("no statement: {message}"));
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {message}"))
}

#[tokio::test]
async fn from_nothing_each_denial_asks_for_the_next_statement_until_the_policy_is_whole() {
    let world = samples::world("nothing-allowed").await;
    // A policy needs a statement.
    let nothing = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
    let mut caller = Limited::new(&world, json!({"Version": "2012-10-17", "Statement": [nothing]})).await;
    let _controller = world.controller_with(&caller.environment()).await;
    let first = everything(&world);
    apply(&world, &first).await;
    let mut added = add_what_is_asked_for(&world, &mut caller, false).await;
    apply(&world, &changed(first, &world.aws.id)).await;
    added.extend(add_what_is_asked_for(&world, &mut caller, false).await);
    let object: kube::Api<stepgate::api::StepFunctionsApi> = world.kube.api();
    object.delete(NAME, &kube::api::DeleteParams::default()).await.expect("the deletion is taken");
    added.extend(add_what_is_asked_for(&world, &mut caller, true).await);
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());

    let bounds = Bounds { account: world.aws.id.clone(), regions: vec![REGION.to_owned()], ..Bounds::default() };
    let sorted = |mut statements: Vec<Value>| {
        statements.sort_by_key(Value::to_string);
        statements
    };
    let whole = policy(&bounds)["Statement"].as_array().expect("statements").iter().map(unnamed).collect();
    assert_eq!(sorted(added), sorted(whole));
}

#[tokio::test]
async fn role_of_another_name_and_single_actions_are_asked_for_as_aws_names_them() {
    let world = samples::world("given-role").await;
    let bounds = Bounds { account: world.aws.id.clone(), regions: vec![REGION.to_owned()], ..Bounds::default() };
    let mut without_delete = policy(&bounds);
    let statements = without_delete["Statement"].as_array_mut().expect("statements");
    let changes = statements.iter_mut().find(|statement| statement["Sid"] == "ChangeApis").expect("the statement");
    let whole = changes.clone();
    changes["Action"] = json!(["apigateway:PATCH", "apigateway:PUT"]);
    let mut caller = Limited::new(&world, without_delete).await;
    let _controller = world.controller_with(&caller.environment()).await;

    let role = given_role(&world).await;
    let spec = format!("role: {{arn: '{role}'}}\n{}", samples::spec(&world));
    world.kube.apply_spec(NAME, &spec).await.expect("it applies");
    let added = add_what_is_asked_for(&world, &mut caller, false).await;
    let pass = json!({
        "Effect": "Allow", "Action": ["iam:PassRole"], "Resource": [role],
        "Condition": {"StringEquals": {"iam:PassedToService": "apigateway.amazonaws.com"}},
    });
    assert_eq!(added, [pass]);

    let object: kube::Api<stepgate::api::StepFunctionsApi> = world.kube.api();
    object.delete(NAME, &kube::api::DeleteParams::default()).await.expect("the deletion is taken");
    assert_eq!(add_what_is_asked_for(&world, &mut caller, true).await, [unnamed(&whole)]);
    assert_eq!(world.aws.leftovers(REGION).await, ["role given"]);
}

/// A role that API Gateway may assume.
async fn given_role(world: &World) -> String {
    let trust = trust("apigateway.amazonaws.com");
    let made = world.aws.iam().create_role().role_name("given").assume_role_policy_document(trust);
    made.send().await.expect("a role").role.expect("a role").arn
}

#[tokio::test]
async fn boundary_that_lacks_something_is_named_and_so_is_an_explicit_deny() {
    let world = samples::world("bounded").await;
    let bounds = Bounds { account: world.aws.id.clone(), regions: vec![REGION.to_owned()], ..Bounds::default() };
    let whole = policy(&bounds);
    let mut lacking = whole.clone();
    lacking["Statement"].as_array_mut().expect("statements").retain(|statement| statement["Sid"] != "CreateApis");
    let iam = world.aws.iam();
    let made = iam.create_policy().policy_name("limit").policy_document(lacking.to_string()).send().await;
    let limit = made.expect("a policy").policy.and_then(|policy| policy.arn).expect("an ARN");
    let session = limited::session(&world, &whole, &limit).await;
    let session: Vec<(&str, &str)> = session.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let _controller = world.controller_with(&session).await;
    world.kube.apply_spec(NAME, &samples::spec(&world)).await.expect("it applies");
    let denied = async || {
        let object = world.kube.wait(NAME, "False", "Denied").await;
        condition(&object, "Ready").expect("a condition").message.clone()
    };
    let message = denied().await;
    assert!(
        message.contains("Add to the permissions boundary of the controller's identity (see CreateApis of"),
        "{message}"
    );
    let missing = whole["Statement"].as_array().expect("statements").iter().find(|one| one["Sid"] == "CreateApis");
    assert_eq!(Some(statement_in(&message)), missing.map(unnamed));

    // The boundary allows all, but denies one thing.
    let mut denying = whole.clone();
    let deny = json!({"Effect": "Deny", "Action": "apigateway:PUT", "Resource": "*"});
    denying["Statement"].as_array_mut().expect("statements").push(deny);
    limited::replace(&world, &limit, &denying).await;
    let message = eventually("the denial", || async {
        world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/check-now": unique()}}})).await;
        let message = denied().await;
        if message.contains("take it out") { Ok(message) } else { Err(message) }
    })
    .await;
    assert!(message.contains("A statement in the permissions boundary denies apigateway:PUT"), "{message}");

    limited::replace(&world, &limit, &whole).await;
    eventually("a ready object", || async {
        world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/check-now": unique()}}})).await;
        let object = world.kube.get(NAME).await;
        let ready = condition(&object, "Ready").expect("a condition");
        if ready.status == "True" { Ok(()) } else { Err(ready.message.clone()) }
    })
    .await;
}

fn unique() -> String {
    format!("{:?}", std::time::Instant::now())
}

#[tokio::test]
async fn example_of_everything_lives_with_the_policy_that_the_command_prints_for_it() {
    let world = World::new("everything-allowed").await;
    for (name, kind) in
        [("Orders", MachineKind::Standard), ("Refunds", MachineKind::Standard), ("Quotes", MachineKind::Express)]
    {
        world.aws.machine(REGION, name, kind).await;
    }
    world.aws.states(REGION).create_activity().name("Packing").send().await.expect("an activity");
    world.aws.allow_logs(REGION).await;
    let (account, invoke) = (&world.aws.id, format!("arn:aws:iam::{}:role/invoke-check", world.aws.id));
    let arguments =
        ["iam-policy", "--account", account, "--region", REGION, "--role", "apis/everything", "--pass-role", &invoke];
    let printed = crate::world::run(env!("CARGO_BIN_EXE_stepgate"), &arguments, "").await.expect("a policy");
    let caller = Limited::new(&world, serde_json::from_str(&printed).expect("JSON")).await;
    let _controller = world.controller_with(&caller.environment()).await;
    // A domain name is used once in all of AWS.
    let domain = format!("{}.example.com", world.kube.namespace);
    let manifest = world.example("everything").replace("everything.example.com", &domain);
    world.kube.apply(&manifest).await.expect("the example applies");
    world.kube.wait_ready("everything").await;
    let iam = world.aws.iam();
    let drift = Tag::builder().key("team").value("other").build().expect("a tag");
    iam.tag_role().role_name("everything").tags(drift).send().await.expect("a tag");
    world.kube.check_now("everything", "drift").await;
    world.kube.wait_ready("everything").await;
    world.kube.delete("everything").await;
    assert_eq!(caller.report().await["denied"], json!({}));
    assert_eq!(world.aws.leftovers(REGION).await, [""; 0]);
}
