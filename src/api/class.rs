//! The `StepFunctionsApiClass`: what platform admins set for many APIs at once.

#![allow(clippy::duplicated_attributes, reason = "columns of one type")]

use std::collections::BTreeMap;
use std::fmt;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::fields::{
    POLICY_ARN, ROLE_PATH, activity_patterns, form, namespace_patterns, policy_patterns, region_names, role_patterns,
    state_machine_patterns, tag_values,
};
use super::method::AuthorizationType;

/// What the objects of a class may do, and what they get. A list that is left out limits nothing.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "stepgate.dev",
    version = "v1alpha1",
    kind = "StepFunctionsApiClass",
    plural = "stepfunctionsapiclasses",
    shortname = "sfnapiclass",
    category = "stepgate",
    derive = "PartialEq",
    doc = "Limits and defaults for the StepFunctionsApi objects that name it in spec.className, or that name none if the \
           controller was started with its name in --default-class. A change takes effect within seconds.",
    printcolumn(name = "Regions", type_ = "string", json_path = ".spec.regions"),
    printcolumn(name = "Namespaces", type_ = "string", json_path = ".spec.namespaces"),
    printcolumn(name = "Check", type_ = "string", json_path = ".spec.checkInterval"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct StepFunctionsApiClassSpec {
    /// Time between checks of an object for changes by others, such as 5m or 1h30m, up to a tenth shorter or longer. An
    /// object's annotation stepgate.dev/check-interval goes before it. Default: as the controller was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 20))]
    #[x_kube(
        validation = form(r"(\d{1,5}[hms])+", "must be a duration such as 5m or 1h30m, with up to 5 digits before each letter"),
        validation = Rule::new("!self.matches(r'^(\\d{1,5}[hms])+$') || duration(self) >= duration('1s')")
            .message("has to be 1s at least"),
    )]
    pub check_interval: Option<String>,

    /// Namespaces whose objects may have this class, with `*` for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "namespace_patterns")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub namespaces: Vec<String>,

    /// Regions that spec.region may name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "region_names")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub regions: Vec<String>,

    /// ARNs of the state machines that objects may reach, with `*` for any text, such as
    /// arn:aws:states:*:123456789012:stateMachine:team-a-*. Aliases and versions of one are allowed with it. Where this or
    /// activityArns is given, there is no spec.role.unscopedActions, which reaches everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "state_machine_patterns")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub state_machine_arns: Vec<String>,

    /// ARNs of the activities that objects may reach, with `*` for any text. Of stateMachineArns and this, the one that is
    /// left out allows none if the other is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "activity_patterns")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub activity_arns: Vec<String>,

    /// ARNs of the roles that objects may give, in spec.role.arn and spec.authorizers[].lambda.roleArn, with `*` for any
    /// text. Without this, and with a limit to what created roles may do, none: a role from elsewhere goes round it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "role_patterns")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub role_arns: Vec<String>,

    /// ARNs of the managed policies that spec.role.managedPolicyArns may name, with `*` for any text. Without this, and
    /// with stateMachineArns or activityArns, none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "policy_patterns")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub managed_policy_arns: Vec<String>,

    /// The permissions boundary of all created roles. An object may name it too, and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 512))]
    #[x_kube(validation = form(POLICY_ARN.0, POLICY_ARN.1))]
    pub permissions_boundary_arn: Option<String>,

    /// The path of all created roles, such as /apis/. An object may name another one below it. AWS cannot change the path
    /// of a role that exists: such an object needs another spec.role.name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 512))]
    #[x_kube(validation = form(ROLE_PATH.0, ROLE_PATH.1))]
    pub role_path: Option<String>,

    /// The types of authorization that methods may have, such as IAM and Cognito.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub authorization_types: Vec<AuthorizationType>,

    /// Tags for all that is created, beside an object's own, which go before them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "tag_values")]
    pub tags: BTreeMap<String, String>,
}

impl StepFunctionsApiClassSpec {
    /// Whether there is a limit to the state machines or activities that are reached.
    pub fn limits_works(&self) -> bool {
        !self.state_machine_arns.is_empty() || !self.activity_arns.is_empty()
    }
}

/// A class under its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Name of the object.
    pub name: String,
    /// What it says.
    pub spec: StepFunctionsApiClassSpec,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StepFunctionsApiClass {}", self.name)
    }
}
