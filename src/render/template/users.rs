//! Templates that users write.

use crate::api::{StepFunctionsApiSpec, TemplateSource};
use crate::render::Problems;
use crate::vtl::{self, Makes, Severity, Stages};

/// Longest mapping template, in bytes.
pub(super) const TEMPLATE_MAX: usize = 300 * 1024;

/// The text of a template that the field `here` names or holds.
pub(in crate::render) fn users(
    spec: &StepFunctionsApiSpec,
    here: &str,
    source: &TemplateSource,
    makes: Makes,
    problems: &mut Problems,
) -> String {
    let named = |name: &String| {
        let field = format!("spec.templates[{name}].body");
        spec.templates.iter().find(|template| template.name == *name).map(|template| (field, &template.body))
    };
    let found = match (&source.inline, &source.name) {
        (Some(text), _) => Some((format!("{here}.inline"), text)),
        (None, Some(name)) => named(name),
        (None, None) => None,
    };
    let Some((field, text)) = found else {
        problems.add(format!("{here}.name"), "is not the name of an entry of spec.templates");
        return String::new();
    };
    check(spec, &field, text, makes, problems);
    text.clone()
}

/// Says what is wrong with the text of a template that stands in that field.
pub(in crate::render) fn check(
    spec: &StepFunctionsApiSpec,
    field: &str,
    text: &str,
    makes: Makes,
    problems: &mut Problems,
) {
    if text.contains("${AWS::") {
        problems.add(field, "API Gateway replaces ${AWS::...} when the template is imported; write it otherwise");
    }
    if text.len() > TEMPLATE_MAX {
        problems.add(field, format!("has {} bytes, and API Gateway allows {TEMPLATE_MAX}", text.len()));
    } else {
        lint(spec, field, text, makes, problems);
    }
}

/// Most warnings of one template.
const WARNINGS_MAX: usize = 5;

/// Says what is wrong with a template: API Gateway takes any text, and then answers every call with a 500.
fn lint(spec: &StepFunctionsApiSpec, field: &str, text: &str, makes: Makes, problems: &mut Problems) {
    let given_by_all = |name: &&String| spec.stages.iter().all(|stage| stage.variables.contains_key(*name));
    let first = spec.stages.first().map(|stage| stage.variables.keys()).into_iter().flatten();
    let stages = Stages { variables: first.filter(given_by_all).cloned().collect() };
    let findings = vtl::lint(text, makes, &stages);
    let more = findings.len().saturating_sub(WARNINGS_MAX);
    for finding in findings.into_iter().take(WARNINGS_MAX) {
        match finding.severity {
            Severity::Error => problems.add(field, finding.to_string()),
            Severity::Warning => problems.warn(field, finding.to_string()),
        }
    }
    if more > 0 {
        problems.warn(field, format!("{more} more warnings"));
    }
}
