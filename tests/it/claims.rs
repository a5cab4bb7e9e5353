//! What an authorizer knows of a caller, in the input of an execution: whatever is in a claim arrives as it is, and cannot
//! add, replace or drop a key. A synchronous execution answers its input as its output.

use serde_json::{Value, json};

use crate::authorizers::{POOL, token};
use crate::samples::REGION;
use crate::world::{Answer, Controller, MachineKind, World, env, post};

const JSON: &str = "application/json";

const SPEC: &str = r"
region: us-east-1
authorizers:
  - name: users
    cognito: {userPoolArns: ['arn:aws:cognito-idp:us-east-1:ACCOUNT:userpool/us-east-1_AbCdEf123']}
  - name: checks
    lambda: {functionArn: 'arn:aws:lambda:us-east-1:ACCOUNT:function:claims'}
    cacheSeconds: 0
stateMachines: [{name: echo, arn: 'MACHINE'}]
methods:
  - path: /cognito
    method: POST
    action: StartSyncExecution
    stateMachine: echo
    authorization: {type: Cognito, authorizer: users}
    arguments: &arguments
      input:
        object:
          who: {claim: sub}
          tenant: {claim: 'custom:tenant'}
          level: {claim: level, type: Integer}
          order: {body: {}}
          nested: {object: {text: {claim: text}}}
  - path: /lambda
    method: POST
    action: StartSyncExecution
    stateMachine: echo
    authorization: {type: Lambda, authorizer: checks}
    arguments: *arguments
stages: [{name: live}]
";

/// Texts that would break out of a template or of JSON, if they could.
const HOSTILE: [&str; 12] = [
    r#"a "quoted" one"#,
    "it's",
    r#"","who":"forged","x":""#,
    r"back\slash \u0022 \n",
    "line\nbreak\ttab\r\u{8}\u{c}\u{1}",
    "$input.body $context.stage ${x} $!stageVariables.get('a')",
    "#set($who = 1) #if(true) ## #* *# #end",
    "é ü 漢字 🦀 \u{2028}\u{2029}",
    "</script><!-- & -->",
    "{\"json\": [1, null]}",
    "7e3",
    " blank around ",
];

struct Api {
    world: World,
    url: String,
    _controller: Controller,
}

impl Api {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        let machine = world.aws.machine(REGION, "echo", MachineKind::Express).await;
        let controller = world.controller().await;
        let spec = SPEC.replace("ACCOUNT", &world.aws.id).replace("MACHINE", &machine);
        world.kube.apply_spec("claims", &spec).await.expect("the spec applies");
        let url = world.kube.wait_ready("claims").await.status.expect("a status").stages[0].url.clone();
        Self { world, url, _controller: controller }
    }

    fn call(&self, path: &str, token: &str) -> reqwest::RequestBuilder {
        post(&format!("{}{path}", self.url), JSON, r#"{"n": 1}"#).header("Authorization", token)
    }
}

/// The input that an execution had.
fn input(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let output = answer.json()["output"].as_str().expect("an output").to_owned();
    serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
}

fn expected(text: &str, level: Value) -> Value {
    json!({"who": text, "tenant": text, "level": level, "order": {"n": 1}, "nested": {"text": text}})
}

#[tokio::test]
async fn claims_of_a_cognito_token_arrive_as_they_are() {
    let api = Api::new("claims-cognito").await;
    let of = |claims: &Value| token(POOL, claims);
    // What a token does not have is left out.
    let bare = Answer::until(200, || api.call("/cognito", &of(&json!({})))).await;
    assert_eq!(input(&bare), json!({"who": "caller", "order": {"n": 1}, "nested": {}}));
    for text in HOSTILE {
        let claims = json!({"sub": text, "custom:tenant": text, "text": text, "level": "3"});
        assert_eq!(input(&Answer::of(api.call("/cognito", &of(&claims))).await), expected(text, json!(3)), "{text:?}");
    }
    let refused = Answer::of(api.call("/cognito", &of(&json!({"level": "3, \"who\": 1"})))).await;
    assert_eq!(refused.status, 400, "a claim of another type than the argument's: {refused:?}");
}

#[tokio::test]
async fn context_of_a_lambda_authorizer_arrives_as_it_is() {
    let api = Api::new("claims-lambda").await;
    let allow = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"});
    let answer = |context: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": [allow]});
        json!({"principalId": "p", "policyDocument": document, "context": context})
    };
    let of = |text: &str| json!({"sub": text, "custom:tenant": text, "text": text, "level": "-3"});
    let mut answers = serde_json::Map::from_iter([("bare".to_owned(), answer(json!({})))]);
    answers.extend(HOSTILE.iter().enumerate().map(|(n, text)| (format!("t{n}"), answer(of(text)))));
    answers.insert("wrong".to_owned(), answer(json!({"level": "three"})));
    let told = json!({format!("arn:aws:lambda:{REGION}:{}:function:claims", api.world.aws.id): answers});
    let tell = reqwest::Client::new().put(format!("{}/_test/authorizers", env("AWS_ENDPOINT_URL"))).json(&told);
    assert_eq!(Answer::of(tell).await.status, 200);

    let bare = Answer::until(200, || api.call("/lambda", "bare")).await;
    assert_eq!(input(&bare), json!({"order": {"n": 1}, "nested": {}}));
    for (n, text) in HOSTILE.iter().enumerate() {
        let answer = Answer::of(api.call("/lambda", &format!("t{n}"))).await;
        assert_eq!(input(&answer), expected(text, json!(-3)), "{text:?}");
    }
    assert_eq!(Answer::of(api.call("/lambda", "wrong")).await.status, 400);
}
