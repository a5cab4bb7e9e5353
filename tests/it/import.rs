//! `stepgate import`: both tutorials as the console makes them come out as manifests that take them over as they are.

use aws_sdk_apigateway::types::{DeploymentCanarySettings, Op, PatchOperation};
use serde_json::json;

use crate::console::{Clicks, Console};
use crate::samples::{self, REGION};
use crate::world::{Answer, MachineKind, Ran, World, condition, env, post, stepgate};

/// Exit code, standard output and standard error.
async fn import(world: &World, arguments: &[&str]) -> (i32, String, String) {
    run(world, "import", arguments, "").await
}

async fn run(world: &World, command: &str, arguments: &[&str], input: &str) -> (i32, String, String) {
    let (endpoint, share) = (env("AWS_ENDPOINT_URL"), env("STEPGATE_QUOTA_SHARE"));
    let variables = [
        ("AWS_ACCESS_KEY_ID", world.aws.id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("STEPGATE_QUOTA_SHARE", &share),
    ];
    let Ran { code, out, err } = stepgate(&[&[command], arguments].concat(), input, &variables).await;
    (code, out, err)
}

async fn imported(world: &World, arguments: &[&str]) -> String {
    let (code, out, err) = import(world, arguments).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    out
}

/// The comments at the top.
fn comments(manifest: &str) -> String {
    manifest.lines().take_while(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// Applies an imported manifest; answers the steps of its plan, with what is kept, after it was approved.
async fn adopt(world: &World, name: &str, manifest: &str) -> Vec<String> {
    world.kube.apply(manifest).await.expect("it applies as it was printed");
    let object = world.kube.wait(name, "False", "Planned").await;
    let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    let plan = object.status.and_then(|status| status.plan).expect("a plan");
    assert!(
        message.starts_with(&format!(
            "plan {} adopts an API as it is, with the methods that its stages serve now, not applied.",
            plan.hash
        )),
        "{message}"
    );
    let annotation = json!({"metadata": {"annotations": {"stepgate.dev/approve": plan.hash}}});
    world.kube.patch(name, annotation).await;
    world.kube.wait_ready(name).await;
    plan.steps.into_iter().filter(|step| !step.starts_with(' ')).collect()
}

/// The steps that take an API over and nothing else.
fn only_takes_over(steps: &[String], stage: &str, kept: &[&str]) {
    let [adopt, deploy, rest @ ..] = steps else { panic!("{steps:?}") };
    assert!(adopt.starts_with("adopt API ") && deploy.starts_with("create deployment of revision "), "{steps:?}");
    let mut wanted = vec![format!("update stage {stage}"), format!("tag stage {stage}")];
    wanted.extend(kept.iter().map(|kept| format!("keep {kept}")));
    assert_eq!(rest, wanted, "{steps:?}");
}

#[tokio::test]
async fn tutorial_of_aws_comes_out_as_a_manifest_that_changes_nothing() {
    let world = World::new("import-tutorial").await;
    world.aws.machine("us-east-1", "HelloWorld", MachineKind::Standard).await;
    let console = Console::tutorial(&world).await;
    let manifest = imported(&world, &[&console.id, "--region", "us-east-1"]).await;
    println!("{manifest}");
    assert!(!manifest.contains("DIFFERENT") && !manifest.contains("Not described"), "{manifest}");
    assert!(manifest.contains("\n  name: startexecutionapi\n"), "{manifest}");
    let planned = async |manifest: &str| {
        let (code, out, err) = run(&world, "plan", &["--owner-id", "me", "-"], manifest).await;
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        out
    };
    let nothing = planned(&manifest).await;
    let told = "default/startexecutionapi: no changes of what the API is; 4 writes take it over, ";
    assert!(nothing.starts_with(told), "{nothing}");
    let other = planned(&manifest.replace("name: StartExecutionAPI", "name: Another")).await;
    assert!(other.starts_with("default/startexecutionapi: 5 writes (plan "), "{other}");

    let _controller = world.controller().await;
    only_takes_over(&adopt(&world, "startexecutionapi", &manifest).await, "alpha", &[]);
    let body = json!({"input": "{}", "name": "MyExecution", "stateMachineArn": console.machine("HelloWorld")});
    let call = || post(&console.url("alpha", "/execution"), "application/x-www-form-urlencoded", body.to_string());
    let answer = Answer::until(200, call).await;
    assert!(answer.json()["executionArn"].as_str().unwrap_or_default().ends_with(":MyExecution"), "{answer:?}");
}

#[tokio::test]
async fn course_comes_out_as_a_manifest_that_changes_nothing() {
    let world = World::new("import-course").await;
    let machine = world.aws.machine("us-east-2", "HelloWorld", MachineKind::Standard).await;
    let console = Console::course(&world).await;
    let manifest =
        imported(&world, &[&console.id, "--region", "us-east-2", "--name", "course", "--stage", "prod"]).await;
    println!("{manifest}");
    assert!(!manifest.contains("DIFFERENT"), "{manifest}");
    assert!(
        comments(&manifest)
            .contains("#   method OPTIONS /: its integration is MOCK, not an action of Step Functions\n")
    );

    let _controller = world.controller().await;
    let kept = ["method OPTIONS /", "gateway response DEFAULT_4XX", "gateway response DEFAULT_5XX"];
    only_takes_over(&adopt(&world, "course", &manifest).await, "prod", &kept);
    let url = console.url("prod", "/");
    let body = json!({"input": "{}", "stateMachineArn": machine}).to_string();
    let started = Answer::until(200, || post(&url, "application/json", body.clone())).await;
    assert_eq!(started.header("Access-Control-Allow-Origin"), Some("*"));
    let arn = started.json()["executionArn"].as_str().unwrap_or_default().to_owned();
    let described = Answer::of(reqwest::Client::new().get(&url).query(&[("ExecutionARN", &arn)])).await;
    assert_eq!(described.json()["executionArn"], arn, "{described:?}");
    let preflight = Answer::of(reqwest::Client::new().request(reqwest::Method::OPTIONS, &url)).await;
    assert_eq!(preflight.header("Access-Control-Allow-Methods"), Some("GET,OPTIONS,POST"), "{preflight:?}");
    let missing = Answer::of(reqwest::Client::new().get(console.url("prod", "/missing"))).await;
    assert_eq!(missing.header("Access-Control-Allow-Origin"), Some("*"), "{missing:?}");
    world.aws.forget_calls().await;
    world.kube.check_now("course", "1").await;
    assert_eq!(world.aws.writes().await, []);
}

#[tokio::test]
async fn what_this_controller_made_comes_out_in_its_short_form() {
    let world = samples::world("import-own").await;
    let _controller = world.controller().await;
    // With calls that API Gateway holds against what their actions need.
    let machine = world.aws.machine_arn(REGION, "hello");
    let spec = format!(
        "region: {REGION}
role: {{stateMachineArns: ['{machine}']}}
stateMachines: [{{name: hello, stageVariable: arn}}]
methods:
- {{path: /run, method: POST, action: StartSyncExecution, stateMachine: hello, authorization: {{type: None}}}}
- {{path: /run, method: GET, action: DescribeStateMachine, arguments: {{stateMachineArn: {{query: of}}}}}}
- {{path: /any, method: POST, action: StartSyncExecution}}
cors: {{allowOrigins: ['*']}}
stages: [{{name: live, variables: {{arn: '{machine}'}}}}]
"
    );
    world.kube.apply_spec("api", &spec).await.expect("it applies");
    let id = world.kube.wait_ready("api").await.status.and_then(|status| status.rest_api_id).expect("an API");
    let manifest = imported(&world, &[&id, "--region", REGION]).await;
    for line in ["stateMachine: arn", "stageVariable: arn", "allowOrigins:", "action: StartSyncExecution"] {
        assert!(manifest.contains(line), "{line} is not in {manifest}");
    }
    for words in ["integration:", "gatewayResponses", "models:", "required"] {
        assert!(!manifest.contains(words), "{words} is in {manifest}");
    }
    assert!(!manifest.contains("DIFFERENT") && !manifest.contains("Not described"), "{manifest}");
}

#[tokio::test]
async fn what_no_validator_checks_and_stages_of_no_interest_are_no_difference() {
    let world = World::new("import-part").await;
    let console = Console::tutorial(&world).await;
    console.deploy("other").await;
    let both = comments(&imported(&world, &[&console.id, "--region", "us-east-1"]).await);
    assert!(both.contains("# Stages serve DIFFERENT deployments now (alpha "), "{both}");
    let gateway = world.aws.apigateway("us-east-1");
    let resource = world.aws.resource_id("us-east-1", &console.id, "/execution").await;
    let path = "/requestParameters/method.request.querystring.q";
    let patch = PatchOperation::builder().op(Op::Add).path(path).value("true").build();
    let update = gateway.update_method().rest_api_id(&console.id).resource_id(resource);
    update.http_method("POST").patch_operations(patch).send().await.expect("a parameter");
    let manifest = imported(&world, &[&console.id, "--region", "us-east-1", "--stage", "alpha"]).await;
    assert!(manifest.contains("path: /execution") && manifest.contains("name: alpha"), "{manifest}");
    assert!(comments(&manifest).contains("left as they are: usage plans with their"), "{manifest}");
    for words in ["other", "DIFFERENT", "NOT VALID", "delete"] {
        let told = comments(&manifest).replace("deleting this", "");
        assert!(!told.replace("object deletes the API", "").contains(words), "{words}: {told}");
    }
}

#[tokio::test]
async fn methods_that_were_never_deployed_are_told_before_they_go_live() {
    let world = World::new("import-undeployed").await;
    world.aws.machine("us-east-1", "HelloWorld", MachineKind::Standard).await;
    let mut console = Console::tutorial(&world).await;
    console.deploy("other").await;
    console.resource("hidden").await;
    let start = || Clicks { action: Some("StartExecution"), ..Clicks::default() };
    console.method("/hidden", "POST", start()).await;
    let gateway = world.aws.apigateway("us-east-1");
    let resource = world.aws.resource_id("us-east-1", &console.id, "/execution").await;
    let patch = PatchOperation::builder().op(Op::Replace).path("/authorizationType").value("AWS_IAM").build();
    let update = gateway.update_method().rest_api_id(&console.id).resource_id(resource);
    update.http_method("POST").patch_operations(patch).send().await.expect("who may call");
    let manifest = imported(&world, &[&console.id, "--region", "us-east-1", "--stage", "alpha"]).await;
    let told = [
        r#"stage/alpha POST /execution.authorization: "NONE" -> "AWS_IAM""#,
        r#"stage/alpha POST /hidden: (none) -> {"authorization":"NONE"}"#,
    ];
    let different: Vec<String> = told.iter().map(|line| format!("#   {line}\n")).collect();
    assert!(
        comments(&manifest).contains(&format!("would be changed:\n{}# Its stages", different.concat())),
        "{manifest}"
    );
    assert!(!comments(&manifest).contains("as this describes it"), "{manifest}");
    let (_, plan, _) = run(&world, "plan", &["--owner-id", "me", "-"], &manifest).await;
    assert!(plan.starts_with("default/startexecutionapi: 4 writes (plan "), "{plan}");

    let _controller = world.controller().await;
    world.kube.apply(&manifest).await.expect("it applies as it was printed");
    let plan = world.kube.wait("startexecutionapi", "False", "Planned").await.status.and_then(|status| status.plan);
    let plan = plan.expect("a plan");
    assert!(told.iter().all(|line| plan.steps.contains(&format!("  {line}"))), "{plan:?}");

    // Others deploy it: another plan, and nothing that callers see.
    console.deploy("alpha").await;
    assert_ne!(only_takes_over_after_check(&world, "startexecutionapi").await, plan.hash);
    let manifest = imported(&world, &[&console.id, "--region", "us-east-1", "--stage", "alpha"]).await;
    assert!(comments(&manifest).contains("as this describes it") && !manifest.contains("DIFFERENT"), "{manifest}");
}

/// The hash of a plan, looked at again, that changes nothing that callers see.
async fn only_takes_over_after_check(world: &World, name: &str) -> String {
    let object = world.kube.check_now(name, "1").await;
    let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    assert!(message.contains("adopts an API as it is, with the methods that its stages serve now"), "{message}");
    object.status.and_then(|status| status.plan).expect("a plan").hash
}

#[tokio::test]
async fn a_manifest_that_no_api_server_takes_says_so_itself() {
    let world = World::new("import-odd").await;
    let console = Console::tutorial(&world).await;
    let gateway = world.aws.apigateway("us-east-1");
    let replace = |path: &str, value: &str| PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
    let update = gateway.update_stage().rest_api_id(&console.id).stage_name("alpha");
    let patches = [("/*/*/logging/loglevel", "OFF"), ("/*/*/logging/dataTrace", "true")];
    let update = update.set_patch_operations(Some(patches.map(|(path, value)| replace(path, value)).to_vec()));
    update.send().await.expect("logs of nothing");
    let canary = gateway.create_deployment().rest_api_id(&console.id).stage_name("alpha");
    let settings = DeploymentCanarySettings::builder().percent_traffic(15.0).build();
    canary.canary_settings(settings).send().await.expect("a canary");
    let arguments = [console.id.as_str(), "--region", "us-east-1"];
    let manifest = imported(&world, &arguments).await;
    for told in ["#   stage/alpha logging.dataTrace: true -> false", "#   stage/alpha canary: "] {
        assert!(comments(&manifest).contains(told), "{told}: {manifest}");
    }
    let (code, out, err) = run(&world, "plan", &["--owner-id", "me", "-"], &manifest).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");

    let update = gateway.update_rest_api().rest_api_id(&console.id);
    let add = PatchOperation::builder().op(Op::Add).path("/binaryMediaTypes/*~1*").build();
    update.patch_operations(add).send().await.expect("binary media types");
    let manifest = imported(&world, &arguments).await;
    let told = "# NOT VALID YET, correct this:\n#   spec.endpoint.binaryMediaTypes[0]: must be a content type";
    assert!(comments(&manifest).contains(told), "{manifest}");
    assert!(comments(&manifest).contains("#   stage/alpha canary: "), "{manifest}");
    let (code, _, err) = run(&world, "plan", &["--owner-id", "me", "-"], &manifest).await;
    assert!(code == 1 && err.contains("binaryMediaTypes[0]"), "{err}");
}

#[tokio::test]
async fn what_cannot_be_described_is_told() {
    let world = World::new("import-rest").await;
    let mut console = Console::tutorial(&world).await;
    console.resource("{proxy+}").await;
    console.method("/{proxy+}", "ANY", Clicks { action: Some("ListStateMachines"), ..Clicks::default() }).await;
    console.method("/", "PUT", Clicks { action: Some("StartExecution"), ..Clicks::default() }).await;
    console.request_parameter("/", "PUT", "header.X-Amz-Target", "'AWSStepFunctions.StartExecution'").await;
    let legacy = Clicks { template: Some(r#"{"statusCode": 200}"#), ..Clicks::default() };
    console.method("/", "GET", legacy).await;
    // A template that can only fail is nothing that a manifest may have.
    let broken = Clicks { action: Some("StopExecution"), template: Some("#if($x"), ..Clicks::default() };
    console.method("/", "DELETE", broken).await;
    console.deploy("alpha").await;
    let manifest = imported(&world, &[&console.id, "--region", "us-east-1"]).await;
    println!("{manifest}");
    let told = comments(&manifest);
    assert!(told.contains("#   method GET /: its integration is MOCK, not an action of Step Functions\n"), "{told}");
    assert!(
        told.contains("#   method DELETE /: spec.methods[DELETE /].integration.requestTemplates[application/json]"),
        "{told}"
    );

    assert!(
        told.contains(
            "#   method PUT /: the spec has no words for its integration.requestParameters.header.X-Amz-Target"
        ),
        "{told}"
    );
    assert!(manifest.contains("path: /{proxy+}"), "{manifest}");
    let different = told.split("DIFFERENT").nth(1).and_then(|rest| rest.split("\n# I").next()).unwrap_or_default();
    assert_eq!(different.lines().count(), 2, "{told}");
    assert!(told.contains("#   api ANY /{proxy+}.parameters.path.proxy: (none) -> true\n"), "{told}");

    let refused = async |arguments: &[&str]| {
        let (code, out, err) = import(&world, arguments).await;
        assert_eq!((code, out.as_str()), (1, ""), "{err}");
        err
    };
    let err = refused(&["zzzzzzzzzz", "--region", "us-east-1"]).await;
    assert!(err.contains("API zzzzzzzzzz does not exist in us-east-1 in this account"), "{err}");
    let err = refused(&[&console.id, "--region", "us-east-1", "--stage", "beta"]).await;
    assert!(err.contains("the API has no stage \"beta\"; there are: alpha"), "{err}");
}
