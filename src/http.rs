//! The controller's own HTTP server: `/metrics`, `/healthz`, `/readyz`.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// Serves until stopped. `ready` tells what the controller does, or why it does not work.
pub async fn serve(
    listener: TcpListener,
    metrics: Metrics,
    ready: impl Fn() -> Result<String, String> + Clone + Send + Sync + 'static,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let readyz = move || {
        let state = ready();
        async move {
            match state {
                Ok(state) => (StatusCode::OK, format!("ok, {state}\n")),
                Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
            }
        }
    };
    let text = move || {
        let body = metrics.text();
        async move { ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], body) }
    };
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(text));
    axum::serve(listener, routes).with_graceful_shutdown(async move { stop.cancelled().await }).await
}
