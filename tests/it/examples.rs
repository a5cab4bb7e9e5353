//! The examples, applied as they are, and called as their texts say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{Answer, MachineKind, World, eventually, post};

const ACCOUNT: &str = "000000000000";
const FORM: &str = "application/x-www-form-urlencoded";

async fn output(world: &World, region: &str, execution: &Value) -> (String, Value, Value) {
    let states = world.aws.states(region);
    eventually("the end of an execution", || async {
        let arn = execution.as_str().unwrap_or_default();
        let found =
            states.describe_execution().execution_arn(arn).send().await.map_err(|error| format!("{error:?}"))?;
        let json = |text: Option<&str>| serde_json::from_str(text.unwrap_or("null")).unwrap_or(Value::Null);
        match found.status().as_str() {
            "RUNNING" => Err("RUNNING".to_owned()),
            status => Ok((status.to_owned(), json(found.input()), json(found.output()))),
        }
    })
    .await
}

#[tokio::test]
async fn the_three_manifests_become_apis_that_start_executions() {
    let world = World::in_account("examples", ACCOUNT).await;
    for (region, name) in [("us-east-1", "HelloWorld"), ("us-east-1", "HelloWorld-dev"), ("us-east-2", "HelloWorld")] {
        world.aws.machine(region, name, MachineKind::Standard).await;
    }
    let _controller = world.controller().await;
    for file in ["aws-tutorial", "aws-tutorial-stages", "course"] {
        world.kube.apply(&world.example(file)).await.expect("the example applies");
    }

    // The tutorial: the caller names the machine, and curl -d calls the body a form.
    let object = world.kube.wait_ready("start-execution").await;
    let status = object.status.expect("a status");
    let url = &status.endpoints[0].url;
    assert!(url.ends_with("/alpha/execution"), "{url}");
    let name = format!("MyExecution-{}", world.kube.namespace);
    let body =
        json!({"input": "{}", "name": name, "stateMachineArn": world.aws.machine_arn("us-east-1", "HelloWorld")});
    let answer = Answer::until(200, || post(url, FORM, body.to_string())).await.json();
    assert_eq!(answer["executionArn"], format!("arn:aws:states:us-east-1:{ACCOUNT}:execution:HelloWorld:{name}"));
    assert!(answer["startDate"].is_number(), "{answer}");

    // Its variant: each stage starts its own machine, the body is the input.
    let status = world.kube.wait_ready("start-execution-stages").await.status.expect("a status");
    for (stage, machine) in [("dev", "HelloWorld-dev"), ("prod", "HelloWorld")] {
        let url = &status.endpoints.iter().find(|endpoint| endpoint.stage == stage).expect("an endpoint").url;
        let answer = Answer::until(200, || post(url, FORM, r#"{"order": 7}"#)).await.json();
        let arn = answer["executionArn"].as_str().unwrap_or_default();
        assert!(arn.contains(&format!(":execution:{machine}:")), "{arn}");
        let (_, input, _) = output(&world, "us-east-1", &answer["executionArn"]).await;
        assert_eq!(input, json!({"order": 7}));
    }

    // The course: POST starts, GET tells status and output, browsers may call.
    let status = world.kube.wait_ready("step-functions-api").await.status.expect("a status");
    let url = &status.stages[0].url;
    let body = json!({"input": "{\"n\":1}", "stateMachineArn": world.aws.machine_arn("us-east-2", "HelloWorld")});
    let started = Answer::until(200, || post(url, "application/json", body.to_string())).await;
    assert_eq!(started.header("Access-Control-Allow-Origin"), Some("*"));
    let arn = started.json()["executionArn"].clone();
    output(&world, "us-east-2", &arn).await;
    let query = reqwest::Client::new().get(url).query(&[("ExecutionARN", arn.as_str().unwrap_or_default())]);
    let described = Answer::of(query).await;
    assert_eq!(described.json()["status"], "SUCCEEDED", "{described:?}");
    assert_eq!(described.json()["output"], r#"{"n":1}"#);
}

#[tokio::test]
async fn aliases_and_versions_are_started_as_they_are_named() {
    let world = World::new("versions").await;
    let machine = world.aws.machine("us-east-1", "Orders", MachineKind::Standard).await;
    let states = world.aws.states("us-east-1");
    let mut versions = Vec::new();
    for version in ["1", "2"] {
        let definition = json!({"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": version, "End": true}}});
        let update = states.update_state_machine().state_machine_arn(&machine).definition(definition.to_string());
        update.send().await.expect("an update");
        let published = states.publish_state_machine_version().state_machine_arn(&machine).send().await;
        versions.push(published.expect("a version").state_machine_version_arn);
    }
    let route = aws_sdk_sfn::types::RoutingConfigurationListItem::builder();
    let route = route.state_machine_version_arn(&versions[0]).weight(100).build().expect("a route");
    states.create_state_machine_alias().name("live").routing_configuration(route).send().await.expect("an alias");

    let _controller = world.controller().await;
    world.kube.apply(&world.example("versions")).await.expect("the example applies");
    let status = world.kube.wait_ready("versions").await.status.expect("a status");
    for (stage, version) in status.stages.iter().zip(["1", "2"]) {
        let url = format!("{}/orders", stage.url);
        let started = Answer::until(200, || post(&url, "application/json", "{}")).await.json();
        assert_eq!(output(&world, "us-east-1", &started["executionArn"]).await.2, json!(version), "{}", stage.name);
        let listed = reqwest::Client::new().get(format!("{}/versions", stage.url));
        let listed = Answer::until(200, || listed.try_clone().expect("a request")).await.json();
        assert_eq!(listed["stateMachineVersions"].as_array().map(Vec::len), Some(2), "{listed}");
    }
    world.aws.forget_calls().await;
    world.kube.check_now("versions", "again").await;
    assert_eq!(world.aws.writes().await, []);
}

#[test]
fn every_example_is_applied_by_a_test() {
    let root = env!("CARGO_MANIFEST_DIR");
    let files = |folder: &str| {
        let entries = std::fs::read_dir(format!("{root}/{folder}")).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let tests = files("tests/it").into_iter().filter(|path| path.is_file());
    let tests: String = tests.map(|path| std::fs::read_to_string(path).expect("a test")).collect();
    for example in files("examples").iter().filter(|path| path.extension().is_some_and(|kind| kind == "yaml")) {
        let name = example.file_stem().expect("a name").display();
        assert!(tests.contains(&format!("\"{name}\"")), "no test applies examples/{name}.yaml");
    }
}

#[test]
fn every_example_says_the_type_of_its_state_machines_and_all_fit_into_one_account() {
    let mut types: std::collections::BTreeMap<(String, bool), BTreeSet<String>> = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(format!("{}/examples", env!("CARGO_MANIFEST_DIR"))).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|kind| kind != "yaml") {
            continue;
        }
        let name = path.file_stem().expect("a name").display().to_string();
        let text = std::fs::read_to_string(&path).expect("text");
        let comment = text.split("apiVersion:").next().unwrap_or_default();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
        for spec in documents.iter().map(|document| &document["spec"]) {
            for method in spec["methods"].as_array().into_iter().flatten() {
                let Some(action) = method["action"].as_str().and_then(stepgate::actions::find) else { continue };
                let needed = match action.machines {
                    stepgate::actions::Machines::Any => continue,
                    stepgate::actions::Machines::Standard => "STANDARD",
                    stepgate::actions::Machines::Express => "EXPRESS",
                };
                let machines = spec["stateMachines"].as_array().into_iter().flatten();
                let machine = machines.into_iter().find(|machine| machine["name"] == method["stateMachine"]);
                let Some(machine) = machine else { continue };
                assert!(comment.contains(needed), "{name} does not say that {machine} has to be {needed}");
                let variable = machine["stageVariable"].as_str().unwrap_or_default();
                let stages = spec["stages"].as_array().into_iter().flatten();
                let given = stages.map(|stage| &stage["variables"][variable]);
                for arn in given.chain([&machine["arn"]]).filter_map(Value::as_str) {
                    types.entry((arn.to_owned(), needed == "EXPRESS")).or_default().insert(name.clone());
                }
            }
        }
    }
    for ((arn, express), examples) in &types {
        let others = types.get(&(arn.clone(), !express));
        assert!(others.is_none(), "{arn} is of one type in {examples:?} and of the other in {others:?}");
    }
}

