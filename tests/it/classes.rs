//! Classes: what they give objects, what they refuse, how often they have them checked, and the policy that is for them.

mod limits;

use aws_sdk_apigateway::types::{Op, PatchOperation};
use serde_json::{Value, json};
use stepgate::api::StepFunctionsApi;

use crate::permissions::Limited;
use crate::references::{message, waits};
use crate::samples::REGION;
use crate::world::{MachineKind, World, condition, eventually, run};

/// A name of a class that no other test has: classes have no namespace.
fn class(world: &World) -> String {
    format!("class-{}", world.kube.namespace)
}

async fn set_class(world: &World, spec: Value) {
    let object = json!({
        "apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApiClass",
        "metadata": {"name": class(world)}, "spec": spec,
    });
    world.kube.apply(&object.to_string()).await.expect("the class applies");
}

async fn delete_class(world: &World) {
    world.kube.kubectl(&["delete", "stepfunctionsapiclass", &class(world)]).await.expect("the class is deleted");
}

/// A spec that starts that machine.
fn spec(world: &World, machine: &str, more: &str) -> String {
    let arn = world.aws.machine_arn(REGION, machine);
    format!(
        "region: {REGION}\nclassName: {}\nstateMachines: [{{name: m, arn: '{arn}'}}]\n\
         methods: [{{path: /run, method: POST, action: StartExecution, stateMachine: m}}]\nstages: [{{name: live}}]\n{more}",
        class(world)
    )
}

fn reason(object: &StepFunctionsApi) -> String {
    condition(object, "Ready").map(|ready| ready.reason.clone()).unwrap_or_default()
}

/// The object once its condition Ready has that reason and these words.
async fn told(world: &World, name: &str, why: &str, words: &str) -> StepFunctionsApi {
    eventually(&format!("{why} of {name} with {words:?}"), || async {
        let object = world.kube.get(name).await;
        let fits = reason(&object) == why && message(&object).contains(words);
        if fits { Ok(object) } else { Err(format!("{}: {}", reason(&object), message(&object))) }
    })
    .await
}

/// The example, with names that no other test has.
fn example(world: &World) -> String {
    let example = world.example("class").replace("  name: payments\n", &format!("  name: {}\n", class(world)));
    example.replace("className: payments\n", &format!("className: {}\n", class(world)))
}

#[tokio::test]
async fn class_gives_its_defaults_and_its_policy_is_enough_for_its_objects() {
    let world = World::new("class").await;
    world.aws.machine(REGION, "payments-Charge", MachineKind::Standard).await;
    let allow =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "states:*", "Resource": "*"}]});
    let boundary = world.aws.iam().create_policy().policy_name("payments-boundary").policy_document(allow.to_string());
    boundary.send().await.expect("a policy");
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("class.yaml");
    std::fs::write(&path, example(&world)).expect("a file");
    let file = path.display().to_string();
    let policy = run(env!("CARGO_BIN_EXE_stepgate"), &["iam-policy", "--class", &file], "").await.expect("a policy");
    let policy: Value = serde_json::from_str(&policy).expect("JSON");
    for other in ["\"arn:aws:apigateway:*", "stepgate-*", "stateMachine:*", ":iam::*"] {
        assert!(!policy.to_string().contains(other), "{other} in {policy}");
    }
    let caller = Limited::new(&world, policy).await;
    let controller = world.controller_with(&caller.environment()).await;
    world.kube.apply(&example(&world)).await.expect("the example applies");
    let status = world.kube.wait_ready("charges").await.status.expect("a status");
    let boundary = format!("arn:aws:iam::{}:policy/payments-boundary", world.aws.id);
    let arn = status.role_arn.clone().expect("a role");
    assert!(arn.contains(":role/payments/stepgate-"), "{arn}");
    let role = world.aws.iam().get_role().role_name(arn.rsplit('/').next().unwrap_or_default()).send().await;
    let role = role.expect("the role").role.expect("a role");
    let has = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    assert_eq!(has, Some(boundary.as_str()));
    let id = status.rest_api_id.expect("an API");
    let api = world.aws.apigateway(REGION).get_rest_api().rest_api_id(&id).send().await.expect("the API");
    assert_eq!(api.tags().and_then(|tags| tags.get("team")).map(String::as_str), Some("payments"));

    // Settled, after a restart, too.
    world.aws.forget_calls().await;
    world.kube.check_now("charges", "now").await;
    assert_eq!(world.aws.writes().await, []);
    controller.terminate().await;
    world.aws.forget_calls().await;
    let _controller = world.controller_with(&caller.environment()).await;
    world.kube.apply_spec("paused", &spec(&world, "x", "mode: Paused")).await.expect("the spec applies");
    world.kube.wait("paused", "Unknown", "Paused").await;
    assert_eq!(world.aws.calls().await, []);

    // A tag of the object goes before that of the class. Without its class, it is deleted all the same.
    let patch = r#"{"spec": {"tags": {"team": "charges"}}}"#;
    world.kube.kubectl(&["patch", "sfnapi", "charges", "--type=merge", "-p", patch]).await.expect("it is changed");
    world.kube.wait_ready("charges").await;
    delete_class(&world).await;
    let object = told(&world, "charges", "ReferenceMissing", "spec.className: StepFunctionsApiClass class-").await;
    waits(&object);
    world.kube.delete("charges").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
    assert_eq!(caller.report().await["denied"], json!({}));
}

