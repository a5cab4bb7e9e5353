//! Whose an AWS resource is. The only place that knows tag keys and derived names.

use sha2::{Digest, Sha256};

use super::{Holder, Tags};

/// Prefix of every tag key that is the controller's own.
pub const TAG_PREFIX: &str = "stepgate.dev/";
/// The tag that says whose a resource is. Identity is here, not in status: losing the status loses nothing.
pub const OWNER_TAG: &str = "stepgate.dev/owner";
/// The tag that says which stage a client certificate is for.
pub const STAGE_TAG: &str = "stepgate.dev/stage";

/// The tag with a usage plan's name in the spec.
pub const USAGE_PLAN_TAG: &str = "stepgate.dev/usage-plan";
/// The tag with an API key's name in the spec.
pub const API_KEY_TAG: &str = "stepgate.dev/api-key";

/// IAM's limit for a role name.
const ROLE_NAME_MAX: usize = 64;

/// The Kubernetes object that an AWS resource belongs to, unique over all clusters that share the account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The installation: by default the uid of the cluster's `kube-system` namespace.
    pub installation: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
}

impl Owner {
    /// Value of [`OWNER_TAG`].
    pub fn tag(&self) -> String {
        format!("{}/{}/{}", self.installation, self.namespace, self.name)
    }

    /// Whether a resource with these tags is this owner's.
    pub fn owns(&self, tags: &Tags) -> bool {
        tags.get(OWNER_TAG).is_some_and(|value| *value == self.tag())
    }

    /// Whose a resource with these tags is.
    pub fn holder(&self, tags: &Tags) -> Holder {
        match tags.get(OWNER_TAG) {
            None => Holder::Nobody,
            Some(tag) if *tag == self.tag() => Holder::Owner,
            Some(tag) => Holder::Other(tag.clone()),
        }
    }

    /// The user's tags with the owner's on top.
    pub fn tags(&self, users: &Tags) -> Tags {
        let mut tags = users.clone();
        tags.insert(OWNER_TAG.to_owned(), self.tag());
        tags
    }

    /// Name of the API in AWS unless the user gives one.
    pub fn api_name(&self) -> String {
        format!("{}-{}", self.namespace, self.name)
    }

    /// Name in AWS of a part of the object that has a name of its own there, such as a usage plan.
    pub fn part_name(&self, part: &str) -> String {
        format!("{}-{part}", self.api_name())
    }

    /// Name of the role of an API in that region. IAM is global, so it has to differ between regions' and clusters' objects of
    /// the same name: readable part first, then a hash of owner and region.
    pub fn role_name(&self, region: &str) -> String {
        let hash = hex(&Sha256::digest(format!("{} {region}", self.tag()))[..5]);
        let readable = format!("stepgate-{}-{}", self.namespace, self.name);
        let keep = ROLE_NAME_MAX - hash.len() - 1;
        format!("{}-{hash}", &readable[..readable.len().min(keep)])
    }
}

/// Lower-case hexadecimal text.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(name: &str) -> Owner {
        Owner { installation: "6f1b".into(), namespace: "team-a".into(), name: name.into() }
    }

    #[test]
    fn role_names_fit_iam_and_differ() {
        let long = "x".repeat(250);
        let name = |owner: Owner| owner.role_name("us-east-1");
        let names = [name(owner("a")), name(owner(&long)), name(owner(&format!("{long}y")))];
        assert!(names.iter().all(|name| name.len() <= ROLE_NAME_MAX), "{names:?}");
        assert_ne!(names[1], names[2]);
        assert!(names[0].starts_with("stepgate-team-a-a-"));
        assert_ne!(names[0], owner("a").role_name("eu-west-1"));
    }

    #[test]
    fn a_tag_of_another_cluster_is_not_ours() {
        let other = Owner { installation: "77".into(), ..owner("a") };
        assert!(owner("a").owns(&owner("a").tags(&Tags::new())));
        assert!(!owner("a").owns(&other.tags(&Tags::new())));
        assert!(!owner("a").owns(&Tags::new()));
    }
}
