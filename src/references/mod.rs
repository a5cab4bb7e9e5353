//! Values that a spec takes from other objects. Pure: a spec gives the list of what it refers to, and with the values it
//! becomes an ordinary spec, checked as if they had been written in it. Who reads the objects is `controller` or `cli`.
//!
//! Which fields can refer is told by the schema alone: `api/reference.rs` says how a field learns it.

mod class;
mod content;
mod fill;
mod secrets;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::api::schema::SPEC;
use crate::api::{Class, Problem, StateMachineGroup, StepFunctionsApiSpec};

pub use content::{Content, content};
pub use fill::Unfilled;
pub use secrets::{HIDDEN, Secrets};

/// Kind of an object that a spec can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Its data.
    ConfigMap,
    /// Its data, which is not shown.
    Secret,
    /// The ARN in its status.
    StateMachine(StateMachineGroup),
    /// Limits and defaults of a platform.
    Class,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::ConfigMap,
        Self::Secret,
        Self::StateMachine(StateMachineGroup::Ack),
        Self::StateMachine(StateMachineGroup::CrossplaneNamespaced),
        Self::StateMachine(StateMachineGroup::CrossplaneCluster),
        Self::Class,
    ];

    /// API group, version, kind and plural.
    pub fn resource(self) -> [&'static str; 4] {
        match self {
            Self::ConfigMap => ["", "v1", "ConfigMap", "configmaps"],
            Self::Secret => ["", "v1", "Secret", "secrets"],
            Self::StateMachine(group) => match group {
                StateMachineGroup::Ack => ["sfn.services.k8s.aws", "v1alpha1", "StateMachine", "statemachines"],
                StateMachineGroup::CrossplaneNamespaced => {
                    ["sfn.aws.m.upbound.io", "v1beta1", "StateMachine", "statemachines"]
                }
                StateMachineGroup::CrossplaneCluster => {
                    ["sfn.aws.upbound.io", "v1beta1", "StateMachine", "statemachines"]
                }
            },
            Self::Class => ["stepgate.dev", "v1alpha1", "StepFunctionsApiClass", "stepfunctionsapiclasses"],
        }
    }

    /// Whether its objects are in no namespace.
    pub fn is_cluster_scoped(self) -> bool {
        matches!(self, Self::StateMachine(StateMachineGroup::CrossplaneCluster) | Self::Class)
    }
}

/// With its API group after a dot unless that is the core's or ours, as kubectl takes it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [group, _, kind, _] = self.resource();
        if group.is_empty() || *self == Self::Class { f.write_str(kind) } else { write!(f, "{kind}.{group}") }
    }
}

/// An object that a spec refers to, in its own namespace or in none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// What was found of each object.
pub type Values = BTreeMap<Source, Content>;

/// A field that takes its value from another object.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Path of the field that refers, by the keys of lists as `render` writes it.
    pub field: String,
    /// The object.
    pub source: Source,
    /// The key in it.
    pub key: String,
    place: walk::Place,
}

/// What a spec refers to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct References {
    /// Fields of the spec.
    fields: Vec<Reference>,
    /// The class that sets limits and defaults for it.
    class: Option<Source>,
    /// Whether the spec does not name it.
    is_default_class: bool,
}

impl References {
    /// Those of a spec; the class is this one if the spec names none.
    pub fn of(spec: &StepFunctionsApiSpec, default_class: Option<&str>) -> Self {
        let class = spec.class_name.as_deref().or(default_class);
        let fields = serde_json::to_value(spec).map_or_else(|_| Vec::new(), |spec| walk::references(&spec, &SPEC));
        Self { fields, class: class.map(class::source), is_default_class: spec.class_name.is_none() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.class.is_none()
    }

    /// The objects, each once.
    pub fn sources(&self) -> BTreeSet<Source> {
        self.fields.iter().map(|reference| &reference.source).chain(&self.class).cloned().collect()
    }

    /// What is there of the values, by the paths of their fields.
    pub fn values<'a>(&'a self, values: &'a Values) -> Vec<(&'a str, Option<&'a str>)> {
        let value = |source: &Source, key: &str| match values.get(source)? {
            Content::Keys(keys) => keys.get(key)?.as_deref(),
            Content::Absent | Content::Unreadable(_) | Content::Withheld => None,
        };
        let fields = self.fields.iter();
        let fields = fields.map(|reference| (reference.field.as_str(), value(&reference.source, &reference.key)));
        let class = self.class.iter().map(|source| (class::FIELD, value(source, class::KEY)));
        fields.chain(class).collect()
    }

