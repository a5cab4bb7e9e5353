//! What all ARNs of a spec have in common: the region's partition, the region if they name one, and one account, which
//! is that of the API. API Gateway takes no role of another account, and Step Functions lets no role start another's
//! state machines.

use super::Problems;
use crate::model::{Arn, partition, regions};
use crate::spelling::hint;

/// Checks the ARNs of a spec, one after the other.
pub(super) struct Arns<'a> {
    region: &'a str,
    /// What is wrong with the name of the region.
    unknown: Option<String>,
    /// Of the first ARN that names one, with its field.
    account: Option<(String, String)>,
}

impl<'a> Arns<'a> {
    pub(super) fn new(region: &'a str) -> Self {
        Self { region, unknown: unknown(region), account: None }
    }

    /// Warns of a region that is perhaps none.
    pub(super) fn check_region(&self, problems: &mut Problems) {
        if let Some(text) = &self.unknown {
            problems.warn("spec.region", text);
        }
    }

    /// Notes what is wrong with partition or region of the ARN in that field; its account may be any.
    pub(super) fn check_place(&self, field: &str, arn: &Arn, problems: &mut Problems) {
        if !arn.region().is_empty() && arn.region() != self.region && self.unknown.is_some() {
            // Not a fault of all these ARNs.
            let text = format!("{}; ARNs here name {}", self.unknown.as_deref().unwrap_or_default(), arn.region());
            problems.add("spec.region", text);
            return;
        }
        let wrong = (!arn.region().is_empty() && arn.region() != self.region)
            .then(|| format!("is in {}, and spec.region is {}; name one in this region", arn.region(), self.region));
        self.place(field, arn, wrong, problems);
    }

    /// Notes what is wrong with the ARN in that field, its account included.
    pub(super) fn check(&mut self, field: &str, arn: &Arn, problems: &mut Problems) {
        self.check_place(field, arn, problems);
        self.check_account(field, arn, problems);
    }

    /// The same for an ARN that has to be in another region than the API.
    pub(super) fn check_in(&mut self, region: &str, field: &str, arn: &Arn, problems: &mut Problems) {
        let wrong = (arn.region() != region)
            .then(|| format!("is in {}, and has to be in {region} for this; name one there", arn.region()));
        self.place(field, arn, wrong, problems);
        self.check_account(field, arn, problems);
    }

    fn place(&self, field: &str, arn: &Arn, wrong_region: Option<String>, problems: &mut Problems) {
        let (wanted, has) = (partition(self.region).id, arn.partition());
        if wanted != has {
            let text = format!("is in partition {has}, and spec.region {} is in {wanted}; name one there", self.region);
            problems.add(field, text);
        } else if let Some(text) = wrong_region {
            problems.add(field, text);
        }
    }

    fn check_account(&mut self, field: &str, arn: &Arn, problems: &mut Problems) {
        // Managed policies of AWS have the account "aws".
        if !arn.account().starts_with(|c: char| c.is_ascii_digit()) {
            return;
        }
        match &self.account {
            None => self.account = Some((arn.account().to_owned(), field.to_owned())),
            Some((account, first)) if account != arn.account() => problems.add(
                field,
                format!(
                    "is in account {}, and {first} is in {account}; API, role, policies and state machines have to be \
                     in one account",
                    arn.account()
                ),
            ),
            Some(_) => {}
        }
    }
}

/// What there is to say of the name of a region that is not known.
fn unknown(region: &str) -> Option<String> {
    if regions().any(|known| known == region) {
        return None;
    }
    let hint = hint(region, regions());
    let end = if hint.is_empty() { "." } else { "" };
    Some(format!("{region} is no region of AWS that is known here{hint}{end} It cannot be changed: make a new object"))
}
