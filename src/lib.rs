//! Stepgate: a Kubernetes controller that makes one `StepFunctionsApi` object a working, least-privilege HTTP API in
//! Amazon API Gateway in front of AWS Step Functions.
//!
//! A pass is `render` (spec to desired), `observe` (AWS to observed), `plan` (the difference), `apply` (the plan's
//! writes) and `status`. See `docs/architecture.md`.

pub mod actions;
pub mod api;
pub mod apply;
pub mod aws;
pub mod cli;
pub mod controller;
pub mod http;
pub mod import;
pub mod metrics;
pub mod model;
pub mod observe;
pub mod plan;
pub mod references;
pub mod render;
pub mod spelling;
pub mod status;
pub mod telemetry;
pub mod vtl;
