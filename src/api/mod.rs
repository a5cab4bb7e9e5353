//! The custom resource: its types, its validation by schema and CEL, its conditions, and how its CRD is printed.
//!
//! One file per section of the spec.

mod argument;
mod conditions;
mod cors;
mod crd;
mod endpoint;
mod fields;
mod machine;
mod method;
mod names;
mod preflight;
mod problem;
mod reference;
mod role;
pub mod schema;
mod spec;
mod stage;
mod stage_settings;
mod status;

pub use argument::{ArgumentSource, ValueType, WholeBody};
pub use conditions::{ConditionType, Reason};
pub use cors::Cors;
pub use crd::{crd, crd_yaml};
pub use endpoint::{AccessMode, Endpoint, EndpointType, IpAddressType};
pub use machine::StateMachine;
pub use method::{Authorization, AuthorizationType, Method, Request, TemplateSource, Verb};
pub use names::{CHECK_NOW, FIELD_MANAGER, FINALIZER};
pub use preflight::{Expectation, MethodTest};
pub use problem::Problem;
pub use reference::{KeyRef, Outputs, SecretValueFrom, StateMachineGroup, StateMachineRef, ValueFrom};
pub use role::Role;
pub use spec::{DeletionPolicy, Mode, StepFunctionsApi, StepFunctionsApiSpec, Template};
pub use stage::Stage;
pub use stage_settings::{
    AccessLog, CacheSize, Canary, LogLevel, Logging, MethodCache, StageCache, StageMethod, StageVerb, Throttling,
    Unauthorized,
};
pub use status::{EndpointStatus, PlanStatus, ReferenceStatus, StageStatus, StepFunctionsApiStatus};
