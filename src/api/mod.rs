//! The custom resource: its types, its validation by schema and CEL, its conditions, and how its CRD is printed.

mod conditions;
mod crd;
mod fields;
mod names;
mod spec;
mod status;

pub use conditions::{ConditionType, Reason};
pub use crd::{crd, crd_yaml};
pub use names::{CHECK_NOW, FIELD_MANAGER, FINALIZER};
pub use spec::{
    ArgumentSource, Authorization, AuthorizationType, Cors, DeletionPolicy, Method, Mode, Request, Role, Stage,
    StateMachine, StepFunctionsApi, StepFunctionsApiSpec, Template, TemplateSource, Verb, WholeBody,
};
pub use status::{EndpointStatus, PlanStatus, StageStatus, StepFunctionsApiStatus};
