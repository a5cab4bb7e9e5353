//! Custom domain names and what is mapped to their paths.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Arn, RestApiId, StageName, Tags};

/// What an object wants of a custom domain name.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// The name itself, if it is to be created; `None` for one of someone else's.
    pub own: Option<DomainName>,
    /// Stages of the API by base path; the empty one is the whole name.
    pub mappings: BTreeMap<String, StageName>,
    /// Field that names it: the entry that gives its settings, else the first.
    pub field: String,
}

/// A domain name.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainName {
    /// Settings.
    pub settings: DomainSettings,
    /// Tags.
    pub tags: Tags,
}

/// What a domain name is beside its name and tags.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainSettings {
    /// Its certificate.
    pub certificate: Option<Arn>,
    /// `REGIONAL` or `EDGE`; anything else is seen only with a name of someone else's.
    pub endpoint_type: String,
    /// Lowest version of TLS, as `TLS_1_2`.
    pub security_policy: String,
}

impl DomainSettings {
    /// A regional endpoint.
    pub const REGIONAL: &'static str = "REGIONAL";
    /// An edge-optimised endpoint.
    pub const EDGE: &'static str = "EDGE";
}

/// Where DNS has to lead a domain name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DomainTarget {
    /// Host name.
    pub host: Option<String>,
    /// Its hosted zone.
    pub hosted_zone: Option<String>,
    /// State of the name, such as `AVAILABLE`.
    pub state: Option<String>,
}

/// A domain name as API Gateway has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedDomain {
    /// Whether it carries the owner's tag.
    pub owned: bool,
    /// Its content, foreign tags left out.
    pub domain: DomainName,
    /// Where it leads.
    pub target: DomainTarget,
    /// What its base paths are mapped to; the stage is `None` when callers name it.
    pub mappings: BTreeMap<String, (RestApiId, Option<StageName>)>,
}
