//! What `spec.outputs` cannot have.

use std::collections::BTreeMap;

use super::Problems;
use crate::api::{ENDPOINTS_MAX, OUTPUT_KEY_MAX, StepFunctionsApiSpec, output_key};

const FIELD: &str = "spec.outputs.configMap";

/// Warns of methods that get no key.
pub(super) fn check(spec: &StepFunctionsApiSpec, problems: &mut Problems) {
    if spec.outputs.is_none() {
        return;
    }
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for method in &spec.methods {
        let verb = method.method.as_str();
        keys.entry(output_key("STAGE", verb, &method.path)).or_default().push(format!("{verb} {}", method.path));
    }
    let longest = spec.stages.iter().map(|stage| stage.name.len()).max().unwrap_or_default();
    for (key, methods) in keys {
        if key.len() - "STAGE".len() + longest > OUTPUT_KEY_MAX {
            let text =
                format!("{} has no key: it would be longer than {OUTPUT_KEY_MAX} characters", methods.join(", "));
            problems.warn(FIELD, text);
        } else if methods.len() > 1 {
            let all = methods.join(", ");
            let text = format!("{all} have no key: each would be {key}; give all but one a path that differs in more");
            problems.warn(FIELD, text);
        }
    }
    let mut methods: Vec<String> =
        spec.methods.iter().map(|method| format!("{} {}", method.path, method.method.as_str())).collect();
    methods.sort();
    let mut all = spec.stages.iter().flat_map(|stage| methods.iter().map(move |method| (&stage.name, method)));
    if let Some((stage, method)) = all.nth(ENDPOINTS_MAX) {
        let left = all.count() + 1;
        let text = format!(
            "{left} methods on stages have no key, from {method} of stage {stage} on: there are {ENDPOINTS_MAX} at most"
        );
        problems.warn(FIELD, text);
    }
}
