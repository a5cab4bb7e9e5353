//! The connection to the API server: requests have deadlines, and it is known whether the objects are being watched.

use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config, Resource};
use tokio::sync::watch;
use tower::{BoxError, Layer, Service};

use super::with_causes;
use crate::api::StepFunctionsApi;

/// Whether the objects are watched, or why not.
pub type Watching = watch::Sender<Result<(), String>>;

/// Longest time until an answer begins. kube has no such limit, and a watch that never begins would not be missed.
const ANSWER: Duration = Duration::from_secs(20);

/// A client by KUBECONFIG or the Pod's own account. kube's own retries are off: a pass that fails is made again as a
/// whole. `watching` is told when a watch begins; the watcher itself tells errors only, and events when there are any.
///
/// # Errors
/// With a text for people.
pub async fn connect(watching: Option<Watching>) -> Result<Client, String> {
    let mut config =
        Config::infer().await.map_err(|error| format!("failed to find a cluster: {}", with_causes(&error)))?;
    config.connect_timeout = Some(Duration::from_secs(5));
    config.write_timeout = Some(Duration::from_secs(30));
    config.default_retry = false;
    let client = ClientBuilder::try_from(config).map_err(|error| format!("failed to make a client: {error}"))?;
    Ok(client.with_layer(&Observe { watching }).build())
}

#[derive(Clone)]
struct Observe {
    watching: Option<Watching>,
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Observed { inner, watching: self.watching.clone() }
    }
}

#[derive(Clone)]
struct Observed<S> {
    inner: S,
    watching: Option<Watching>,
}

impl<S, B> Service<http::Request<Body>> for Observed<S>
where
    S: Service<http::Request<Body>, Response = http::Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError> + 'static,
    B: 'static,
{
    type Response = http::Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // kube notes its verb with each request. Other kinds are watched, too.
        let is_watch = request.extensions().get::<&'static str>() == Some(&"watch")
            && request.uri().path().ends_with(&format!("/{}", StepFunctionsApi::plural(&())));
        let watching = self.watching.clone().filter(|_| is_watch);
        let answer = tokio::time::timeout(ANSWER, self.inner.call(request));
        async move {
            let answer = answer.await.map_err(|_| format!("no answer within {ANSWER:?}"))?.map_err(Into::into)?;
            if let Some(watching) = watching
                && answer.status().is_success()
            {
                watching.send_if_modified(|state| std::mem::replace(state, Ok(())).is_err());
            }
            Ok(answer)
        }
        .boxed()
    }
}
