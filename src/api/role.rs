//! The role that API Gateway assumes.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::{form, managed_policy_arns};

/// The role that API Gateway assumes: given by ARN, or created.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.arn) || (!has(self.stateMachineArns) && !has(self.managedPolicyArns))")
        .message("a role given by arn is not changed: remove stateMachineArns and managedPolicyArns, or arn")
)]
pub struct Role {
    /// ARN of an existing role of the same account, which must trust apigateway.amazonaws.com. It is used as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 2048))]
    #[x_kube(validation = form(
        r"arn:[a-z-]+:iam::\d{12}:role/.+", "must be the ARN of a role, such as arn:aws:iam::123456789012:role/NAME"))]
    pub arn: Option<String>,

    /// Machines that callers may name themselves, for methods without stateMachine. `*` stands for any text in a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 256)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub state_machine_arns: Vec<String>,

    /// Managed policies to attach to the created role, such as arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess.
    /// They are usually far wider than the policy that is computed without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "managed_policy_arns")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub managed_policy_arns: Vec<String>,
}
