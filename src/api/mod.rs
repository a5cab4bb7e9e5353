//! The custom resource: its types, its validation by schema and CEL, its conditions, and how its CRD is printed.
//!
//! One file per section of the spec.

mod adopt;
mod api_key;
mod argument;
mod authorizer;
mod class;
mod conditions;
mod cors;
mod crd;
mod domain;
mod endpoint;
mod fields;
mod integration;
mod machine;
mod method;
mod model_schema;
mod names;
mod outputs;
mod preflight;
mod problem;
mod reference;
mod response;
mod role;
pub mod schema;
mod secret;
mod spec;
mod stage;
mod stage_settings;
mod status;
mod usage_plan;

pub use adopt::Adopt;
pub use api_key::ApiKey;
pub use argument::{ArgumentSource, ValueType, WholeBody};
pub use authorizer::{Authorizer, CognitoAuthorizer, IdentitySource, LambdaAuthorizer, LambdaAuthorizerType};
pub use class::{Class, StepFunctionsApiClass, StepFunctionsApiClassSpec};
pub use conditions::{ConditionType, Reason};
pub use cors::Cors;
pub use crd::{class_crd, crd, crd_yaml};
pub use domain::{Domain, DomainEndpointType, DomainSecurityPolicy};
pub use endpoint::{AccessMode, Endpoint, EndpointType, IpAddressType};
pub use integration::{IntegrationResponse, MethodIntegration, PassthroughBehavior};
pub use machine::StateMachine;
pub use method::{Authorization, AuthorizationType, Method, Request, TemplateSource, Verb};
pub use model_schema::Model;
pub use names::{APPROVE, CHECK_INTERVAL, CHECK_NOW, FIELD_MANAGER, FINALIZER, OBJECT_NAME_MAX};
pub use outputs::{ENDPOINTS_MAX, OUTPUT_KEY_MAX, output_key};
pub use preflight::{Expectation, MethodTest};
pub use problem::Problem;
pub use reference::{DocumentFrom, KeyRef, Outputs, SecretValueFrom, StateMachineGroup, StateMachineRef, ValueFrom};
pub use response::{ErrorAnswer, Response, ResponseTemplate, Unwrap};
pub use role::Role;
pub use secret::SecretText;
pub use spec::{DeletionPolicy, DriftPolicy, GatewayResponses, Mode, StepFunctionsApi, StepFunctionsApiSpec, Template};
pub use stage::{Stage, StageDeployment};
pub use stage_settings::{
    AccessLog, CacheSize, Canary, LogLevel, Logging, MethodCache, StageCache, StageMethod, StageVerb, Throttling,
    Unauthorized,
};
pub use status::{
    ApiKeyStatus, ApprovedPlan, CanaryStatus, DeploymentNeeds, DeploymentStatus, DomainStatus, DomainUrl,
    EndpointStatus, PlanStatus, ReferenceStatus, StageStatus, StepFunctionsApiStatus, UsagePlanStatus,
};
pub use usage_plan::{KeyThrottling, Period, Quota, UsagePlan, UsagePlanMethod, UsagePlanStage};
