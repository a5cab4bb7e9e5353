//! The role that API Gateway assumes.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::{POLICY_ARN, ROLE_PATH, form, managed_policy_arns, unscoped_actions};
use super::reference::ValueFrom;

/// The role that API Gateway assumes: given by ARN, or created.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "!has(self.arn) && !has(self.arnFrom) || (!has(self.stateMachineArns) && !has(self.managedPolicyArns))")
        .message("a role given by arn is not changed: remove stateMachineArns and managedPolicyArns, or arn"),
    validation = Rule::new(
        "!has(self.arn) && !has(self.arnFrom) || (!has(self.activityArns) && !has(self.unscopedActions))")
        .message("a role given by arn is not changed: remove activityArns and unscopedActions, or arn"),
    validation = Rule::new(
        "!has(self.arn) && !has(self.arnFrom) || (!has(self.name) && !has(self.path) && \
         !has(self.permissionsBoundaryArn) && !has(self.permissionsBoundaryArnFrom))")
        .message("a role given by arn is not changed: remove name, path and permissionsBoundaryArn, or arn"),
    validation = Rule::new(
        "!has(self.arn) && !has(self.arnFrom) || (!has(self.stateMachineArnsFrom) && !has(self.managedPolicyArnsFrom) && \
         !has(self.activityArnsFrom))")
        .message("a role given by arn is not changed: remove stateMachineArnsFrom, managedPolicyArnsFrom and \
                  activityArnsFrom, or arn"),
    validation = Rule::new("!has(self.arn) || !has(self.arnFrom)").message("give arn or arnFrom, not both"),
    validation = Rule::new("!has(self.stateMachineArns) || !has(self.stateMachineArnsFrom)")
        .message("give stateMachineArns or stateMachineArnsFrom, not both"),
    validation = Rule::new("!has(self.activityArns) || !has(self.activityArnsFrom)")
        .message("give activityArns or activityArnsFrom, not both"),
    validation = Rule::new("!has(self.managedPolicyArns) || !has(self.managedPolicyArnsFrom)")
        .message("give managedPolicyArns or managedPolicyArnsFrom, not both"),
    validation = Rule::new("!has(self.permissionsBoundaryArn) || !has(self.permissionsBoundaryArnFrom)")
        .message("give permissionsBoundaryArn or permissionsBoundaryArnFrom, not both"),
)]
pub struct Role {
    /// ARN of an existing role of the same account, which must trust apigateway.amazonaws.com. It is used as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 2048))]
    #[x_kube(validation = form(
        r"arn:[a-z-]+:iam::\d{12}:role/.+", "must be the ARN of a role, such as arn:aws:iam::123456789012:role/NAME"))]
    pub arn: Option<String>,

    /// Where that ARN is read from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub arn_from: Option<ValueFrom>,

    /// Name of the created role. Default: stepgate-NAMESPACE-NAME with a hash of the owner, which no other object has.
    /// With another name a new role takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_+=,.@-]+", "the name of a role has letters, digits and _ + = , . @ - only"))]
    pub name: Option<String>,

    /// Path of the created role, such as /apis/, by which policies can speak of all roles below it. Default /. AWS cannot
    /// change it: give another name, too, and a new role takes the old one's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 512))]
    #[x_kube(validation = form(ROLE_PATH.0, ROLE_PATH.1))]
    pub path: Option<String>,

    /// Managed policy that limits what the created role may do, whatever its other policies say. Some accounts let roles
    /// be created only with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 512))]
    #[x_kube(validation = form(POLICY_ARN.0, POLICY_ARN.1))]
    pub permissions_boundary_arn: Option<String>,

    /// Where that ARN is read from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub permissions_boundary_arn_from: Option<ValueFrom>,

    /// Machines that callers may name themselves, for methods without stateMachine. `*` stands for any text in a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 256)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub state_machine_arns: Vec<String>,

    /// Where they are read from instead: one in a line, or a list in JSON or YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub state_machine_arns_from: Option<ValueFrom>,

    /// Activities that callers may name themselves, for methods whose activityArn is neither a value nor a stage variable.
    /// `*` stands for any text in a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 256)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub activity_arns: Vec<String>,

    /// Where they are read from instead: one in a line, or a list in JSON or YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub activity_arns_from: Option<ValueFrom>,

    /// Actions of methods that IAM cannot limit to some machines: the created role may then do them to everything in
    /// account and region. Every such action of a method has to be listed, so that this is never an accident. Whoever may
    /// call SendTaskSuccess still needs the token of a task; the lists show the ARNs of all machines and activities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "unscoped_actions")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub unscoped_actions: Vec<String>,

    /// Managed policies to attach to the created role, such as arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess.
    /// They are usually far wider than the policy that is computed without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "managed_policy_arns")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub managed_policy_arns: Vec<String>,

    /// Where they are read from instead: one in a line, or a list in JSON or YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub managed_policy_arns_from: Option<ValueFrom>,
}
