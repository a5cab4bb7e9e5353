//! Templates that users write.

use crate::api::{StepFunctionsApiSpec, TemplateSource};
use crate::render::Problems;

/// Longest mapping template, in bytes.
pub(super) const TEMPLATE_MAX: usize = 300 * 1024;

/// The text of a template that the field `here` names or holds.
pub(in crate::render) fn users(
    spec: &StepFunctionsApiSpec,
    here: &str,
    source: &TemplateSource,
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
    if text.contains("${AWS::") {
        problems.add(&field, "API Gateway replaces ${AWS::...} when the template is imported; write it otherwise");
    }
    if text.len() > TEMPLATE_MAX {
        problems.add(&field, format!("has {} bytes, and API Gateway allows {TEMPLATE_MAX}", text.len()));
    }
    text.clone()
}
