//! Reading manifests as a cluster would: every StepFunctionsApi of a file, other kinds left out, checked by the schema.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use kube::ResourceExt;
use regex_lite::Regex;
use serde_json::Value;

use super::referents::{Filled, Referents};
use crate::api::{Class, OBJECT_NAME_MAX, StepFunctionsApi, StepFunctionsApiClassSpec, schema};
use crate::model::{Desired, Owner};
use crate::references::{References, Secrets};
use crate::render::{Problem, Rendered, render};

#[derive(Debug, Args)]
pub(super) struct ManifestArguments {
    /// Files with one or more manifests; - for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Namespace of objects that name none
    #[arg(long, short, value_name = "NAMESPACE", default_value = "default")]
    namespace: String,

    /// Name of the StepFunctionsApiClass of objects that name none, as the controller was started with
    #[arg(long, env = "STEPGATE_DEFAULT_CLASS", value_name = "NAME")]
    default_class: Option<String>,
}

/// An object of a file, with the values that it takes from other objects of the files.
pub(super) struct Manifest {
    pub(super) owner: Owner,
    pub(super) object: StepFunctionsApi,
    /// Where those values came from.
    references: References,
    class: Option<Class>,
    /// Those of them that are not to be shown.
    pub(super) secrets: Secrets,
}

impl ManifestArguments {
    /// The files' objects, with their owners in that installation.
    pub(super) fn read(&self, installation: &str, offline: bool) -> Result<Vec<Manifest>, String> {
        let mut objects = Vec::new();
        let mut referents = Referents::default();
        for file in &self.files {
            let name = file.display();
            let text = read(file).map_err(|error| format!("failed to read {name}: {error}"))?;
            let documents = documents(&text).map_err(|error| format!("{name}: {error}"))?;
            for (line, key) in boolean_keys(&text, &documents) {
                eprintln!("warning: {name}:{line}: kubectl reads the key {key} as true or false; put it in quotes");
            }
            for document in documents {
                let namespace = document["metadata"]["namespace"].as_str().unwrap_or(&self.namespace);
                referents.note(&document, namespace);
                objects.extend(parse(document).map_err(|error| format!("{name}: {error}"))?);
            }
        }
        if objects.is_empty() {
            let names: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
            return Err(format!("{}: has no object of kind StepFunctionsApi", names.join(", ")));
        }
        let filled = objects.into_iter().map(|mut object| {
            let owner = Owner {
                installation: installation.to_owned(),
                namespace: object.namespace().unwrap_or_else(|| self.namespace.clone()),
                name: object.name_any(),
            };
            let references = References::of(&object.spec, self.default_class.as_deref());
            let Filled { spec, class, secrets } = referents.fill(&owner, &object.spec, &references, offline)?;
            object.spec = spec;
            Ok(Manifest { owner, object, references, class, secrets })
        });
        filled.collect()
    }
}

/// The spec of the only class in a file.
pub(super) fn read_class(file: &Path) -> Result<StepFunctionsApiClassSpec, String> {
    let name = file.display();
    let text = read(file).map_err(|error| format!("failed to read {name}: {error}"))?;
    let documents = documents(&text).map_err(|error| format!("{name}: {error}"))?;
    let classes: Vec<&Value> = documents.iter().filter(|document| document["kind"] == CLASS).collect();
    let [class] = classes.as_slice() else {
        return Err(format!("{name}: has {} objects of kind {CLASS}, and one is needed", classes.len()));
    };
    check_class(class).map_err(|error| format!("{name}: {error}"))?;
    serde_json::from_value(class["spec"].clone()).map_err(|error| format!("{name}: {error}"))
}

const CLASS: &str = "StepFunctionsApiClass";
const API_VERSION: &str = "stepgate.dev/v1alpha1";

/// What an API server would say of a class.
fn check_class(document: &Value) -> Result<(), String> {
    if document["apiVersion"] != API_VERSION {
        return Err(format!("{CLASS}: apiVersion: {} is not {API_VERSION}", document["apiVersion"]));
    }
    let problems = schema::class_problems(&document["spec"]);
    let name = document["metadata"]["name"].as_str().unwrap_or_default();
    if problems.is_empty() { Ok(()) } else { Err(refusal(name, &problems)) }
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// The documents of a file, items of lists one by one.
fn documents(text: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
    let items = |mut document: Value| match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => vec![document],
    };
    Ok(documents.into_iter().flat_map(items).collect())
}

