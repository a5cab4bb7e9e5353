//! The custom resource: its types, its validation by schema and CEL, its conditions, and how its CRD is printed.

mod conditions;
mod crd;
mod fields;
mod method;
mod names;
mod spec;
mod status;

pub use conditions::{ConditionType, Reason};
pub use crd::{crd, crd_yaml};
pub use method::{ArgumentSource, Authorization, AuthorizationType, Method, Request, TemplateSource, Verb, WholeBody};
pub use names::{CHECK_NOW, FIELD_MANAGER, FINALIZER};
pub use spec::{
    Cors, DeletionPolicy, Mode, Role, Stage, StateMachine, StepFunctionsApi, StepFunctionsApiSpec, Template,
};
pub use status::{EndpointStatus, PlanStatus, StageStatus, StepFunctionsApiStatus};
