//! Which state machines each method reaches, over all stages.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problems, arn::Arns, method_field};
use crate::actions::{self, Machines};
use crate::api::{Method, StepFunctionsApiSpec};
use crate::model::{Arn, MachineType, MachineUse, StateMachineArn};

/// State machines of a spec, with the field that names each.
pub(super) struct Reached {
    /// By the name that methods use.
    named: BTreeMap<String, Vec<(String, StateMachineArn)>>,
    /// Those that callers may name.
    open: Vec<(String, StateMachineArn)>,
}

pub(super) fn resolve(spec: &StepFunctionsApiSpec, checked: &mut Arns<'_>, problems: &mut Problems) -> Reached {
    let mut named = BTreeMap::new();
    for machine in &spec.state_machines {
        let field = format!("spec.stateMachines[{}].arn", machine.name);
        let mut arns = Vec::new();
        if let Some(text) = &machine.arn {
            arns.extend(parse(&field, text, checked, problems));
        }
        if let Some(variable) = &machine.stage_variable {
            for stage in &spec.stages {
                let field = format!("spec.stages[{}].variables.{variable}", stage.name);
                if let Some(text) = stage.canary.as_ref().and_then(|canary| canary.variable(variable)) {
                    let field = format!("spec.stages[{}].canary.variables.{variable}", stage.name);
                    arns.extend(parse(&field, text, checked, problems));
                }
                match stage.variables.get(variable) {
                    Some(text) => arns.extend(parse(&field, text, checked, problems)),
                    None => problems.add(
                        field,
                        format!("missing: spec.stateMachines[{}] takes its ARN from this variable", machine.name),
                    ),
                }
            }
        }
        if let Some((field, _)) = arns.iter().find(|(_, arn)| arn.is_pattern()) {
            problems.add(field.clone(), "a state machine that methods use cannot have wildcards; name one");
        }
        named.insert(machine.name.clone(), arns);
    }
    let mut open = Vec::new();
    let role = spec.role.iter().flat_map(|role| role.state_machine_arns.iter().enumerate());
    for (index, text) in role {
        open.extend(parse(&format!("spec.role.stateMachineArns[{index}]"), text, checked, problems));
    }
    Reached { named, open }
}

fn parse(
    field: &str,
    text: &str,
    checked: &mut Arns<'_>,
    problems: &mut Problems,
) -> Option<(String, StateMachineArn)> {
    let arn = problems.check(field, StateMachineArn::parse(text))?;
    checked.check(field, arn.arn(), problems);
    Some((field.to_owned(), arn))
}

impl Reached {
    /// The machines a method works on: its own, or those that callers may name.
    pub(super) fn of(&self, method: &Method) -> &[(String, StateMachineArn)] {
        match &method.state_machine {
            Some(name) => self.named.get(name).map_or(&[], Vec::as_slice),
            None => &self.open,
        }
    }

    /// All of them, with the fields that name them.
    pub(super) fn all(&self) -> impl Iterator<Item = &(String, StateMachineArn)> {
        self.named.values().flatten().chain(&self.open)
    }

    /// Every concrete machine, the fields that name it, and what its type must be.
    pub(super) fn uses(&self, spec: &StepFunctionsApiSpec) -> BTreeMap<Arn, MachineUse> {
        let mut uses: BTreeMap<Arn, MachineUse> = BTreeMap::new();
        for (field, arn) in self.all().filter(|(_, arn)| !arn.is_pattern()) {
            uses.entry(arn.described()).or_default().fields.insert(field.clone());
        }
        for method in spec.methods.iter().filter(|method| method.state_machine.is_some()) {
            let needed = match actions::find(&method.action).map(|action| action.machines) {
                Some(Machines::Standard) => MachineType::Standard,
                Some(Machines::Express) => MachineType::Express,
                Some(Machines::Any) | None => continue,
            };
            for (_, arn) in self.of(method) {
                let needs: &mut BTreeSet<_> = &mut uses.entry(arn.described()).or_default().needs;
                needs.insert((needed, format!("{}.action", method_field(method))));
            }
        }
        uses
    }
}