#[tokio::test]
async fn class_says_how_often_its_objects_are_checked() {
    let world = World::new("class-often").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    set_class(&world, json!({})).await;
    world.kube.apply_spec("api", &spec(&world, "Hello", "description: ours")).await.expect("the spec applies");
    let id = world.kube.wait_ready("api").await.status.and_then(|status| status.rest_api_id).expect("an API");
    let gateway = world.aws.apigateway(REGION);
    let describe = async |text: &str| {
        let patch = PatchOperation::builder().op(Op::Replace).path("/description").value(text).build();
        gateway.update_rest_api().rest_api_id(&id).patch_operations(patch).send().await.expect("it is changed");
    };
    let healed = async || {
        eventually("the description", || async {
            let api = gateway.get_rest_api().rest_api_id(&id).send().await.expect("the API");
            if api.description() == Some("ours") { Ok(()) } else { Err(format!("{:?}", api.description())) }
        })
        .await;
    };
    describe("theirs").await;
    set_class(&world, json!({"checkInterval": "2s"})).await;
    healed().await;
    describe("theirs again").await;
    healed().await;

    // An object's own word goes before that of its class.
    let own = ["annotate", "sfnapi", "api", "stepgate.dev/check-interval=1h"];
    world.kube.kubectl(&own).await.expect("it is annotated");
    world.kube.check_now("api", "own interval").await;
    world.aws.forget_calls().await;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert_eq!(world.aws.calls().await, []);

    for (wrong, says) in [
        (json!({"checkInterval": "0s"}), "has to be 1s at least"),
        (json!({"checkInterval": "9999999h"}), "with up to 5 digits before each letter"),
        (json!({"stateMachineArns": ["arn:aws:states:us-east-1:123456789012:activity:a"]}), "must be an ARN such as"),
        (json!({"stateMachineArns": ["arn:aws:states:us-east-1:123456789012:stateMachine:a?"]}), "without ?"),
        (json!({"activityArns": ["arn:aws:states:us-east-1:123456789012:stateMachine:a"]}), "activity:team-a-*"),
        (json!({"roleArns": ["arn:aws:iam::123456789012:user/a"]}), "role/team-a/*"),
        (json!({"managedPolicyArns": ["a"]}), "policy/team-a-*"),
        (
            json!({"permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/*"}),
            "must be the ARN of a managed policy",
        ),
        (json!({"regions": ["Ohio"]}), "must be the name of an AWS region"),
    ] {
        let object = json!({
            "apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApiClass",
            "metadata": {"name": class(&world)}, "spec": wrong,
        });
        let told = world.kube.apply(&object.to_string()).await.unwrap_err();
        assert!(told.contains(says), "{told}");
    }
    delete_class(&world).await;
}

