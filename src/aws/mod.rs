//! AWS: the port that the rest of the program uses, and the only implementation of it. Nothing else names an SDK.

mod error;
mod limits;
mod openapi;
pub mod permissions;
pub mod policy;
mod port;
mod port_domains;
mod port_usage_plans;
mod refusal;
pub mod sdk;

pub use error::{Class, Error, Result};
pub use limits::{Caller, Urgency};
pub use openapi::openapi;
pub use port::{ApiGateway, Aws, Iam, RestApiHead, StagePatch, StepFunctions, TaggedResource};
pub use port_domains::{Domains, Mapping};
pub use port_usage_plans::{UsagePlanHead, UsagePlanPatch, UsagePlans};
