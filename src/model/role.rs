//! The IAM role that API Gateway assumes to call Step Functions.

use std::collections::BTreeSet;

use super::{Arn, PolicyDocument, Tags};

/// Name of the one inline policy that is ours.
pub const INLINE_POLICY: &str = "stepgate";

/// A role and all of its permissions that are ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Unique in the account.
    pub name: String,
    /// Path, `/` for none. IAM cannot change it.
    pub path: String,
    /// Managed policy that limits the role.
    pub permissions_boundary: Option<Arn>,
    /// Who may assume it.
    pub trust: PolicyDocument,
    /// The inline policy named [`INLINE_POLICY`].
    pub inline_policy: Option<PolicyDocument>,
    /// Attached managed policies, those of others left out.
    pub managed_policies: BTreeSet<Arn>,
    /// Tags.
    pub tags: Tags,
}

impl Role {
    /// Whether that is the ARN that IAM gives it.
    pub fn has_arn(&self, arn: &Arn) -> bool {
        arn.service() == "iam" && arn.resource() == format!("role{}{}", self.path, self.name)
    }
}