/// Keys without quotes that are texts here and in YAML 1.2, and booleans in YAML 1.1, which kubectl reads; with their lines.
fn boolean_keys(text: &str, documents: &[Value]) -> Vec<(usize, String)> {
    fn has(value: &Value, key: &str) -> bool {
        match value {
            Value::Object(members) => members.contains_key(key) || members.values().any(|value| has(value, key)),
            Value::Array(items) => items.iter().any(|item| has(item, key)),
            _ => false,
        }
    }
    const KEY: &str = r"(?:^|[{,]|-\s)\s*(y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)\s*:(?:\s|$)";
    let Ok(key) = Regex::new(KEY) else { return Vec::new() };
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim_start().starts_with('#'));
    let keys = lines.flat_map(|(line, number)| key.captures_iter(line).map(move |found| (number, found[1].to_owned())));
    keys.filter(|(_, key)| documents.iter().any(|document| has(document, key))).collect()
}

/// The object, if it is of our kind.
fn parse(document: Value) -> Result<Option<StepFunctionsApi>, String> {
    if document["kind"] == CLASS {
        check_class(&document)?;
    }
    if document["kind"] != "StepFunctionsApi" {
        return Ok(None);
    }
    let name = document["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err("metadata.name: missing".to_owned());
    }
    if name.chars().count() > OBJECT_NAME_MAX {
        return Err(format!("{name}: metadata.name: has more than {OBJECT_NAME_MAX} characters"));
    }
    if document["apiVersion"] != API_VERSION {
        return Err(format!("{name}: apiVersion: {} is not {API_VERSION}", document["apiVersion"]));
    }
    let problems = schema::spec_problems(&document["spec"]);
    if !problems.is_empty() {
        return Err(refusal(&name, &problems));
    }
    serde_json::from_value(document).map(Some).map_err(|error| format!("{name}: {error}"))
}

/// What a spec describes. Warnings go to standard error; the error lists what is wrong.
pub(super) fn rendered(manifest: &Manifest) -> Result<Desired, String> {
    let Manifest { owner, object, references, class, secrets } = manifest;
    let as_written = |problems: Vec<Problem>| references.explain(&object.spec, &problems).unwrap_or(problems);
    let Rendered { desired, warnings, .. } = render(owner, &object.spec, class.as_ref())
        .map_err(|problems| secrets.hide(&refusal(&owner.name, &as_written(problems))))?;
    let warnings = as_written(warnings);
    for warning in &warnings {
        eprintln!("warning: {}: {}", owner.name, secrets.hide(&warning.to_string()));
    }
    Ok(desired)
}

/// What is wrong with a manifest, a line each.
pub(super) fn refusal<T: std::fmt::Display>(name: &str, problems: &[T]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    format!("{name} is not valid:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata: {name: a}\n";

    #[test]
    fn keys_that_kubectl_takes_for_booleans_are_found_where_they_have_no_quotes() {
        let text = "a: {y: 1, \"n\": 2, x: 3}\n# off: 4\nb:\n- on: 5\n  No : 6\ncd: y\ntext: |\n  off: 7\n";
        let found = boolean_keys(text, &documents(text).unwrap());
        assert_eq!(found, [(1, "y".to_owned()), (4, "on".to_owned()), (5, "No".to_owned())]);
    }

    #[test]
    fn a_misspelt_field_is_refused_with_its_path() {
        let text = format!(
            "{HEAD}spec: {{region: us-east-1, stages: [{{name: a}}], methods: [{{path: /, method: GET, acton: x}}]}}"
        );
        assert_eq!(
            parse(documents(&text).unwrap().remove(0)).unwrap_err(),
            "a is not valid:\n  spec.methods[0].action: missing\n  spec.methods[0].acton: unknown field"
        );
    }
}