#[test]
fn every_example_has_a_name_of_its_own() {
    let mut taken = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(format!("{}/examples", env!("CARGO_MANIFEST_DIR"))).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|kind| kind != "yaml") {
            continue;
        }
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&std::fs::read_to_string(&path).expect("text")).expect("YAML");
        for document in documents {
            let name = document["metadata"]["name"].as_str().expect("a name").to_owned();
            let mut names = vec![format!("{} {name}", document["kind"].as_str().expect("a kind"))];
            // Of the API in AWS; without it, it follows the object's.
            names.extend(document["spec"]["name"].as_str().map(|name| format!("{} of AWS {name}", document["kind"])));
            for name in names {
                let other = taken.insert(name.clone(), path.clone());
                assert!(
                    other.is_none(),
                    "{name} is in {} and in {}",
                    path.display(),
                    other.unwrap_or_default().display()
                );
            }
        }
    }
}

/// Paths of a value's fields in the terms of the schema: `[]` for items, `.*` for what is in a map.
fn used(path: &str, value: &Value, schema: &Value, found: &mut BTreeSet<String>) {
    found.insert(path.to_owned());
    for (name, value) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(field) => used(&format!("{path}.{name}"), value, field, found),
            None => used(&format!("{path}.*"), value, &schema["additionalProperties"], found),
        }
    }
    for item in value.as_array().into_iter().flatten() {
        used(&format!("{path}[]"), item, &schema["items"], found);
    }
}

