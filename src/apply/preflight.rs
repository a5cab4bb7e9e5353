//! Tests of the draft.

use super::{Cause, Ids};
use crate::aws::Aws;
use crate::model::MethodTest;

/// Makes the call and compares the answer.
///
/// # Errors
/// If the call cannot be made, or its answer is not the expected one.
pub(super) async fn test(aws: &impl Aws, ids: &mut Ids, test: &MethodTest) -> Result<(), Cause> {
    let api = ids.need_rest_api()?.clone();
    if ids.resources.is_empty() {
        // They change with every put, so they are not kept longer than a plan.
        ids.resources = aws.get_resource_ids(&api).await?;
    }
    let resource = ids.resources.get(&test.method.path).ok_or_else(|| super::unplanned("the id of the path"))?;
    let answer = aws.test_invoke_method(&api, resource, test).await?;
    match test.difference(&answer) {
        None => Ok(()),
        Some(difference) => Err(Cause::Test { difference, status: answer.status }),
    }
}
