//! Names under `stepgate.dev/` that users and other tools see.

/// Finalizer that keeps an object until its AWS resources are gone.
pub const FINALIZER: &str = "stepgate.dev/cleanup";
/// Annotation that asks for a check at once; any new value does. Echoed in `status.lastHandledCheckNow`.
pub const CHECK_NOW: &str = "stepgate.dev/check-now";
/// Annotation with the hash of the plan in `status.plan` that may be applied in mode Plan.
pub const APPROVE: &str = "stepgate.dev/approve";
/// Annotation with the time between checks of this object, such as `5m`.
pub const CHECK_INTERVAL: &str = "stepgate.dev/check-interval";
/// Most characters of an object's name: it is part of a tag in AWS.
pub const OBJECT_NAME_MAX: usize = 100;
/// Field manager and event reporter.
pub const FIELD_MANAGER: &str = "stepgate";
