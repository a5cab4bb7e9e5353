//! The role that API Gateway assumes.

use serde_json::json;

use super::{Problems, Works, arn::Arns, policy};
use crate::api::StepFunctionsApiSpec;
use crate::model::{Arn, Credentials, Owner, PolicyDocument, Role};

/// The role to keep, if one is to be created, and what integrations name.
pub(super) struct RenderedRole {
    pub role: Option<Role>,
    pub credentials: Credentials,
}

pub(super) fn render(
    owner: &Owner,
    spec: &StepFunctionsApiSpec,
    on: &Works<'_>,
    checked: &mut Arns<'_>,
    problems: &mut Problems,
) -> RenderedRole {
    if let Some(text) = spec.role.as_ref().and_then(|role| role.arn.as_ref()) {
        let arn = parse("spec.role.arn", text, checked, problems);
        return RenderedRole { role: None, credentials: arn.map_or(Credentials::Missing, Credentials::Given) };
    }
    let mut managed_policies = std::collections::BTreeSet::new();
    for (index, text) in spec.role.iter().flat_map(|role| role.managed_policy_arns.iter().enumerate()) {
        managed_policies.extend(parse(&format!("spec.role.managedPolicyArns[{index}]"), text, checked, problems));
    }
    let named = |field: fn(&crate::api::Role) -> Option<&String>| spec.role.as_ref().and_then(field);
    let boundary = named(|role| role.permissions_boundary_arn.as_ref());
    let permissions_boundary =
        boundary.and_then(|text| parse("spec.role.permissionsBoundaryArn", text, checked, problems));
    let mut keys: Vec<&String> = spec.tags.keys().collect();
    keys.sort_by_key(|key| key.to_ascii_lowercase());
    for pair in keys.windows(2).filter(|pair| pair[0].eq_ignore_ascii_case(pair[1])) {
        // <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>
        problems.add("spec.tags", format!("{} and {} are one key to IAM; leave one of them out", pair[0], pair[1]));
    }
    let role = Role {
        name: named(|role| role.name.as_ref()).cloned().unwrap_or_else(|| owner.role_name(&spec.region)),
        path: named(|role| role.path.as_ref()).cloned().unwrap_or_else(|| "/".to_owned()),
        permissions_boundary,
        trust: trust(),
        inline_policy: policy::render(spec, on, !managed_policies.is_empty(), problems),
        managed_policies,
        tags: owner.tags(&spec.tags),
    };
    RenderedRole { role: Some(role), credentials: Credentials::OwnRole }
}

fn parse(field: &str, text: &str, checked: &mut Arns<'_>, problems: &mut Problems) -> Option<Arn> {
    let arn = problems.check(field, Arn::parse(text))?;
    checked.check(field, &arn, problems);
    Some(arn)
}

/// No condition on the source: API Gateway sends neither aws:SourceAccount nor aws:SourceArn when it assumes the role of
/// an integration, and a condition on what is not sent makes every call a 500. No other account's API can name the role,
/// because iam:PassRole does not cross accounts.
fn trust() -> PolicyDocument {
    PolicyDocument::new(json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    }))
}
