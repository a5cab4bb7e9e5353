//! What an object wants: its spec, with the values that it refers to, by the rules of its class.

use super::interval::unread_interval;
use super::references::Read;
use crate::api::{Class, StepFunctionsApi, StepFunctionsApiSpec};
use crate::model::{Desired, Owner};
use crate::references::References;
use crate::render::{Problem, Rendered, render};
use crate::status::Trouble;

pub(super) struct Wanted {
    /// The spec with its values in place.
    pub spec: StepFunctionsApiSpec,
    pub desired: Desired,
    pub warnings: Vec<Problem>,
    /// Its class, and the fields that are from there.
    class: Option<(Class, Vec<&'static str>)>,
}

impl Wanted {
    /// What is said of what is wanted, with the fields that the object has, and where the others are from.
    pub(super) fn as_written(&self, trouble: Trouble, references: &References) -> Trouble {
        let mut message = references.as_written(&self.spec, &trouble.message);
        if let Some((class, fields)) = &self.class {
            let named: Vec<&str> = fields.iter().copied().filter(|field| message.contains(field)).collect();
            if !named.is_empty() {
                message.push_str(&format!(" ({} is from {class})", named.join(", ")));
            }
        }
        Trouble { message, ..trouble }
    }
}

pub(super) fn wanted(owner: &Owner, object: &StepFunctionsApi, read: &Read) -> Result<Wanted, Trouble> {
    let Read { references, values, .. } = read;
    let unfilled = |unfilled| Trouble::unfilled(&unfilled);
    let class = references.class(values).map_err(unfilled)?;
    let spec = references.fill(&object.spec, values).map_err(unfilled)?;
    match render(owner, &spec, class.as_ref()) {
        Ok(Rendered { desired, warnings, given }) => {
            let mut warnings = references.explain(&spec, &warnings).unwrap_or(warnings);
            warnings.extend(unread_interval(object));
            Ok(Wanted { spec, desired, warnings, class: class.map(|class| (class, given)) })
        }
        Err(problems) => {
            let explained = references.explain(&spec, &problems);
            Err(explained.map_or_else(|| Trouble::invalid(&problems), |all| Trouble::referred(&all)))
        }
    }
}
