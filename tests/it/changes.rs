//! A change of the spec leads to the writes that it needs and no others, and callers see it.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::world::{Answer, Controller, MachineKind, World, eventually, post};

const REGION: &str = "us-east-1";
const JSON: &str = "application/json";
/// A new definition for callers.
const DEPLOY: [&str; 3] = ["PutRestApi", "CreateDeployment", "UpdateStage"];

/// An applied object named `api`, whose spec a test changes as a JSON value.
struct Changing {
    world: World,
    spec: Value,
    url: String,
    hello: String,
    other: String,
    _controller: Controller,
}

impl Changing {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        let hello = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
        let other = world.aws.machine(REGION, "other", MachineKind::Standard).await;
        let spec = json!({
            "region": REGION,
            "stateMachines": [{"name": "m", "arn": hello}],
            "methods": [method("/run", "{value: '\"first\"'}")],
            "stages": [{"name": "prod"}],
        });
        let controller = world.controller().await;
        let mut changing = Self { world, spec, url: String::new(), hello, other, _controller: controller };
        changing.apply().await;
        let status = changing.world.kube.get("api").await.status.expect("a status");
        changing.url.clone_from(&status.stages[0].url);
        Answer::until(200, || changing.post("/run")).await;
        changing
    }

    async fn apply(&self) {
        self.world.kube.apply_spec("api", &self.spec.to_string()).await.expect("the spec applies");
        self.world.kube.wait_ready("api").await;
    }

    /// Changes the spec and answers the writes that were made for it, in their order.
    async fn change(&mut self, change: impl FnOnce(&mut Value)) -> Vec<String> {
        change(&mut self.spec);
        self.world.aws.forget_calls().await;
        self.apply().await;
        self.writes().await
    }

    async fn writes(&self) -> Vec<String> {
        self.world.aws.writes().await.into_iter().map(|(_, operation)| operation).collect()
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        post(&format!("{}{path}", self.url), JSON, "{}")
    }

    /// Waits until a call of the method starts an execution of that machine with that input.
    async fn until_starts(&self, machine: &str, input: &Value) {
        let states = self.world.aws.states(REGION);
        eventually(&format!("an execution of {machine} with {input}"), || async {
            let answer = Answer::of(self.post("/run")).await;
            if answer.status != 200 {
                return Err(format!("{answer:?}"));
            }
            let arn = answer.json()["executionArn"].as_str().unwrap_or_default().to_owned();
            let found = states.describe_execution().execution_arn(&arn).send().await.map_err(|e| format!("{e:?}"))?;
            let got: Value = serde_json::from_str(found.input().unwrap_or_default()).map_err(|e| e.to_string())?;
            if found.state_machine_arn() == machine && got == *input { Ok(()) } else { Err(format!("{arn} {got}")) }
        })
        .await;
    }

    /// Tags of the API, of its stage and of its role.
    async fn tags(&self) -> [Vec<(String, String)>; 3] {
        let status = self.world.kube.get("api").await.status.expect("a status");
        let (id, role) = (status.rest_api_id.expect("an API"), status.role_arn.expect("a role"));
        let gateway = self.world.aws.apigateway(REGION);
        let api = gateway.get_rest_api().rest_api_id(&id).send().await.expect("the API");
        let stage = gateway.get_stage().rest_api_id(&id).stage_name("prod").send().await.expect("the stage");
        let role = role.rsplit('/').next().unwrap_or_default();
        let role = self.world.aws.iam().list_role_tags().role_name(role).send().await.expect("tags");
        let role = role.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
        let mut tags: [Vec<(String, String)>; 3] = [
            api.tags.unwrap_or_default().into_iter().collect(),
            stage.tags.unwrap_or_default().into_iter().collect(),
            role,
        ];
        for tags in &mut tags {
            tags.retain(|(key, _)| key != "stepgate.dev/owner");
            tags.sort();
        }
        tags
    }
}

fn method(path: &str, input: &str) -> Value {
    let input: Value = serde_saphyr::from_str(input).expect("YAML");
    json!({
        "path": path, "method": "POST", "action": "StartExecution", "stateMachine": "m",
        "authorization": {"type": "None"}, "arguments": {"input": input},
    })
}

