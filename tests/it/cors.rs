//! What a browser is told: preflight, answers and errors of the gateway.

use reqwest::{Client, Method};

use crate::world::{Answer, Controller, MachineKind, World};

const REGION: &str = "us-east-1";
const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";

/// An API for these origins that is ready to be called.
struct Api {
    url: String,
    _world: World,
    _controller: Controller,
}

impl Api {
    async fn new(name: &str, origins: &str) -> Self {
        let world = World::new(name).await;
        let machine = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
        let controller = world.controller().await;
        let method = "action: StartExecution, stateMachine: hello, authorization: {type: None}";
        let spec = format!(
            "region: {REGION}\nstateMachines: [{{name: hello, arn: \"{machine}\"}}]\nmethods:\n  - {{path: /run, method: \
             POST, {method}}}\n  - {{path: \"/run/{{id}}\", method: PUT, {method}, arguments: {{name: {{path: id}}}}}}\n\
             cors: {{allowOrigins: {origins}}}\nstages: [{{name: s}}]"
        );
        world.kube.apply_spec("cors", &spec).await.expect("the spec applies");
        let status = world.kube.wait_ready("cors").await.status.expect("a status");
        let api = Self { url: status.stages[0].url.clone(), _world: world, _controller: controller };
        Answer::until(200, || api.request(Method::POST, "/run", "https://any.example")).await;
        api
    }

    fn request(&self, verb: Method, path: &str, origin: &str) -> reqwest::RequestBuilder {
        Client::new().request(verb, format!("{}{path}", self.url)).header("Origin", origin)
    }

    async fn preflight(&self, path: &str, origin: &str) -> Answer {
        let request = self.request(Method::OPTIONS, path, origin).header("Access-Control-Request-Method", "POST");
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// An answer of each kind: preflight, success, error of Step Functions, error of the gateway's.
    async fn answers(&self, origin: &str) -> [Answer; 4] {
        let call = async |path| Answer::of(self.request(Method::POST, path, origin)).await;
        let bad = Answer::of(self.request(Method::PUT, "/run/a%20b", origin)).await;
        let answers = [self.preflight("/run", origin).await, call("/run").await, bad, call("/none").await];
        assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 200, 400, 403], "{answers:?}");
        answers
    }
}

#[tokio::test]
async fn every_answer_allows_any_origin_with_an_asterisk() {
    let api = Api::new("cors-any", r#"["*"]"#).await;
    for answer in api.answers("https://a.example").await {
        assert_eq!(answer.header(ALLOW_ORIGIN), Some("*"), "{answer:?}");
    }
    let words = |text: Option<&str>| {
        let mut words: Vec<String> = text.unwrap_or_default().split(',').map(|word| word.trim().to_owned()).collect();
        words.sort();
        words
    };
    let preflight = api.preflight("/run", "https://a.example").await;
    assert_eq!(words(preflight.header("Access-Control-Allow-Methods")), ["OPTIONS", "POST"]);
    assert!(words(preflight.header("Access-Control-Allow-Headers")).contains(&"Authorization".to_owned()));
    let preflight = api.preflight("/run/7", "https://a.example").await;
    assert_eq!(words(preflight.header("Access-Control-Allow-Methods")), ["OPTIONS", "PUT"]);
}

#[tokio::test]
async fn one_origin_is_told_to_its_own_pages_only_but_for_errors_of_the_gateway() {
    let api = Api::new("cors-one", r#"["https://app.example"]"#).await;
    for (origin, allowed) in [("https://app.example", Some("https://app.example")), ("https://evil.example", None)] {
        let [preflight, success, error, gateway] = api.answers(origin).await;
        for answer in [preflight, success, error] {
            assert_eq!((answer.header(ALLOW_ORIGIN), answer.header("Vary")), (allowed, Some("Origin")), "{answer:?}");
        }
        assert_eq!(gateway.header(ALLOW_ORIGIN), Some("https://app.example"), "{gateway:?}");
    }
}

#[tokio::test]
async fn answers_echo_the_origins_of_the_list_and_no_other() {
    let api = Api::new("cors-many", r#"["https://a.example", "http://localhost:3000"]"#).await;
    for origin in ["https://a.example", "http://localhost:3000"] {
        let [preflight, success, error, gateway] = api.answers(origin).await;
        for answer in [preflight, success, error] {
            assert_eq!(
                (answer.header(ALLOW_ORIGIN), answer.header("Vary")),
                (Some(origin), Some("Origin")),
                "{answer:?}"
            );
        }
        assert_eq!(gateway.header(ALLOW_ORIGIN), Some("*"), "{gateway:?}");
    }
    for origin in ["https://evil.example", "https://a.example.evil.example", "https://A.example", "null", "\"$x #if("] {
        let [preflight, success, error, _] = api.answers(origin).await;
        for answer in [preflight, success, error] {
            assert_eq!((answer.header(ALLOW_ORIGIN), answer.header("Vary")), (None, Some("Origin")), "{answer:?}");
        }
    }
}
