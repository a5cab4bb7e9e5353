//! Client certificates: one for each stage that wants one.

use super::{Action, Change, Step, Steps, TagChange};
use crate::model::{ClientCertificate, Desired, Observed, STAGE_TAG};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    let wanted = |stage: &str| desired.stages.get(stage).is_some_and(|stage| stage.client_certificate);
    for (name, stage) in desired.stages.iter().filter(|(name, _)| wanted(name)) {
        let mut tags = stage.tags.clone();
        tags.insert(STAGE_TAG.to_owned(), name.clone());
        let Some(found) = observed.client_certificate(name) else {
            let action = Action::GenerateClientCertificate { stage: name.clone(), tags };
            steps.build.push(Step::new(action));
            continue;
        };
        if let Some(change) = TagChange::between(&found.tags, &tags) {
            let path = format!("client certificate of stage/{name} tags");
            let action = Action::TagClientCertificate { id: found.id.clone(), stage: name.clone(), tags: change };
            steps.build.push(Step { action, changes: Change::between(&path, Some(&found.tags), Some(&tags)) });
        }
    }
    let is_kept = |certificate: &ClientCertificate| {
        wanted(&certificate.stage) && observed.client_certificate(&certificate.stage) == Some(certificate)
    };
    for certificate in observed.client_certificates.iter().filter(|certificate| !is_kept(certificate)) {
        let (id, stage) = (certificate.id.clone(), certificate.stage.clone());
        // The stage holds on to it, and goes with its API if that is deleted.
        steps.last.push(Step::new(Action::DeleteClientCertificate { id, stage }));
    }
    steps
}
