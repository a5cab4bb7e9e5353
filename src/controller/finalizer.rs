//! The finalizer, by JSON patches that state what they expect: a lost race is an error and not a lost finalizer.

use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::api::{FIELD_MANAGER, FINALIZER, StepFunctionsApi};

/// Whether the object has it.
pub(super) fn is_on(object: &StepFunctionsApi) -> bool {
    object.finalizers().iter().any(|name| name == FINALIZER)
}

/// Adds it.
pub(super) async fn add(api: &Api<StepFunctionsApi>, object: &StepFunctionsApi) -> Result<(), kube::Error> {
    let operation = if object.finalizers().is_empty() {
        json!({"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]})
    } else {
        json!({"op": "add", "path": "/metadata/finalizers/-", "value": FINALIZER})
    };
    patch(api, object, vec![operation]).await
}

/// Removes it. An object that is gone is fine.
pub(super) async fn remove(api: &Api<StepFunctionsApi>, object: &StepFunctionsApi) -> Result<(), kube::Error> {
    let Some(index) = object.finalizers().iter().position(|name| name == FINALIZER) else { return Ok(()) };
    let path = format!("/metadata/finalizers/{index}");
    let operations =
        vec![json!({"op": "test", "path": path, "value": FINALIZER}), json!({"op": "remove", "path": path})];
    match patch(api, object, operations).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        result => result,
    }
}

async fn patch(api: &Api<StepFunctionsApi>, object: &StepFunctionsApi, changes: Vec<Value>) -> Result<(), kube::Error> {
    let mut operations = vec![json!({"op": "test", "path": "/metadata/uid", "value": object.uid()})];
    operations.extend(changes);
    let patch = Patch::Json::<()>(serde_json::from_value(Value::Array(operations)).map_err(kube::Error::SerdeError)?);
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    api.patch(&object.name_any(), &params, &patch).await.map(drop)
}
