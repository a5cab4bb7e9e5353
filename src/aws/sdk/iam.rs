//! IAM.

use std::collections::BTreeSet;

use aws_sdk_iam::types::Tag;
use percent_encoding::percent_decode_str;

use super::SdkAws;
use super::call::{all, found, gone, incomplete};
use crate::aws::{Iam, Result};
use crate::model::{Arn, INLINE_POLICY, PolicyDocument, Role, Tags};

/// IAM returns documents percent-encoded (RFC 3986).
fn document(text: &str) -> PolicyDocument {
    PolicyDocument::parse(&percent_decode_str(text).decode_utf8_lossy())
}

fn sdk_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

fn arn(operation: &'static str, text: &str) -> Result<Arn> {
    Arn::parse(text).map_err(|message| incomplete(operation, &message))
}

impl Iam for SdkAws {
    async fn get_role(&self, name: &str) -> Result<Option<(Arn, Role)>> {
        let operation = "iam:GetRole";
        let request = self.iam.get_role().role_name(name).send();
        let Some(answer) = found(self.call(operation, format!("read role {name}"), request).await)? else {
            return Ok(None);
        };
        let role = answer.role.ok_or_else(|| incomplete(operation, "role"))?;
        let tags = role.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
        let trust = document(role.assume_role_policy_document.as_deref().unwrap_or_default());
        let boundary = role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn);
        let model = Role {
            name: role.role_name,
            path: role.path,
            permissions_boundary: boundary.map(|text| self::arn(operation, &text)).transpose()?,
            trust,
            inline_policy: None,
            managed_policies: BTreeSet::new(),
            tags,
        };
        Ok(Some((arn(operation, &role.arn)?, model)))
    }

    async fn get_role_policy(&self, role: &str) -> Result<Option<PolicyDocument>> {
        let request = self.iam.get_role_policy().role_name(role).policy_name(INLINE_POLICY).send();
        let answer = found(self.call("iam:GetRolePolicy", format!("read the policy of role {role}"), request).await)?;
        Ok(answer.map(|answer| document(&answer.policy_document)))
    }

    async fn list_attached_role_policies(&self, role: &str) -> Result<BTreeSet<Arn>> {
        let operation = "iam:ListAttachedRolePolicies";
        let policies = all(async |marker| {
            let request = self.iam.list_attached_role_policies().role_name(role).set_marker(marker).send();
            let answer = self.call(operation, format!("list the policies of role {role}"), request).await?;
            Ok((answer.attached_policies, answer.marker.filter(|_| answer.is_truncated)))
        });
        let policies = policies.await?.into_iter();
        policies.map(|policy| arn(operation, policy.policy_arn.as_deref().unwrap_or_default())).collect()
    }

    async fn list_role_policies(&self, role: &str) -> Result<BTreeSet<String>> {
        let names = all(async |marker| {
            let request = self.iam.list_role_policies().role_name(role).set_marker(marker).send();
            let tried = format!("list the inline policies of role {role}");
            let answer = self.call("iam:ListRolePolicies", tried, request).await?;
            Ok((Some(answer.policy_names), answer.marker.filter(|_| answer.is_truncated)))
        });
        Ok(names.await?.into_iter().collect())
    }

    async fn create_role(&self, role: &Role) -> Result<Arn> {
        let operation = "iam:CreateRole";
        let request = self
            .iam
            .create_role()
            .role_name(&role.name)
            .path(&role.path)
            .set_permissions_boundary(role.permissions_boundary.as_ref().map(ToString::to_string))
            .assume_role_policy_document(role.trust.text())
            .description("Lets API Gateway call Step Functions; kept by stepgate")
            .set_tags(Some(sdk_tags(&role.tags)))
            .send();
        let answer = self.call(operation, format!("create role {}", role.name), request).await?;
        arn(operation, &answer.role.ok_or_else(|| incomplete(operation, "role"))?.arn)
    }

    async fn update_assume_role_policy(&self, role: &str, trust: &PolicyDocument) -> Result<()> {
        let request = self.iam.update_assume_role_policy().role_name(role).policy_document(trust.text()).send();
        let tried = format!("update the trust policy of role {role}");
        self.call("iam:UpdateAssumeRolePolicy", tried, request).await.map(drop)
    }

    async fn put_role_permissions_boundary(&self, role: &str, boundary: &Arn) -> Result<()> {
        let operation = "iam:PutRolePermissionsBoundary";
        let request =
            self.iam.put_role_permissions_boundary().role_name(role).permissions_boundary(boundary.as_str()).send();
        self.call(operation, format!("put boundary {boundary} on role {role}"), request).await.map(drop)
    }

    async fn delete_role_permissions_boundary(&self, role: &str) -> Result<()> {
        let request = self.iam.delete_role_permissions_boundary().role_name(role).send();
        let tried = format!("delete the boundary of role {role}");
        gone(self.call("iam:DeleteRolePermissionsBoundary", tried, request).await)
    }

    async fn tag_role(&self, role: &str, tags: &Tags) -> Result<()> {
        let request = self.iam.tag_role().role_name(role).set_tags(Some(sdk_tags(tags))).send();
        self.call("iam:TagRole", format!("tag role {role}"), request).await.map(drop)
    }

    async fn untag_role(&self, role: &str, keys: &BTreeSet<String>) -> Result<()> {
        let keys = keys.iter().cloned().collect();
        let request = self.iam.untag_role().role_name(role).set_tag_keys(Some(keys)).send();
        self.call("iam:UntagRole", format!("untag role {role}"), request).await.map(drop)
    }

    async fn put_role_policy(&self, role: &str, policy: &PolicyDocument) -> Result<()> {
        let request =
            self.iam.put_role_policy().role_name(role).policy_name(INLINE_POLICY).policy_document(policy.text()).send();
        self.call("iam:PutRolePolicy", format!("put the policy of role {role}"), request).await.map(drop)
    }

    async fn delete_role_policy(&self, role: &str) -> Result<()> {
        let request = self.iam.delete_role_policy().role_name(role).policy_name(INLINE_POLICY).send();
        gone(self.call("iam:DeleteRolePolicy", format!("delete the policy of role {role}"), request).await)
    }

    async fn attach_role_policy(&self, role: &str, policy: &Arn) -> Result<()> {
        let request = self.iam.attach_role_policy().role_name(role).policy_arn(policy.as_str()).send();
        self.call("iam:AttachRolePolicy", format!("attach {policy} to role {role}"), request).await.map(drop)
    }

    async fn detach_role_policy(&self, role: &str, policy: &Arn) -> Result<()> {
        let request = self.iam.detach_role_policy().role_name(role).policy_arn(policy.as_str()).send();
        gone(self.call("iam:DetachRolePolicy", format!("detach {policy} from role {role}"), request).await)
    }

    async fn delete_role(&self, role: &str) -> Result<()> {
        let request = self.iam.delete_role().role_name(role).send();
        gone(self.call("iam:DeleteRole", format!("delete role {role}"), request).await)
    }
}
