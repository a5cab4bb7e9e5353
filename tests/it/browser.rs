//! What pages in a real browser can and cannot do across origins. Chromium without a screen opens a page of each origin,
//! and the page's script makes the calls and tells what it could read.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::answers::assert_settled;
use crate::world::{Answer, MachineKind, World, post};

const REGION: &str = "us-east-1";

/// Makes the calls one after the other. What can be read of an answer is its status, some headers and its body; of a call
/// that the browser hides, only that it failed.
const PAGE: &str = r#"<!doctype html><pre id="result"></pre><script>
document.cookie = "session=mine; path=/";
(async () => {
  const results = [];
  for (const call of CALLS) {
    try {
      let answer = await fetch(call.url, call.options);
      if (call.follow) answer = await fetch(new URL(answer.headers.get("Location"), answer.url), call.follow);
      const headers = Object.fromEntries(answer.headers.entries());
      results.push({status: answer.status, headers, body: await answer.text()});
    } catch (error) { results.push({failed: String(error)}); }
  }
  document.getElementById("result").textContent = "done:" + encodeURIComponent(JSON.stringify(results)) + ":";
})();
</script>"#;

/// A web site with one page, on a port of its own, which is an origin of its own.
struct Site {
    listener: TcpListener,
    origin: String,
}

impl Site {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        Self { listener, origin }
    }

    /// What a page of this site learns of these calls, in a browser of its own.
    async fn page(&self, world: &World, calls: &[Value]) -> Vec<Value> {
        let page = PAGE.replace("CALLS", &json!(calls).to_string());
        let profile = tempfile(world);
        let browser = Command::new(chromium().await)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-proxy-server",
                "--disable-background-networking",
            ])
            .args([&format!("--user-data-dir={profile}"), "--virtual-time-budget=60000", "--dump-dom", &self.origin])
            .kill_on_drop(true)
            .output();
        let shown = tokio::select! {
            shown = tokio::time::timeout(Duration::from_secs(120), browser) => shown,
            () = self.serve(&page) => unreachable!("it serves for ever"),
        };
        let shown = shown.expect("the browser ends").expect("the browser starts");
        let text = String::from_utf8_lossy(&shown.stdout);
        let result = text.split("done:").nth(1).and_then(|rest| rest.split(':').next());
        let result = result.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&shown.stderr)));
        let result = percent_decode_str(result).decode_utf8().expect("UTF-8");
        serde_json::from_str(&result).unwrap_or_else(|error| panic!("{error}: {result}"))
    }

    async fn serve(&self, page: &str) {
        loop {
            let (mut connection, _) = self.listener.accept().await.expect("a connection");
            // One page, whatever is asked for.
            let _ = connection.read(&mut [0; 4096]).await;
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\nContent-Length:";
            let _ = connection.write_all(format!("{head} {}\r\n\r\n{page}", page.len()).as_bytes()).await;
            let _ = connection.shutdown().await;
        }
    }
}

/// A new folder.
fn tempfile(world: &World) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = world.directory.join(format!("profile-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    folder.display().to_string()
}

/// The test bed's Chromium; it fetches one if there is none.
async fn chromium() -> &'static str {
    static PATH: OnceCell<String> = OnceCell::const_new();
    PATH.get_or_init(|| async {
        let bed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testbed/bed");
        let found = Command::new(bed).arg("browser").output().await.expect("the test bed's program");
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
        String::from_utf8_lossy(&found.stdout).trim().to_owned()
    })
    .await
}

fn call(url: &str, options: Value) -> Value {
    json!({"url": url, "options": options})
}

fn json_post(body: &Value, more: &[(&str, Value)]) -> Value {
    let mut options =
        json!({"method": "POST", "headers": {"Content-Type": "application/json"}, "body": body.to_string()});
    for (name, value) in more {
        options[*name] = value.clone();
    }
    options
}

fn body(result: &Value) -> Value {
    serde_json::from_str(result["body"].as_str().unwrap_or_default()).unwrap_or_else(|e| panic!("{e}: {result}"))
}

fn assert_hidden(result: &Value) {
    assert!(result["failed"].as_str().is_some_and(|text| text.contains("Failed to fetch")), "{result}");
}