fn tag(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[tokio::test]
async fn a_template_costs_one_deployment_and_going_back_none() {
    let mut api = Changing::new("template").await;
    let first = api.spec["methods"].clone();
    assert_eq!(api.change(|spec| spec["methods"] = json!([method("/run", "{context: httpMethod}")])).await, DEPLOY);
    api.until_starts(&api.hello, &json!("POST")).await;

    let template = format!(r#"{{"stateMachineArn": "{}", "input": "{{\"n\": 2}}"}}"#, api.hello);
    let mut own = method("/run", "{}");
    own.as_object_mut().expect("a method").remove("arguments");
    own["request"] = json!({"template": {"inline": template}});
    assert_eq!(api.change(|spec| spec["methods"] = json!([own])).await, DEPLOY);
    api.until_starts(&api.hello, &json!({"n": 2})).await;

    // The deployment of that revision is still there.
    assert_eq!(api.change(|spec| spec["methods"] = first).await, ["PutRestApi", "UpdateStage"]);
    api.until_starts(&api.hello, &json!("first")).await;
}

#[tokio::test]
async fn a_cors_origin_costs_one_deployment() {
    let mut api = Changing::new("origin").await;
    for origins in [json!(["https://a.example"]), json!(["https://b.example", "https://a.example"]), json!(["*"])] {
        assert_eq!(api.change(|spec| spec["cors"] = json!({"allowOrigins": origins})).await, DEPLOY, "{origins}");
        let expected = origins[0].as_str();
        eventually("the header", || async {
            let answer = Answer::of(api.post("/run").header("Origin", expected.unwrap_or_default())).await;
            let got = answer.header("Access-Control-Allow-Origin");
            if got == expected { Ok(()) } else { Err(format!("{answer:?}")) }
        })
        .await;
    }
}

#[tokio::test]
async fn what_belongs_to_a_stage_costs_no_deployment() {
    let mut api = Changing::new("stage").await;
    let (hello, other) = (api.hello.clone(), api.other.clone());
    let by_variable = |arn: &str| {
        let arn = arn.to_owned();
        move |spec: &mut Value| {
            spec["stateMachines"] = json!([{"name": "m", "stageVariable": "arn"}]);
            spec["methods"] = json!([method("/run", "{stageVariable: color}")]);
            spec["stages"] = json!([{"name": "prod", "variables": {"arn": arn, "color": "red"}}]);
        }
    };
    assert_eq!(api.change(by_variable(&hello)).await, DEPLOY);
    api.until_starts(&hello, &json!("red")).await;
    assert_eq!(api.change(|spec| spec["stages"][0]["variables"]["color"] = json!("blue")).await, ["UpdateStage"]);
    api.until_starts(&hello, &json!("blue")).await;
    let machine = api.change(|spec| spec["stages"][0]["variables"]["arn"] = json!(other)).await;
    // The old machine is allowed until the stage has moved.
    assert_eq!(machine, ["PutRolePolicy", "UpdateStage", "PutRolePolicy"]);
    api.until_starts(&other, &json!("blue")).await;

    assert_eq!(api.change(|spec| spec["stages"][0]["description"] = json!("what it is for")).await, ["UpdateStage"]);
    let text = "another text";
    assert_eq!(api.change(|spec| spec["stages"][0]["description"] = json!(text)).await, ["UpdateStage"]);
    let prod = api.spec["stages"][0].clone();
    let mut test = prod.clone();
    test["name"] = json!("test");
    assert_eq!(api.change(|spec| spec["stages"] = json!([prod, test])).await, ["CreateStage"]);
    let added = api.url.replace("/prod", "/test") + "/run";
    Answer::until(200, || post(&added, JSON, "{}")).await;
    assert_eq!(api.change(|spec| spec["stages"] = json!([prod])).await, ["DeleteStage"]);
    Answer::until(403, || post(&added, JSON, "{}")).await;
    api.until_starts(&other, &json!("blue")).await;
}

#[tokio::test]
async fn machines_and_methods_cost_a_deployment_and_what_the_role_needs() {
    let mut api = Changing::new("methods").await;
    let other = api.other.clone();
    let with_policy = [&["PutRolePolicy"], &DEPLOY[..]].concat();
    assert_eq!(
        api.change(|spec| spec["stateMachines"][0]["arn"] = json!(other)).await,
        [&with_policy[..], &["PutRolePolicy"]].concat()
    );
    api.until_starts(&other, &json!("first")).await;

    let one = api.spec["methods"].clone();
    let two = json!([one[0], method("/more", "{body: {}}")]);
    assert_eq!(api.change(|spec| spec["methods"] = two.clone()).await, DEPLOY);
    Answer::until(200, || api.post("/more")).await;

    let look = json!({
        "path": "/run", "method": "GET", "action": "DescribeExecution", "stateMachine": "m",
        "authorization": {"type": "None"}, "arguments": {"executionArn": {"query": "arn"}},
    });
    assert_eq!(api.change(|spec| spec["methods"] = json!([two[0], two[1], look])).await, with_policy);
    let started = Answer::of(api.post("/run")).await.json()["executionArn"].clone();
    let describe = || {
        let url = format!("{}/run", api.url);
        Client::new().request(Method::GET, url).query(&[("arn", started.as_str().unwrap_or_default())])
    };
    Answer::until(200, describe).await;

    let back = api.change(|spec| spec["methods"] = one).await;
    assert_eq!(back, ["PutRestApi", "UpdateStage", "PutRolePolicy"]);
    Answer::until(403, || api.post("/more")).await;
    assert_eq!(api.change(|spec| spec["name"] = json!("renamed")).await, ["UpdateRestApi"]);
}

#[tokio::test]
async fn a_role_of_another_kind_costs_what_it_has_and_serves_alike() {
    let mut api = Changing::new("roles").await;
    let managed = json!({"managedPolicyArns": ["arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess"]});
    assert_eq!(api.change(|spec| spec["role"] = managed).await, ["AttachRolePolicy"]);
    api.until_starts(&api.hello, &json!("first")).await;

    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let may = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "states:StartExecution", "Resource": "*"}]});
    let iam = api.world.aws.iam();
    let given = iam.create_role().role_name("given").assume_role_policy_document(trust.to_string()).send().await;
    let given = given.expect("a role").role.expect("a role").arn;
    let put = iam.put_role_policy().role_name("given").policy_name("p").policy_document(may.to_string());
    put.send().await.expect("a policy");
    let own = api.world.kube.get("api").await.status.and_then(|status| status.role_arn).expect("a role");

    let writes = api.change(|spec| spec["role"] = json!({ "arn": given })).await;
    let removed = ["DetachRolePolicy", "DeleteRolePolicy", "DeleteRole"];
    assert_eq!(writes[..3], DEPLOY);
    assert!(removed.iter().all(|call| writes[3..].contains(&(*call).to_owned())), "{writes:?}");
    assert_eq!((writes.len(), writes.last().map(String::as_str)), (6, Some("DeleteRole")), "{writes:?}");
    api.until_starts(&api.hello, &json!("first")).await;
    let roles = api.world.aws.leftovers(REGION).await;
    assert!(!roles.iter().any(|name| name.starts_with("role ") && own.ends_with(&name[5..])), "{roles:?}");

    let writes = api.change(|spec| spec["role"] = Value::Null).await;
    assert_eq!(writes, ["CreateRole", "PutRolePolicy", "PutRestApi", "UpdateStage"]);
    api.until_starts(&api.hello, &json!("first")).await;
    assert!(iam.get_role().role_name("given").send().await.is_ok(), "a given role is not ours to delete");
}