fn fields(path: &str, schema: &Value, found: &mut BTreeSet<String>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        found.insert(format!("{path}.{name}"));
        fields(&format!("{path}.{name}"), field, found);
    }
    for (inner, below) in [("items", "[]"), ("additionalProperties", ".*")] {
        if schema[inner].is_object() {
            fields(&format!("{path}{below}"), &schema[inner], found);
        }
    }
}

#[test]
fn every_field_of_the_spec_is_in_an_example() {
    let crd = serde_json::to_value(stepgate::api::crd()).expect("JSON");
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let (mut wanted, mut shown) = (BTreeSet::new(), BTreeSet::new());
    fields("spec", schema, &mut wanted);
    for entry in std::fs::read_dir(format!("{}/examples", env!("CARGO_MANIFEST_DIR"))).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|kind| kind == "yaml") {
            let text = std::fs::read_to_string(&path).expect("text");
            let documents: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
            documents.iter().for_each(|document| used("spec", &document["spec"], schema, &mut shown));
        }
    }
    // No manifest can know a revision of its own; examples/rollout.yaml tells of it in words.
    shown.insert("spec.stages[].deployment.pin".to_owned());
    // Belongs to the sources inside of an object, which the schema leaves to the controller.
    shown.insert("spec.methods[].arguments.*.type".to_owned());
    // A field and the one that reads it from elsewhere are the same to a reader.
    let twin = |path: &String| match path.split_once("From") {
        Some((field, _)) => shown.contains(field),
        None => shown.contains(&format!("{path}From")),
    };
    let missing: Vec<&String> = wanted.difference(&shown).filter(|path| !twin(path)).collect();
    assert!(missing.is_empty(), "no example has {missing:?}");
}
