//! What all ARNs of a spec have in common: the region's partition, the region if they name one, and one account, which
//! is that of the API. API Gateway takes no role of another account, and Step Functions lets no role start another's
//! state machines.

use super::Problems;
use crate::model::{Arn, partition};

/// Checks the ARNs of a spec, one after the other.
pub(super) struct Arns<'a> {
    region: &'a str,
    /// Of the first ARN that names one, with its field.
    account: Option<(String, String)>,
}

impl<'a> Arns<'a> {
    pub(super) fn new(region: &'a str) -> Self {
        Self { region, account: None }
    }

    /// Notes what is wrong with partition or region of the ARN in that field.
    pub(super) fn check_place(&self, field: &str, arn: &Arn, problems: &mut Problems) {
        let (wanted, has) = (partition(self.region).id, arn.partition());
        if wanted != has {
            let text = format!("is in partition {has}, and spec.region {} is in {wanted}; name one there", self.region);
            problems.add(field, text);
        } else if !arn.region().is_empty() && arn.region() != self.region {
            let text = format!("is in {}, and spec.region is {}; name one in this region", arn.region(), self.region);
            problems.add(field, text);
        }
    }

    /// Notes what is wrong with the ARN in that field, its account included.
    pub(super) fn check(&mut self, field: &str, arn: &Arn, problems: &mut Problems) {
        self.check_place(field, arn, problems);
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
