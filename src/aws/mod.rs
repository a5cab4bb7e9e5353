//! AWS: the port that the rest of the program uses, and the only implementation of it. Nothing else names an SDK.

mod error;
mod limits;
mod openapi;
mod port;
pub mod sdk;

pub use error::{Class, Error, Result};
pub use openapi::openapi;
pub use port::{ApiGateway, Aws, Iam, RestApiHead, StagePatch, StepFunctions, TaggedResource};
