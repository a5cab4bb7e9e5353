//! What differs per environment: every kind of value from a ConfigMap, followed when it changes, and refused with its
//! origin.

use kube::ResourceExt;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::authorizers::{POOL, token};
use crate::domains::{call, domain_names};
use crate::references::{message, role, set, starts, url, waits};
use crate::samples::REGION;
use crate::world::{Answer, MachineKind, World, condition, eventually, post, run};

const JSON: &str = "application/json";

/// A domain name that no other test has.
fn domain(world: &World, name: &str) -> String {
    format!("{name}.{}.example.com", world.kube.namespace)
}

fn example(world: &World) -> String {
    world.example("environments").replace("environments.example.com", &domain(world, "api"))
}

#[tokio::test]
async fn environment_of_a_config_map_is_applied_and_followed() {
    let world = World::new("environments").await;
    for machine in ["Orders", "Refunds", "Orders-2", "Refunds-2"] {
        world.aws.machine(REGION, machine, MachineKind::Standard).await;
    }
    role(&world, "orders-api").await;
    let controller = world.controller().await;
    world.kube.apply(&example(&world)).await.expect("the example applies");
    let object = world.kube.wait_ready("environments").await;
    let (orders, refunds) = (url(&object, "/orders"), url(&object, "/refunds"));
    starts(&orders, "Orders").await;
    starts(&refunds, "Refunds").await;

    // Settled, and what does not concern it costs no call.
    world.aws.forget_calls().await;
    world.kube.check_now("environments", "now").await;
    assert_eq!(world.aws.writes().await, []);
    world.aws.forget_calls().await;
    let version =
        |object: &stepgate::api::StepFunctionsApi| object.status.as_ref().expect("a status").references.clone();
    let before = world.kube.get("environments").await;
    set(&world, "environment", "other", Some("x")).await;
    eventually("the version in status", || async {
        let now = world.kube.get("environments").await;
        if version(&now) == version(&before) { Err(format!("{:?}", version(&now))) } else { Ok(()) }
    })
    .await;
    assert_eq!(world.aws.calls().await, []);

    // A new machine for a method, and a stage variable.
    set(&world, "environment", "orders-arn", Some(&world.aws.machine_arn(REGION, "Orders-2"))).await;
    starts(&orders, "Orders-2").await;
    set(&world, "environment", "refunds-arn", Some(&world.aws.machine_arn(REGION, "Refunds-2"))).await;
    starts(&refunds, "Refunds-2").await;
    world.kube.wait_ready("environments").await;

    // A restart calls nobody, and sees what changed meanwhile.
    let settled = world.kube.check_now("environments", "before the restart").await;
    controller.terminate().await;
    world.aws.forget_calls().await;
    let controller = world.controller().await;
    world.kube.apply_spec("paused", &format!("mode: Paused\nregion: {REGION}\nmethods: [{{path: /, method: GET, action: StartExecution}}]\nstages: [{{name: a}}]")).await.expect("the spec applies");
    world.kube.wait("paused", "Unknown", "Paused").await;
    assert_eq!(world.aws.calls().await, []);
    assert_eq!(world.kube.get("environments").await.resource_version(), settled.resource_version());
    controller.terminate().await;
    set(&world, "environment", "orders-arn", Some(&world.aws.machine_arn(REGION, "Orders"))).await;
    let _controller = world.controller().await;
    starts(&orders, "Orders").await;

    world.kube.delete("environments").await;
    assert_eq!(world.aws.leftovers(REGION).await, ["role orders-api"]);
}