#[tokio::test]
async fn objects_without_a_class_have_the_default_one_and_are_followed() {
    let world = World::new("class-default").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let unclassed = spec(&world, "Hello", "").replace(&format!("className: {}\n", class(&world)), "");
    let controller = world.controller().await;
    world.kube.apply_spec("api", &unclassed).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    controller.terminate().await;

    // Also one that was settled before there was a default.
    let name = class(&world);
    let _controller = world.controller_with(&[("STEPGATE_DEFAULT_CLASS", &name)]).await;
    told(
        &world,
        "api",
        "ReferenceMissing",
        &format!("spec.className: not given, and the default: StepFunctionsApiClass {name} does not exist"),
    )
    .await;
    set_class(&world, json!({"regions": ["eu-west-1"]})).await;
    told(&world, "api", "ReferenceInvalid", "spec.region").await;
    set_class(&world, json!({"regions": ["us-east-1"], "tags": {"team": "default"}})).await;
    world.kube.wait_ready("api").await;
    let id = world.kube.get("api").await.status.and_then(|status| status.rest_api_id).expect("an API");
    let api = world.aws.apigateway(REGION).get_rest_api().rest_api_id(&id).send().await.expect("the API");
    assert_eq!(api.tags().and_then(|tags| tags.get("team")).map(String::as_str), Some("default"));
    delete_class(&world).await;
}

#[tokio::test]
async fn command_line_takes_the_class_from_the_files() {
    let stepgate = env!("CARGO_BIN_EXE_stepgate");
    let file = format!("{}/examples/class.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).expect("the example");
    let rendered: Value =
        serde_json::from_str(&run(stepgate, &["render", &file], "").await.expect("it renders")).expect("JSON");
    assert_eq!(rendered["role"]["path"], "/payments/");
    assert_eq!(rendered["stages"]["live"]["tags"]["team"], "payments");
    let (_, api) = text.split_once("\n---\n").expect("two documents");
    let told = run(stepgate, &["render", "-"], api).await.unwrap_err();
    assert!(told.contains("spec.className: StepFunctionsApiClass payments does not exist"), "{told}");
    let unclassed = text.replace("  className: payments\n", "");
    let rendered =
        run(stepgate, &["render", "-", "--default-class", "payments"], &unclassed).await.expect("it renders");
    assert!(rendered.contains("/payments/"), "{rendered}");
    for (from, to, says) in [
        (
            "regions: [us-east-1]",
            "regions: [eu-west-1]",
            "spec.region: StepFunctionsApiClass payments allows eu-west-1 only",
        ),
        ("regions: [us-east-1]", "region: us-east-1", "payments is not valid:\n  spec.region: unknown field"),
        ("checkInterval: 10m", "checkInterval: often", "spec.checkInterval: must be a duration such as 5m"),
    ] {
        let told = run(stepgate, &["render", "-"], &text.replace(from, to)).await.unwrap_err();
        assert!(told.contains(says), "{told}");
    }

    // The policy for a class.
    let policy = async |arguments: &[&str], text: &str| {
        let arguments = [&["iam-policy", "--class", "-"], arguments].concat();
        run(stepgate, &arguments, text).await
    };
    let several = policy(&[], &text.replace("[us-east-1]", "[us-east-1, eu-west-1]")).await.expect("a policy");
    let several: Value = serde_json::from_str(&several).expect("JSON");
    let regional = |statement: &&Value| statement["Resource"].to_string().contains("arn:aws:apigateway:*");
    let statements = several["Statement"].as_array().expect("statements");
    assert!(statements.iter().filter(regional).count() > 5);
    for statement in statements.iter().filter(regional) {
        let regions = &statement["Condition"]["StringEquals"]["aws:RequestedRegion"];
        assert!(statement["Sid"] == "EdgeDomains" || *regions == json!(["us-east-1", "eu-west-1"]), "{statement}");
    }
    let given = policy(&["--region", "eu-west-1", "--role", "mine-*"], &text).await.expect("a policy");
    assert!(given.contains("apigateway:eu-west-1") && given.contains(":role/mine-*") && !given.contains("us-east-1"));
    let told = policy(&[], &text.replace("[us-east-1]", "[us-east-1, cn-north-1]")).await.unwrap_err();
    assert!(told.contains("regions of the partitions aws and aws-cn need a policy each"), "{told}");
    let activities = "apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApiClass\nmetadata: {name: a}\nspec: {activityArns: ['arn:aws:states:*:123456789012:activity:a']}";
    let none = policy(&[], activities).await.expect("a policy");
    assert!(!none.contains("states:DescribeStateMachine"), "{none}");
    let told = policy(&[], &activities.replace("v1alpha1", "v2")).await.unwrap_err();
    assert!(told.contains("apiVersion: \"stepgate.dev/v2\" is not stepgate.dev/v1alpha1"), "{told}");
    let told = policy(&[], api).await.unwrap_err();
    assert!(told.contains("has 0 objects of kind StepFunctionsApiClass, and one is needed"), "{told}");
}
