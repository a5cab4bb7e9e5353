//! What stands between a controller and the API server and knows HTTP: it can go wrong at one request of many.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use futures::{FutureExt, StreamExt, stream};
use kube::client::Body as KubeBody;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::json;
use tokio::sync::watch;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// It has its effect, the answer ends in the middle.
    Lose,
    /// It has its effect and is never answered.
    SilentAfter,
    /// It is neither passed on nor answered.
    SilentBefore,
    /// It is answered with that status and has no effect.
    Refuse(u16),
    /// It waits until it is released, and then goes on.
    Hold,
}

/// Which requests: method and path of one.
pub type Which = fn(&Method, &str) -> bool;

/// Requests that write, other than those of the Lease, which come in a time of their own.
pub fn writes(method: &Method, path: &str) -> bool {
    method != Method::GET && !path.contains("/leases")
}

struct Order {
    which: Which,
    skip: u32,
    act: Act,
}

#[derive(Default)]
struct State {
    order: Option<Order>,
    struck: Option<String>,
}

/// An HTTP proxy that has the rights of a kubeconfig, on a port of its own.
pub struct ApiProxy {
    /// Leads through it.
    pub kubeconfig: PathBuf,
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    state: Mutex<State>,
    released: watch::Sender<bool>,
    /// Counts how often all watches were ended.
    ended: watch::Sender<u64>,
}

impl ApiProxy {
    /// In front of the server of a kubeconfig.
    pub async fn new(kubeconfig: &Path) -> Self {
        let read = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        let config =
            Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.expect("a configuration");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            client: Client::try_from(config).expect("a client"),
            state: Mutex::default(),
            released: watch::Sender::default(),
            ended: watch::Sender::default(),
        });
        let served = shared.clone();
        let service = axum::routing::any(move |request| served.clone().answer(request));
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback_service(service)).await });
        let text = std::fs::read_to_string(kubeconfig).expect("a kubeconfig");
        let mut text: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        text["clusters"][0]["cluster"] = json!({"server": format!("http://{address}")});
        let path = kubeconfig.with_extension("proxied");
        std::fs::write(&path, text.to_string()).expect("a kubeconfig");
        Self { kubeconfig: path, shared }
    }

    /// Orders what becomes of one request of those, after letting `skip` of them pass. It replaces the order before.
    pub fn order(&self, which: Which, skip: u32, act: Act) {
        self.shared.released.send_replace(false);
        *self.shared.lock() = State { order: Some(Order { which, skip, act }), struck: None };
    }

    /// Takes the order back.
    pub fn no_order(&self) {
        self.release();
        *self.shared.lock() = State::default();
    }

    /// Lets go what is held.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// The request that was struck, as method and path.
    pub fn struck(&self) -> Option<String> {
        self.shared.lock().struck.clone()
    }

    /// Ends all watches with "410 Gone: too old resource version", as after a compaction.
    pub fn end_watches(&self) {
        self.shared.ended.send_modify(|count| *count += 1);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is ordered for this request.
    fn take(&self, method: &Method, path: &str) -> Option<Act> {
        let mut state = self.lock();
        let order = state.order.as_mut().filter(|order| (order.which)(method, path))?;
        if order.skip > 0 {
            order.skip -= 1;
            return None;
        }
        let act = order.act;
        *state = State { order: None, struck: Some(format!("{method} {path}")) };
        Some(act)
    }

    async fn answer(self: Arc<Self>, request: Request<Body>) -> Response<Body> {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let act = self.take(&method, uri.path());
        match act {
            Some(Act::SilentBefore) => std::future::pending().await,
            Some(Act::Refuse(status)) => return refusal(status),
            Some(Act::Hold) => {
                let _ = self.released.subscribe().wait_for(|released| *released).await;
            }
            _ => {}
        }
        let mut forwarded =
            Request::builder().method(method).uri(uri.path_and_query().map_or("/", |path| path.as_str()));
        // The client here is authenticated by itself.
        for name in [header::ACCEPT, header::CONTENT_TYPE] {
            if let Some(value) = request.headers().get(&name) {
                forwarded = forwarded.header(name, value);
            }
        }
        let Ok(body) = axum::body::to_bytes(request.into_body(), usize::MAX).await else { return refusal(500) };
        let forwarded = forwarded.body(KubeBody::from(body.to_vec())).expect("a request");
        let ended = self.ended.subscribe();
        let answer = match self.client.send(forwarded).await {
            Ok(answer) => answer,
            Err(error) => return refusal_with(502, &error.to_string()),
        };
        match act {
            Some(Act::SilentAfter) => std::future::pending().await,
            Some(Act::Lose) => {
                let cut = Err::<Bytes, _>(std::io::Error::other("cut"));
                return Response::new(Body::from_stream(stream::iter([cut])));
            }
            _ => {}
        }
        let (parts, body) = answer.into_parts();
        let is_watch = uri.query().is_some_and(|query| query.contains("watch=true"));
        let mut response = match is_watch {
            true => Response::new(until_ended(Body::new(body), ended)),
            false => Response::new(Body::new(body)),
        };
        *response.status_mut() = parts.status;
        if let Some(kind) = parts.headers.get(header::CONTENT_TYPE) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
        }
        response
    }
}

/// A watch that says that it is too old, and ends, when it is told to.
fn until_ended(body: Body, mut ended: watch::Receiver<u64>) -> Body {
    let told = async move { ended.changed().await.is_ok() };
    let gone = json!({"type": "ERROR", "object": {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 410, "reason": "Expired",
        "message": "too old resource version: 1 (2)",
    }});
    let line = Ok::<_, axum::Error>(Bytes::from(format!("{gone}\n")));
    let watched = body.into_data_stream().take_until(told.boxed());
    Body::from_stream(watched.chain(stream::iter([line])))
}

fn refusal(status: u16) -> Response<Body> {
    let reason = match status {
        409 => "Conflict",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    refusal_with(status, reason)
}

fn refusal_with(status: u16, reason: &str) -> Response<Body> {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": status, "reason": reason,
        "message": "injected",
    });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
