//! Objects of manifest files that specs of other manifests refer to.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::{Class, StepFunctionsApiSpec};
use crate::model::{Owner, partition};
use crate::references::{Content, Kind, References, Secrets, Source, Unfilled, Values, content};

use super::manifest::refusal;

/// Namespace, `None` for what is in none.
type Place = (Option<String>, Source);

/// What the files have of them.
#[derive(Default)]
pub(super) struct Referents {
    found: BTreeMap<Place, Content>,
    /// Names in AWS of the state machines among them, whose ARN is not known before they exist, and accounts if their
    /// manifests name any.
    planned: BTreeMap<Place, (String, Option<String>)>,
}

/// A spec, and what goes with it.
pub(super) struct Filled {
    pub(super) spec: StepFunctionsApiSpec,
    pub(super) class: Option<Class>,
    /// Values that are not to be shown.
    pub(super) secrets: Secrets,
}

impl Referents {
    /// Notes an object if specs can refer to it.
    pub(super) fn note(&mut self, document: &Value, namespace: &str) {
        let Some(source) = source(document) else { return };
        let place = (Some(namespace.to_owned()).filter(|_| !source.kind.is_cluster_scoped()), source);
        let metadata = &document["metadata"];
        let names = [&document["spec"]["name"], &metadata["annotations"]["crossplane.io/external-name"]];
        let name = names.into_iter().chain([&metadata["name"]]).find_map(Value::as_str);
        if let (Kind::StateMachine(_), Some(name)) = (place.1.kind, name) {
            self.planned.insert(place.clone(), (name.to_owned(), account(&document.to_string())));
        }
        let content = content(place.1.kind, document);
        self.found.insert(place, content);
    }

    /// An object's spec with its values in place. Offline, a state machine that does not exist yet has the ARN that it
    /// will have, in the account that the manifests name, or 000000000000.
    pub(super) fn fill(
        &self,
        owner: &Owner,
        spec: &StepFunctionsApiSpec,
        references: &References,
        offline: bool,
    ) -> Result<Filled, String> {
        let mut values = Values::new();
        let own = account(&serde_json::to_string(spec).unwrap_or_default());
        for source in references.sources() {
            let namespace = Some(owner.namespace.clone()).filter(|_| !source.kind.is_cluster_scoped());
            let place = (namespace, source);
            let Some(content) = self.found.get(&place) else {
                // Secrets seldom are in files, and their values would not be shown.
                if place.1.kind == Kind::Secret {
                    values.insert(place.1, Content::Withheld);
                }
                continue;
            };
            let unknown = *content == Content::Keys(BTreeMap::new());
            let content = match self.planned.get(&place).filter(|_| offline && unknown) {
                Some((name, account)) => {
                    let account = own.as_ref().or(account.as_ref()).map_or("000000000000", String::as_str);
                    let (partition, region) = (partition(&spec.region).id, &spec.region);
                    let arn = format!("arn:{partition}:states:{region}:{account}:stateMachine:{name}");
                    Content::Keys([("arn".to_owned(), Some(arn))].into())
                }
                None => content.clone(),
            };
            values.insert(place.1, content);
        }
        let secrets = references.secrets(&values);
        let filled = references.class(&values).and_then(|class| Ok((class, references.fill(spec, &values)?)));
        let filled = filled.map_err(|unfilled| match unfilled {
            Unfilled::Wrong(problems) => secrets.hide(&refusal(&owner.name, &problems)),
            Unfilled::Missing(problems) => {
                let lines: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
                format!(
                    "{} takes values from objects of namespace {}, or of none, that no FILE has:{}\nGive them in a FILE, too, such as \
                     from kubectl get KIND NAME -o yaml",
                    owner.name,
                    owner.namespace,
                    lines.concat()
                )
            }
        });
        filled.map(|(class, spec)| Filled { spec, class, secrets })
    }
}

/// The account of the first ARN in a text.
fn account(text: &str) -> Option<String> {
    let is_account = |part: &&str| part.len() == 12 && part.bytes().all(|c| c.is_ascii_digit());
    text.split(':').find(is_account).map(str::to_owned)
}

fn source(document: &Value) -> Option<Source> {
    let group = document["apiVersion"].as_str()?.rsplit_once('/').map_or("", |(group, _)| group);
    let is = |kind: &Kind| {
        let [its_group, _, its_kind, _] = kind.resource();
        its_group == group && document["kind"] == its_kind
    };
    let kind = Kind::ALL.into_iter().find(is)?;
    Some(Source { kind, name: document["metadata"]["name"].as_str()?.to_owned() })
}