async fn executions(world: &World, machine: &str) -> usize {
    let arn = world.aws.machine_arn(REGION, machine);
    let list = world.aws.states(REGION).list_executions().state_machine_arn(arn).send().await;
    list.expect("executions").executions().len()
}

#[tokio::test]
async fn pages_of_the_named_origins_call_with_credentials_and_read_answers_and_others_do_neither() {
    let world = World::new("browser").await;
    world.aws.machine(REGION, "Order", MachineKind::Standard).await;
    let (shop, partner, stranger) = (Site::new().await, Site::new().await, Site::new().await);
    let _controller = world.controller().await;
    let example = world.example("browser");
    let example = example.replace("https://shop.example.com", &shop.origin);
    world.kube.apply(&example.replace("https://partner.example.com", &partner.origin)).await.expect("it applies");
    let status = world.kube.wait_ready("browser").await.status.expect("a status");
    let url = &status.stages[0].url;
    let orders = format!("{url}/orders");
    Answer::until(202, || post(&orders, "application/json", "{}")).await;

    let with = ("credentials", json!("include"));
    let headers = |key: &str| ("headers", json!({"Content-Type": "application/json", "Idempotency-Key": key}));
    let order = json!({"item": "it's \"é\""});
    let mut start = call(&orders, json_post(&order, &[with.clone(), headers("one")]));
    start["follow"] = json!({"credentials": "include"});
    let calls = |key: &str| {
        [
            call(&orders, json_post(&order, &[with.clone(), headers(key)])),
            call(&orders, json!({"method": "POST", "credentials": "include", "body": "simple=1"})),
            call(&orders, json_post(&order, &[with.clone(), headers("a b")])),
            call(&format!("{url}/none"), json!({"credentials": "include"})),
            call(&orders, json!({"method": "DELETE", "credentials": "include"})),
        ]
    };

    let followed = &shop.page(&world, &[start]).await[0];
    assert!([200, 202].contains(&followed["status"].as_u64().unwrap_or_default()), "{followed}");
    for (site, key) in [(&shop, "from-shop"), (&partner, "from-partner")] {
        let [started, simple, refused, gateway, other] =
            site.page(&world, &calls(key)).await.try_into().expect("five results");
        assert_eq!(started["status"], 202, "{started}");
        assert!(started["headers"]["location"].as_str().is_some_and(|url| url.ends_with(key)), "{started}");
        assert!(body(&started)["executionArn"].as_str().is_some_and(|arn| arn.ends_with(key)), "{started}");
        assert_eq!(started["headers"]["x-amzn-requestid"], Value::Null, "not exposed: {started}");
        // A body of text needs no preflight, and the gateway refuses its type, as errors of its own.
        let readable = if key == "from-shop" { [&refused, &simple, &gateway].to_vec() } else { vec![&refused] };
        for error in readable {
            assert!(body(error)["error"].is_string() && body(error)["requestId"].is_string(), "{error}");
        }
        assert_eq!((&refused["status"], &body(&refused)["error"]), (&json!(400), &json!("InvalidName")), "{refused}");
        if key == "from-shop" {
            assert_eq!((&simple["status"], &gateway["status"]), (&json!(415), &json!(403)), "{simple} {gateway}");
        } else {
            assert_hidden(&simple);
            assert_hidden(&gateway);
        }
        assert_hidden(&other);
    }

    let before = executions(&world, "Order").await;
    for result in stranger.page(&world, &calls("from-stranger")).await {
        assert_hidden(&result);
    }
    assert_eq!(executions(&world, "Order").await, before, "the preflight was refused, so nothing started");
    assert_settled(&world, "browser").await;
}

