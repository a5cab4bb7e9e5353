//! AWS's answers, changed by chance: the real ones of a finished API are noted, then given again with changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use stepgate::api::StepFunctionsApiSpec;
use stepgate::apply::apply;
use stepgate::aws::Caller;
use stepgate::aws::sdk::{Regions, Settings};
use stepgate::model::{Desired, Owner};
use stepgate::observe::{Scope, observe};
use stepgate::plan::plan;
use stepgate::render::render;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::mutate::{self, Random};
use crate::samples::REGION;
use crate::world::{MachineKind, World, env};

/// Answers by request line and body: content type and body.
type Noted = BTreeMap<String, (String, String)>;

/// Stands between client and AWS. First it notes, then it lies.
struct Liar {
    noted: Mutex<Noted>,
    /// Chance for the lies; none while noting.
    random: Mutex<Option<Random>>,
}

impl Liar {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let liar = self.clone();
            tokio::spawn(async move { liar.answer(stream).await });
        }
    }

    async fn answer(&self, mut stream: TcpStream) -> Option<()> {
        let (head, body) = read(&mut stream).await?;
        let line = head.lines().next()?.to_owned();
        let key = format!("{line}\n{body}");
        let known = self.noted.lock().expect("noted").get(&key).cloned();
        let lies = self.random.lock().expect("chance").is_some();
        let (status, kind, text) = match known {
            Some((kind, text)) if lies => ("200 OK".to_owned(), kind, self.lie(text)),
            // What a lie leads to, such as another id.
            None if lies => ("200 OK".to_owned(), "application/json".to_owned(), self.lie("{}".to_owned())),
            _ => forward(&line, &head, body).await?,
        };
        if !lies && status.starts_with("200") {
            self.noted.lock().expect("noted").insert(key, (kind.clone(), text.clone()));
        }
        let length = text.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
        );
        stream.write_all(answer.as_bytes()).await.ok()
    }

    fn lie(&self, text: String) -> String {
        let mut chance = self.random.lock().expect("chance");
        let random = chance.as_mut().expect("lying");
        // Most answers are true, or none would be read to its end.
        if random.below(8) > 0 {
            return text;
        }
        match serde_json::from_str::<Value>(&text) {
            Ok(mut value) => {
                mutate::value(&mut value, random);
                value.to_string()
            }
            Err(_) => {
                // IAM's XML, as one text.
                let mut value = Value::String(text);
                mutate::value(&mut value, random);
                value.as_str().unwrap_or_default().to_owned()
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if bytes.len() >= end + 4 + length.unwrap_or_default() {
                return Some((head, String::from_utf8_lossy(&bytes[end + 4..]).into_owned()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// Status, content type and body that AWS gives.
async fn forward(line: &str, head: &str, body: String) -> Option<(String, String, String)> {
    let mut words = line.split(' ');
    let method = words.next()?.parse().ok()?;
    let url = format!("{}{}", env("AWS_ENDPOINT_URL"), words.next()?);
    let mut request = reqwest::Client::new().request(method, url).body(body);
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
        if !["host", "content-length", "connection"].contains(&name.to_ascii_lowercase().as_str()) {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.ok()?;
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let status = answer.status().as_u16();
    Some((format!("{status} X"), kind, answer.text().await.ok()?))
}

/// Something of every kind that is read back.
fn desired(world: &World, owner: &Owner) -> Desired {
    let mut spec = crate::permissions::everything(world);
    let method = spec["methods"][0].as_object_mut().expect("a method");
    method.remove("tests");
    let spec: StepFunctionsApiSpec = serde_json::from_value(spec).expect("a spec");
    render(owner, &spec, None).expect("a valid spec").desired
}

#[tokio::test]
async fn changed_answers_of_aws_are_read_or_refused_without_a_panic_and_without_end() {
    // The library finds its credentials in the environment, which is one for all tests.
    let world = World::in_account("hostile", &env("AWS_ACCESS_KEY_ID")).await;
    world.aws.machine(REGION, "hello", MachineKind::Express).await;
    let owner = Owner {
        installation: world.kube.namespace.clone(),
        namespace: world.kube.namespace.clone(),
        name: "api".to_owned(),
    };
    let desired = desired(&world, &owner);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint_url = Some(format!("http://{}", listener.local_addr().expect("an address")));
    let liar = Arc::new(Liar { noted: Mutex::default(), random: Mutex::new(None) });
    tokio::spawn(liar.clone().serve(listener));
    let quota_share = env("STEPGATE_QUOTA_SHARE").parse().expect("a number");
    let honest = Settings { endpoint_url, quota_share, call_timeout: Duration::from_secs(20) };
    let aws = Regions::load(&honest, Arc::new(|_| {})).await.get(REGION, Caller::default());
    let scope = Scope { client_certificates: true, ..Scope::default() };

    crate::world::eventually("an API", || async {
        let observed = observe(&aws, &desired, &scope).await.map_err(|error| error.to_string())?;
        let outcome = apply(&aws, &observed, &plan(&desired, &observed), |_| ()).await;
        outcome.failure.map_or(Ok(()), |failure| Err(format!("{:?}", failure.cause)))
    })
    .await;
    let observed = observe(&aws, &desired, &scope).await.expect("all is read");
    assert!(plan(&desired, &observed).is_empty(), "{:?}", plan(&desired, &observed).lines());

    let hasty = Settings { quota_share: 1e6, ..honest };
    let aws = Regions::load(&hasty, Arc::new(|_| {})).await.get(REGION, Caller::default());
    let seed = mutate::seed();
    *liar.random.lock().expect("chance") = Some(Random(seed));
    let (mut read, mut failed) = (0, 0);
    for round in 0..mutate::rounds(200) {
        let (aws, desired, scope) = (aws.clone(), desired.clone(), scope.clone());
        let pass = tokio::spawn(async move {
            let observed = observe(&aws, &desired, &scope).await.ok()?;
            Some(plan(&desired, &observed).lines().len())
        });
        let ended = tokio::time::timeout(Duration::from_secs(20), pass).await;
        let ended = ended.unwrap_or_else(|_| panic!("STEPGATE_TEST_SEED={seed}, round {round}: no end"));
        match ended.unwrap_or_else(|error| panic!("STEPGATE_TEST_SEED={seed}, round {round}: {error}")) {
            Some(_) => read += 1,
            None => failed += 1,
        }
    }
    println!("STEPGATE_TEST_SEED={seed}: {read} read, {failed} refused");
    assert!(read.min(failed) > 5, "{read} read, {failed} refused: the changes are too rough or too fine");

    *liar.random.lock().expect("chance") = None;
    let aws =
        Regions::load(&Settings { quota_share: 16.0, ..hasty }, Arc::new(|_| {})).await.get(REGION, Caller::default());
    let nothing = Desired::nothing(owner, REGION);
    let managed_policies = desired.role.map(|role| role.managed_policies).unwrap_or_default();
    let domains = desired.domains.keys().cloned().collect();
    let scope = Scope { usage_plans: true, domains, managed_policies, ..scope };
    crate::world::eventually("nothing left", || async {
        let observed = observe(&aws, &nothing, &scope).await.map_err(|error| error.to_string())?;
        let plan = plan(&nothing, &observed);
        let outcome = apply(&aws, &observed, &plan, |_| ()).await;
        outcome.failure.map_or(Ok(()), |failure| Err(format!("{:?}", failure.cause)))
    })
    .await;
}
