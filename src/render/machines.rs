//! Which state machines each method reaches, over all stages.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problems, arn::Arns, method_field, variables};
use crate::actions::{self, Machines};
use crate::api::{Method, StepFunctionsApiSpec};
use crate::model::{Arn, MachineType, MachineUse, StateMachineArn};

/// State machines of a spec, with the field that names each.
pub(super) struct Reached {
    /// By the name that methods use.
    named: BTreeMap<String, Vec<Named>>,
    /// Those that callers may name.
    open: Vec<Named>,
    /// Those that only a method's tests reach, by the method's field.
    tested: BTreeMap<String, Vec<Named>>,
}

/// A field, and the machine that it names.
type Named = (String, StateMachineArn);

pub(super) fn resolve(spec: &StepFunctionsApiSpec, checked: &mut Arns<'_>, problems: &mut Problems) -> Reached {
    let (mut named, mut tested) = (BTreeMap::new(), BTreeMap::new());
    for machine in &spec.state_machines {
        let mut arns = Vec::new();
        if let Some(text) = &machine.arn {
            arns.extend(one(&format!("spec.stateMachines[{}].arn", machine.name), text, checked, problems));
        }
        if let Some(variable) = &machine.stage_variable {
            for stage in spec.stages.iter().filter(|stage| !stage.variables.contains_key(variable)) {
                problems.add(
                    format!("spec.stages[{}].variables.{variable}", stage.name),
                    format!("missing: spec.stateMachines[{}] takes its ARN from this variable", machine.name),
                );
            }
            arns.extend(
                variables::of_stages(spec, variable).filter_map(|(field, text)| one(&field, text, checked, problems)),
            );
            for method in spec.methods.iter().filter(|method| method.state_machine.as_ref() == Some(&machine.name)) {
                let given = variables::of_tests(method, variable);
                let arns = given.filter_map(|(field, text)| one(&field, text, checked, problems)).collect();
                tested.insert(method_field(method), arns);
            }
        }
        named.insert(machine.name.clone(), arns);
    }
    let mut open = Vec::new();
    let role = spec.role.iter().flat_map(|role| role.state_machine_arns.iter().enumerate());
    for (index, text) in role {
        open.extend(parse(&format!("spec.role.stateMachineArns[{index}]"), text, checked, problems));
    }
    Reached { named, open, tested }
}

/// A machine that methods use.
fn one(field: &str, text: &str, checked: &mut Arns<'_>, problems: &mut Problems) -> Option<Named> {
    let named = parse(field, text, checked, problems)?;
    if named.1.is_pattern() {
        problems.add(field, "a state machine that methods use cannot have wildcards; name one");
    }
    Some(named)
}

fn parse(field: &str, text: &str, checked: &mut Arns<'_>, problems: &mut Problems) -> Option<Named> {
    let arn = problems.check(field, StateMachineArn::parse(text))?;
    checked.check(field, arn.arn(), problems);
    Some((field.to_owned(), arn))
}

impl Reached {
    /// The machines a method works on for callers: its own, or those that callers may name.
    pub(super) fn of(&self, method: &Method) -> &[Named] {
        match &method.state_machine {
            Some(name) => self.named.get(name).map_or(&[], Vec::as_slice),
            None => &self.open,
        }
    }

    /// The machines that a method's tests give it.
    pub(super) fn of_tests(&self, method: &Method) -> &[Named] {
        self.tested.get(&method_field(method)).map_or(&[], Vec::as_slice)
    }

    /// All of them, with the fields that name them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Named> {
        self.served().chain(self.tested.values().flatten())
    }

    /// Those that callers reach.
    fn served(&self) -> impl Iterator<Item = &Named> {
        self.named.values().flatten().chain(&self.open)
    }

    /// Every concrete machine that callers reach, the fields that name it, and what its type must be. Whether those of
    /// tests are right, the tests tell.
    pub(super) fn uses(&self, spec: &StepFunctionsApiSpec) -> BTreeMap<Arn, MachineUse> {
        let mut uses: BTreeMap<Arn, MachineUse> = BTreeMap::new();
        for (field, arn) in self.served().filter(|(_, arn)| !arn.is_pattern()) {
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
