//! Custom domain names.

use std::collections::BTreeMap;

use super::{Problems, arn::Arns};
use crate::api::{self, DomainEndpointType, DomainSecurityPolicy, StepFunctionsApiSpec};
use crate::model::{Arn, Domain, DomainName, DomainSettings, Owner, partition};

/// Where certificates of edge-optimised names are, whatever the API's region:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-edge-optimized-custom-domain-name.html>.
const EDGE_REGION: &str = "us-east-1";

/// Entries of one name together: their paths, and the name itself if one of them gives its certificate.
pub(super) fn render(
    owner: &Owner,
    spec: &StepFunctionsApiSpec,
    arns: &mut Arns<'_>,
    problems: &mut Problems,
) -> BTreeMap<String, Domain> {
    let mut domains: BTreeMap<String, Domain> = BTreeMap::new();
    for entry in &spec.domains {
        let field = format!("spec.domains[{}/{}]", entry.name, entry.base_path);
        if !spec.stages.iter().any(|stage| stage.name == entry.stage) {
            let message = format!("there is no stage {}; name an entry of spec.stages", entry.stage);
            problems.add(format!("{field}.stage"), message);
        }
        let own = settings(spec, entry, &field, arns, problems);
        let own = own.map(|settings| DomainName { settings, tags: owner.tags(&spec.tags) });
        let domain = domains.entry(entry.name.clone()).or_insert_with(|| Domain {
            own: None,
            mappings: BTreeMap::new(),
            field: field.clone(),
        });
        match (&domain.own, own) {
            (Some(other), Some(own)) if *other != own => problems.add(
                &field,
                format!(
                    "differs from {} in certificateArn, endpointType or securityPolicy; make them equal, or give \
                         them in one entry only",
                    domain.field
                ),
            ),
            (None, Some(own)) => {
                domain.own = Some(own);
                domain.field.clone_from(&field);
            }
            _ => {}
        }
        if domain.mappings.insert(entry.base_path.clone(), entry.stage.clone()).is_some() {
            problems.add(field, "stands twice");
        }
    }
    domains
}

fn settings(
    spec: &StepFunctionsApiSpec,
    entry: &api::Domain,
    field: &str,
    arns: &mut Arns<'_>,
    problems: &mut Problems,
) -> Option<DomainSettings> {
    let field = format!("{field}.certificateArn");
    let certificate = problems.check(&field, Arn::parse(entry.certificate_arn.as_ref()?))?;
    let edge = entry.endpoint_type.unwrap_or_default() == DomainEndpointType::Edge;
    let region = if edge { EDGE_REGION } else { &spec.region };
    if edge && partition(&spec.region).id != partition(EDGE_REGION).id {
        let message = format!("there are no Edge domain names in the partition of {}; use Regional", spec.region);
        problems.add(&field, message);
    } else {
        arns.check_in(region, &field, &certificate, problems);
    }
    Some(DomainSettings {
        certificate: Some(certificate),
        endpoint_type: if edge { DomainSettings::EDGE } else { DomainSettings::REGIONAL }.to_owned(),
        security_policy: match entry.security_policy.unwrap_or_default() {
            DomainSecurityPolicy::Tls10 => "TLS_1_0",
            DomainSecurityPolicy::Tls12 => "TLS_1_2",
        }
        .to_owned(),
    })
}
