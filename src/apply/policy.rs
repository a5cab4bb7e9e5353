//! The role's permissions.

use crate::aws::{Aws, Result};
use crate::model::PolicyDocument;

pub(super) async fn put(aws: &impl Aws, role: &str, policy: &PolicyDocument) -> Result<()> {
    aws.put_role_policy(role, policy).await
}
