//! The custom domain names that the spec names, and those that it named before.

use std::collections::{BTreeMap, BTreeSet};

use super::{OwnTags, Scope};
use crate::aws::{Aws, Result};
use crate::model::{Desired, ObservedDomain};

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    ours: &OwnTags,
) -> Result<BTreeMap<String, ObservedDomain>> {
    let names: BTreeSet<&String> = desired.domains.keys().chain(&scope.domains).collect();
    let mut domains = BTreeMap::new();
    for name in names {
        let Some((mut domain, target)) = aws.get_domain_name(name).await? else { continue };
        let owned = desired.owner.owns(&domain.tags);
        domain.tags = ours.of(domain.tags);
        let mappings = aws.get_base_path_mappings(name).await?;
        domains.insert(name.clone(), ObservedDomain { owned, domain, target, mappings });
    }
    Ok(domains)
}
