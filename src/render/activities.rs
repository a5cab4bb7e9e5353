//! Which activities each method reaches, over all stages.

use std::collections::BTreeMap;

use super::{Problems, arn::Arns, method_field, variables};
use crate::actions::{self, ArnKind};
use crate::api::{ArgumentSource, Method, StepFunctionsApiSpec};
use crate::model::ActivityArn;

/// Activities of a spec.
pub(super) struct Activities {
    /// Those of methods that fix them, by the method's field.
    fixed: BTreeMap<String, Vec<ActivityArn>>,
    /// Those that callers may name.
    open: Vec<ActivityArn>,
}

pub(super) fn resolve(spec: &StepFunctionsApiSpec, checked: &mut Arns<'_>, problems: &mut Problems) -> Activities {
    let mut fixed = BTreeMap::new();
    for method in &spec.methods {
        let Some(source) = source(method) else { continue };
        let mut named = Vec::new();
        if let Some(text) = &source.value {
            let field = format!("{}.arguments.{}.value", method_field(method), ACTIVITY_ARN);
            named.extend(parse(&field, text, checked, problems).map(|arn| (field, arn)));
        }
        if let Some(variable) = &source.stage_variable {
            // A stage that lacks it is told where the variable is read.
            let given = variables::of_stages(spec, variable).chain(variables::of_tests(method, variable));
            named.extend(
                given.filter_map(|(field, text)| Some((field.clone(), parse(&field, text, checked, problems)?))),
            );
        }
        for (field, _) in named.iter().filter(|(_, arn)| arn.arn().as_str().contains(['*', '?'])) {
            problems.add(field, "an activity that a method uses cannot have wildcards; name one");
        }
        fixed.insert(method_field(method), named.into_iter().map(|(_, arn)| arn).collect());
    }
    let open = spec.role.iter().flat_map(|role| role.activity_arns.iter().enumerate());
    let field = |index| format!("spec.role.activityArns[{index}]");
    let open = open.filter_map(|(index, text)| parse(&field(index), text, checked, problems)).collect();
    Activities { fixed, open }
}

const ACTIVITY_ARN: &str = "activityArn";

/// Where a method's activity comes from, if that is not the caller.
fn source(method: &Method) -> Option<&ArgumentSource> {
    let action = actions::find(&method.action)?;
    let argument = action.arn(ArnKind::Activity)?;
    method.arguments.get(argument.name).filter(|source| source.value.is_some() || source.stage_variable.is_some())
}

fn parse(field: &str, text: &str, checked: &mut Arns<'_>, problems: &mut Problems) -> Option<ActivityArn> {
    let arn = problems.check(field, ActivityArn::parse(text))?;
    checked.check(field, arn.arn(), problems);
    Some(arn)
}

impl Activities {
    /// Whether the spec, and not the caller, says which activity a method is for.
    pub(super) fn are_fixed(&self, method: &Method) -> bool {
        self.fixed.contains_key(&method_field(method))
    }

    /// All of them, with the fields that name them or the method that does.
    pub(super) fn all(&self) -> impl Iterator<Item = (String, &ActivityArn)> {
        let fixed = self
            .fixed
            .iter()
            .flat_map(|(method, arns)| arns.iter().map(move |arn| (format!("{method}.arguments.{ACTIVITY_ARN}"), arn)));
        let open = self.open.iter().enumerate();
        fixed.chain(open.map(|(index, arn)| (format!("spec.role.activityArns[{index}]"), arn)))
    }

    /// The activities a method works on.
    pub(super) fn of(&self, method: &Method) -> &[ActivityArn] {
        self.fixed.get(&method_field(method)).unwrap_or(&self.open)
    }
}