#[tokio::test]
async fn any_page_reads_what_an_api_for_all_origins_answers_but_not_with_credentials() {
    let world = World::new("browser-any").await;
    let machine = world.aws.machine(REGION, "echo", MachineKind::Express).await;
    let _controller = world.controller().await;
    let spec = format!(
        r#"
region: {REGION}
stateMachines: [{{name: echo, arn: "{machine}"}}]
methods:
  - {{path: /echo, method: GET, action: StartSyncExecution, stateMachine: echo, authorization: {{type: None}},
     arguments: {{input: {{query: text}}}}, response: {{unwrap: output, headers: {{X-Note: seen, X-Other: unseen}}}}}}
  - {{path: /echo, method: PUT, action: StartSyncExecution, stateMachine: echo, authorization: {{type: None}},
     arguments: {{input: {{header: X-Text}}}}, response: {{unwrap: output, statusField: $.statusCode}}}}
  - {{path: /echo, method: POST, action: StartSyncExecution, stateMachine: echo, authorization: {{type: None}},
     response: {{unwrap: output, statusField: $.statusCode}}}}
cors: {{allowOrigins: ["*"], exposeHeaders: [X-Note], maxAgeSeconds: 0}}
stages: [{{name: s}}]"#
    );
    world.kube.apply_spec("any", &spec).await.expect("the spec applies");
    let url = world.kube.wait_ready("any").await.status.expect("a status").stages[0].url.clone() + "/echo";
    Answer::until(200, || post(&url, "application/json", "{}")).await;
    let site = Site::new().await;
    let calls = [
        call(&format!("{url}?text=hello"), json!({})),
        call(&url, json!({"method": "PUT", "headers": {"X-Text": "of the header"}})),
        call(&url, json_post(&json!({"statusCode": 404}), &[])),
        call(&url, json_post(&json!({"statusCode": 700}), &[])),
        call(&format!("{url}/none"), json!({})),
        call(&url, json!({"method": "PUT", "headers": {"X-Unknown": "not allowed"}})),
        call(&url, json_post(&json!({}), &[("credentials", json!("include"))])),
    ];
    let [got, put, chosen, invalid, none, unknown, credentials] =
        site.page(&world, &calls).await.try_into().expect("seven results");
    assert_eq!((&got["status"], body(&got)), (&json!(200), json!("hello")), "{got}");
    assert_eq!((&got["headers"]["x-note"], &got["headers"]["x-other"]), (&json!("seen"), &Value::Null), "{got}");
    assert_eq!((&put["status"], body(&put)), (&json!(200), json!("of the header")), "{put}");
    assert_eq!((&chosen["status"], body(&chosen)), (&json!(404), json!({"statusCode": 404})), "{chosen}");
    assert_eq!((&invalid["status"], &body(&invalid)["error"]), (&json!(502), &json!("InvalidStatus")), "{invalid}");
    assert_eq!(body(&none)["error"], "MissingAuthenticationToken", "{none}");
    assert_hidden(&unknown);
    assert_hidden(&credentials);
}

#[tokio::test]
async fn cookies_of_allowed_pages_reach_the_workflow() {
    let world = World::new("browser-cookie").await;
    let machine = world.aws.machine(REGION, "echo", MachineKind::Express).await;
    let (own, other) = (Site::new().await, Site::new().await);
    let _controller = world.controller().await;
    let spec = format!(
        "region: {REGION}\nstateMachines: [{{name: echo, arn: '{machine}'}}]\nmethods:\n  - {{path: /me, method: GET, \
         action: StartSyncExecution, stateMachine: echo, authorization: {{type: None}}, arguments: {{input: {{header: \
         Cookie}}}}, response: {{unwrap: output}}}}\ncors: {{allowOrigins: ['{}'], allowCredentials: true}}\nstages: \
         [{{name: s}}]",
        own.origin
    );
    world.kube.apply_spec("cookie", &spec).await.expect("the spec applies");
    let url = world.kube.wait_ready("cookie").await.status.expect("a status").stages[0].url.clone() + "/me";
    Answer::until(200, || reqwest::Client::new().get(&url)).await;
    let calls = [call(&url, json!({"credentials": "include"})), call(&url, json!({"credentials": "omit"}))];
    let [with, without] = own.page(&world, &calls).await.try_into().expect("two results");
    assert_eq!(body(&with), "session=mine", "{with}");
    assert_eq!(body(&without), json!({}), "{without}");
    for result in other.page(&world, &calls).await {
        assert_hidden(&result);
    }
}