#[tokio::test]
async fn every_kind_of_value_takes_effect_and_is_followed() {
    let world = World::new("kinds").await;
    for machine in ["Orders", "Refunds"] {
        world.aws.machine(REGION, machine, MachineKind::Standard).await;
    }
    role(&world, "orders-api").await;
    let _controller = world.controller().await;
    world.kube.apply(&example(&world)).await.expect("the example applies");
    let status = world.kube.wait_ready("environments").await.status.expect("a status");
    let orders = format!("{}/orders", status.stages[0].url);
    let order = |body: &'static str| post(&orders, JSON, body);
    let started = Answer::until(200, || order(r#"{"order": 7}"#)).await.json();
    let change = async |key: &str, value: &str| set(&world, "environment", key, Some(value)).await;

    // An object: the schema of a body, in YAML and then in JSON.
    assert_eq!(Answer::of(order(r#"{"order": "seven"}"#)).await.status, 400);
    change("order.schema.yaml", r#"{"type": "object", "properties": {"order": {"type": "string"}}}"#).await;
    Answer::until(200, || order(r#"{"order": "seven"}"#)).await;
    assert_eq!(Answer::of(order(r#"{"order": 7}"#)).await.status, 400);

    // A list: origins of pages.
    let allowed = async |origin: &str| {
        let preflight = Client::new().request(Method::OPTIONS, &orders).header("Origin", origin);
        let answer = Answer::of(preflight.header("Access-Control-Request-Method", "POST")).await;
        answer.header("Access-Control-Allow-Origin").map(str::to_owned)
    };
    for origin in ["https://shop.example.com", "https://partner.example.com"] {
        assert_eq!(allowed(origin).await.as_deref(), Some(origin));
    }
    change("origins", "- https://new.example.com\n").await;
    eventually("the new origin", || async {
        let told = [allowed("https://new.example.com").await, allowed("https://shop.example.com").await];
        if told == [Some("https://new.example.com".to_owned()), None] { Ok(()) } else { Err(format!("{told:?}")) }
    })
    .await;

    // A list of ARNs: user pools.
    let arn = started["executionArn"].as_str().expect("an ARN");
    let look = |pool: &str| {
        let token = token(pool, &json!({}));
        Client::new().get(&orders).query(&[("arn", arn)]).header("Authorization", token)
    };
    Answer::until(200, || look(POOL)).await;
    assert_eq!(Answer::of(look("us-east-1_Other")).await.status, 401);
    let pools = format!("[\"arn:aws:cognito-idp:{REGION}:{}:userpool/us-east-1_Other\"]", world.aws.id);
    change("user-pools", &pools).await;
    Answer::until(200, || look("us-east-1_Other")).await;
    assert_eq!(Answer::of(look(POOL)).await.status, 401);

    // A key of a list: the domain name.
    assert_eq!(Answer::until(200, || call(&domain(&world, "api"), "/refunds")).await.status, 200);
    change("domain", &domain(&world, "new")).await;
    Answer::until(200, || call(&domain(&world, "new"), "/refunds")).await;
    eventually("the end of the old name", || async {
        let names = domain_names(&world).await;
        if names == [domain(&world, "new")] { Ok(()) } else { Err(format!("{names:?}")) }
    })
    .await;

    // A map: tags.
    change("environment", "production").await;
    let id = status.rest_api_id.expect("an API");
    eventually("the new tag", || async {
        let api = world.aws.apigateway(REGION).get_rest_api().rest_api_id(&id).send().await.expect("the API");
        let tag = api.tags().and_then(|tags| tags.get("environment")).cloned();
        if tag.as_deref() == Some("production") { Ok(()) } else { Err(format!("{tag:?}")) }
    })
    .await;

    // The resource policy.
    let deny = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;
    change("policy.json", deny).await;
    Answer::until(403, || order(r#"{"order": "seven"}"#)).await;
    change("policy.json", &deny.replace("Deny", "Allow")).await;
    Answer::until(200, || order(r#"{"order": "seven"}"#)).await;

    world.kube.wait_ready("environments").await;
    world.aws.forget_calls().await;
    world.kube.check_now("environments", "now").await;
    assert_eq!(world.aws.writes().await, []);

    world.kube.delete("environments").await;
    assert_eq!(domain_names(&world).await, Vec::<String>::new());
    assert_eq!(world.aws.leftovers(REGION).await, ["role orders-api"]);
}

#[tokio::test]
async fn bad_value_is_told_with_field_and_key_and_the_last_good_one_is_served() {
    let world = World::new("bad-values").await;
    for machine in ["Orders", "Refunds"] {
        world.aws.machine(REGION, machine, MachineKind::Standard).await;
    }
    role(&world, "orders-api").await;
    let _controller = world.controller().await;
    let example = example(&world);
    world.kube.apply(&example).await.expect("the example applies");
    let object = world.kube.wait_ready("environments").await;
    let orders = url(&object, "/orders");
    Answer::until(200, || post(&orders, JSON, "{}")).await;
    let good: Value = serde_saphyr::from_multiple(&example).expect("YAML").remove(0);
    world.aws.forget_calls().await;
    let named = format!("spec.domains[{}/]", domain(&world, "api"));
    // By schema or CEL, and by render alone.
    let cases = [
        (
            "user-pools",
            "my-pool",
            "spec.authorizers[users].cognito.userPoolArnsFrom: at [0]: must be the ARN of a user pool",
        ),
        ("user-pools", "", "spec.authorizers[users].cognito.userPoolArnsFrom: has 0 items, and needs 1 at least"),
        ("origins", "https://a.example.com/", "spec.cors.allowOriginsFrom: at [0]: must be scheme://host"),
        (
            "order.schema.yaml",
            "type: [",
            "spec.models[Order].schemaFrom: key order.schema.yaml of ConfigMap environment is neither",
        ),
        ("order.schema.yaml", "text", "spec.models[Order].schemaFrom: has to be of type object"),
        ("order.schema.yaml", "type: objekt", "spec.models[Order].schemaFrom: at type: has to be one of array"),
        ("policy.json", "{}", "spec.endpoint.policyFrom: at Statement: missing: a list of statements"),
        ("domain", "API", "spec.domains[/].nameFrom: must be a domain name in lower case"),
        ("environment", "a*b", "spec.tagsFrom.environment: a tag value has letters"),
        (
            "certificate-arn",
            "arn:aws:acm:eu-west-1:000000000000:certificate/1",
            &format!("{named}.certificateArnFrom: is in eu-west-1"),
        ),
    ];
    for (key, value, says) in cases {
        set(&world, "environment", key, Some(value)).await;
        let object = eventually(&format!("words about {key} {value:?}"), || async {
            let object = world.kube.get("environments").await;
            let ready = condition(&object, "Ready").map(|ready| ready.reason.clone()).unwrap_or_default();
            let told = message(&object);
            if ready == "ReferenceInvalid" && told.contains(says) {
                Ok(object)
            } else {
                Err(format!("{ready}: {told}"))
            }
        })
        .await;
        assert!(message(&object).contains(&format!("key {key} of ConfigMap environment")), "{}", message(&object));
        waits(&object);
        assert_eq!(Answer::of(post(&orders, JSON, "{}")).await.status, 200);
        set(&world, "environment", key, good["data"][key].as_str()).await;
        world.kube.wait_ready("environments").await;
    }
    assert_eq!(world.aws.writes().await, []);
}

/// Every field that can come from elsewhere as `(path, schema of its struct, name)`.
fn fields_from_elsewhere(path: &str, schema: &Value, found: &mut Vec<(String, Value)>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let takes = |schema: &Value| schema["properties"]["configMapKeyRef"].is_object();
        if takes(field) || takes(&field["additionalProperties"]) {
            let target = name.strip_suffix("From").unwrap_or_else(|| panic!("{path}.{name} does not end in From"));
            found.push((format!("{path}.{target}"), schema.clone()));
        } else {
            fields_from_elsewhere(&format!("{path}.{name}"), field, found);
        }
    }
    if schema["items"].is_object() {
        fields_from_elsewhere(&format!("{path}[]"), &schema["items"], found);
    }
}

#[test]
fn every_field_that_can_come_from_elsewhere_has_its_sibling_and_a_rule_about_both() {
    let crd = serde_json::to_value(stepgate::api::crd()).expect("JSON");
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let mut found = Vec::new();
    fields_from_elsewhere("spec", schema, &mut found);
    assert!(found.len() >= 20, "{found:?}");
    for (path, schema) in found {
        let name = path.rsplit('.').next().expect("a name");
        assert!(schema["properties"][name].is_object(), "{path} is no field");
        let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
        let about_both = |rule: &Value| {
            let rule = rule["rule"].as_str().unwrap_or_default();
            let word = |word: &str| rule.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
            word(name) && word(&format!("{name}From"))
        };
        assert!(rules.into_iter().any(about_both), "no rule says that {path} and its sibling are not both given");
    }
}

#[tokio::test]
async fn command_line_takes_values_from_the_files() {
    let stepgate = env!("CARGO_BIN_EXE_stepgate");
    let example = |name: &str| format!("{}/examples/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(example("environments")).expect("an example");
    let (map, api) = text.split_once("\n---\n").expect("two documents");
    let rendered = run(stepgate, &["render", &example("environments")], "").await.expect("it renders");
    let document: Value = serde_json::from_str(&rendered).expect("JSON");
    let variable = &document["stages"]["live"]["variables"]["refunds"];
    assert_eq!(variable, "arn:aws:states:us-east-1:000000000000:stateMachine:Refunds");

    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("references");
    std::fs::create_dir_all(&directory).expect("a folder");
    let file = directory.join("map.yaml").display().to_string();
    std::fs::write(&file, map).expect("a file");
    assert_eq!(run(stepgate, &["render", &file, "-"], api).await.as_ref(), Ok(&rendered));

    let told = run(stepgate, &["render", "-"], api).await.unwrap_err();
    for says in [
        "environments takes values from objects of namespace default, or of none, that no FILE has:",
        "  spec.role.arnFrom: ConfigMap environment does not exist",
        "Give them in a FILE, too",
    ] {
        assert!(told.contains(says), "{told}");
    }
    let told = run(
        stepgate,
        &["render", "-", "-n", "other"],
        &text.replace("name: environments", "name: environments\n  namespace: mine"),
    )
    .await;
    assert!(
        told.unwrap_err().contains("objects of namespace mine,"),
        "a ConfigMap of another namespace is another one"
    );
    let told = run(stepgate, &["render", "-"], &text.replace(":role/orders-api", ":user/me")).await.unwrap_err();
    assert!(
        told.contains("spec.role.arnFrom: must be the ARN of a role")
            && told.contains("(from key role-arn of ConfigMap environment)"),
        "{told}"
    );

    // What is of a Secret is in the plan, and not shown.
    assert_eq!(document["stages"]["live"]["variables"]["account"], "(secret)");
    let plan = run(stepgate, &["plan", "--offline", &example("environments")], "").await.expect("a plan");
    assert!(!plan.contains("4711"), "{plan}");
    let bad = text.replace("4711-0815", "4711 0815");
    let told = run(stepgate, &["render", "-"], &bad).await.unwrap_err();
    assert!(told.contains("spec.stages[live].variablesFrom.account") && !told.contains("4711"), "{told}");

    // A machine that does not exist yet has the ARN that it will have, but not for a plan against AWS.
    let rendered = run(stepgate, &["render", &example("state-machine-ref")], "").await.expect("it renders");
    assert!(rendered.contains("arn:aws:states:us-east-1:000000000000:stateMachine:Orders"), "{rendered}");
    let told = run(stepgate, &["plan", "--owner-id", "me", &example("state-machine-ref")], "").await.unwrap_err();
    assert!(told.contains("has no ARN in its status yet"), "{told}");
}