    /// The class, if there is to be one.
    ///
    /// # Errors
    /// If it is not there, or cannot be read.
    pub fn class(&self, values: &Values) -> Result<Option<Class>, Unfilled> {
        self.class.as_ref().map(|source| class::read(source, self.is_default_class, values)).transpose()
    }

    /// Those of the values that are not to be shown.
    pub fn secrets(&self, values: &Values) -> Secrets {
        Secrets::of(&self.fields, values)
    }

    /// The spec with the values in place, and nothing left that refers. They have passed the schema and the CEL rules.
    ///
    /// # Errors
    /// What is missing, or what does not fit, with the fields' paths.
    pub fn fill(&self, spec: &StepFunctionsApiSpec, values: &Values) -> Result<StepFunctionsApiSpec, Unfilled> {
        if self.fields.is_empty() {
            return Ok(spec.clone());
        }
        let spec = serde_json::to_value(spec).unwrap_or(Value::Null);
        fill::fill(&self.fields, spec, values)
    }

    /// The problems that `render` found in the filled spec, about the fields that were written, with where the values in
    /// question came from. `None` if no change of what the spec refers to can cure one of them.
    pub fn explain(&self, filled: &StepFunctionsApiSpec, problems: &[Problem]) -> Option<Vec<Problem>> {
        let fields = self.fields(filled);
        let mut any = problems.iter().any(|problem| problem.by_class);
        let explained = |problem: &Problem| {
            let Problem { field, message, .. } = problem;
            let own = fields.iter().find(|([path, _], _)| fill::inside(field, path));
            let named = || fields.iter().find(|([path, _], _)| message.contains(path));
            let from = own.map(|(_, reference)| format!(" (from {})", fill::origin(reference)));
            let from = from
                .or_else(|| named().map(|([_, written], from)| format!(" ({written} is from {})", fill::origin(from))));
            any |= from.is_some();
            let message = format!("{}{}", written(&fields, message), from.unwrap_or_default());
            match own {
                Some(([path, written], _)) => fill::problem_at(written, &field[path.len()..], message),
                None => Problem { message, ..problem.clone() },
            }
        };
        let problems = problems.iter().map(explained).collect();
        any.then_some(problems)
    }

    /// A text about the filled spec, with the fields that were written in place of those that were filled.
    pub fn as_written(&self, filled: &StepFunctionsApiSpec, text: &str) -> String {
        if self.fields.is_empty() { text.to_owned() } else { written(&self.fields(filled), text) }
    }

    /// Paths of what is filled and of what refers.
    fn fields(&self, filled: &StepFunctionsApiSpec) -> Vec<([String; 2], &Reference)> {
        let spec = serde_json::to_value(filled).unwrap_or(Value::Null);
        self.fields.iter().map(|reference| (walk::shown(&spec, &SPEC, &reference.place), reference)).collect()
    }
}

fn written(fields: &[([String; 2], &Reference)], text: &str) -> String {
    fields.iter().fold(text.to_owned(), |text, ([path, written], _)| {
        let mut pieces = text.split(path.as_str());
        let mut replaced = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            // Not the start of another name.
            let whole = !piece.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            replaced.push_str(if whole { written } else { path });
            replaced.push_str(piece);
        }
        replaced
    })
}
