//! Tests of the draft.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Cause, Ids};
use crate::aws::Aws;
use crate::model::MethodTest;

/// How long a change of a role may take until API Gateway can assume it so: IAM is eventually consistent, and says no figure
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
const ROLE_DELAY: Duration = Duration::from_secs(20);
/// Time between tries until then.
const TRY_AGAIN: Duration = Duration::from_secs(1);

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
    let resource = ids.resources.get(&test.method.path).ok_or_else(|| super::unplanned("the id of the path"))?.clone();
    let end = Instant::now() + ROLE_DELAY;
    loop {
        let answer = aws.test_invoke_method(&api, &resource, test).await?;
        let Some(difference) = test.difference(&answer) else {
            ids.role_changed = false;
            return Ok(());
        };
        // A call that the role may not make yet starts nothing.
        let not_yet = ids.role_changed && answer.status == 500 && Instant::now() < end;
        if !not_yet {
            return Err(Cause::Test { difference, status: answer.status });
        }
        sleep(TRY_AGAIN).await;
    }
}