#[tokio::test]
async fn tags_come_and_go_and_those_of_others_stay() {
    let mut api = Changing::new("tags").await;
    let set = ["TagRole", "TagResource", "TagResource"];
    assert_eq!(api.change(|spec| spec["tags"] = json!({"team": "blue", "cost": "7"})).await, set);
    assert_eq!(api.tags().await, [(); 3].map(|()| vec![tag("cost", "7"), tag("team", "blue")]));

    let id = api.world.kube.get("api").await.status.and_then(|status| status.rest_api_id).expect("an API");
    let gateway = api.world.aws.apigateway(REGION);
    let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{id}");
    gateway.tag_resource().resource_arn(&arn).tags("audit", "theirs").send().await.expect("a tag");
    api.world.aws.forget_calls().await;
    api.world.kube.check_now("api", "with a tag of others").await;
    assert_eq!(api.writes().await, [] as [&str; 0]);

    assert_eq!(api.change(|spec| spec["tags"] = json!({"team": "red", "cost": "7"})).await, set);
    assert_eq!(api.tags().await[1..], [(); 2].map(|()| vec![tag("cost", "7"), tag("team", "red")]));
    let removed = ["UntagRole", "UntagResource", "UntagResource"];
    assert_eq!(api.change(|spec| spec["tags"] = json!({"team": "red"})).await, removed);
    assert_eq!(api.change(|spec| spec["tags"] = Value::Null).await, removed);
    assert_eq!(api.tags().await, [vec![tag("audit", "theirs")], vec![], vec![]]);
}
