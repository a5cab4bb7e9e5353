//! Reading manifests as a cluster would: every StepFunctionsApi of a file, other kinds left out, checked by the schema.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use kube::ResourceExt;
use serde_json::Value;

use super::schema;
use crate::api::{StepFunctionsApi, StepFunctionsApiSpec, crd};
use crate::model::{Desired, Owner};
use crate::render::{Rendered, render};

#[derive(Debug, Args)]
pub(super) struct ManifestArguments {
    /// Files with one or more manifests; - for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Namespace of objects that name none
    #[arg(long, short, value_name = "NAMESPACE", default_value = "default")]
    namespace: String,
}

impl ManifestArguments {
    /// The files' objects, with their owners in that installation.
    pub(super) fn read(&self, installation: &str) -> Result<Vec<(Owner, StepFunctionsApi)>, String> {
        let owner = |object: &StepFunctionsApi| Owner {
            installation: installation.to_owned(),
            namespace: object.namespace().unwrap_or_else(|| self.namespace.clone()),
            name: object.name_any(),
        };
        let mut objects = Vec::new();
        for file in &self.files {
            let name = file.display();
            let text = read(file).map_err(|error| format!("failed to read {name}: {error}"))?;
            let found = parse(&text).map_err(|error| format!("{name}: {error}"))?;
            if found.is_empty() {
                return Err(format!("{name}: has no object of kind StepFunctionsApi"));
            }
            objects.extend(found.into_iter().map(|object| (owner(&object), object)));
        }
        Ok(objects)
    }
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

fn parse(text: &str) -> Result<Vec<StepFunctionsApi>, String> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
    let definition = serde_json::to_value(crd()).map_err(|error| error.to_string())?;
    let root = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let mut objects = Vec::new();
    for document in documents {
        if document["kind"] != "StepFunctionsApi" {
            continue;
        }
        let name = document["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err("metadata.name: missing".to_owned());
        }
        if document["apiVersion"] != "stepgate.dev/v1alpha1" {
            return Err(format!("{name}: apiVersion: {} is not stepgate.dev/v1alpha1", document["apiVersion"]));
        }
        let problems = schema::problems("spec", &document["spec"], &root["properties"]["spec"]);
        if !problems.is_empty() {
            return Err(refusal(&name, &problems));
        }
        objects.push(serde_json::from_value(document).map_err(|error| format!("{name}: {error}"))?);
    }
    Ok(objects)
}

/// What a spec describes. Warnings go to standard error; the error lists what is wrong.
pub(super) fn rendered(owner: &Owner, spec: &StepFunctionsApiSpec) -> Result<Desired, String> {
    let Rendered { desired, warnings } = render(owner, spec).map_err(|problems| refusal(&owner.name, &problems))?;
    for warning in &warnings {
        eprintln!("warning: {}: {warning}", owner.name);
    }
    Ok(desired)
}

/// What is wrong with a manifest, a line each.
fn refusal<T: std::fmt::Display>(name: &str, problems: &[T]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    format!("{name} is not valid:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata: {name: a}\n";

    #[test]
    fn a_misspelt_field_is_refused_with_its_path() {
        let text = format!(
            "{HEAD}spec: {{region: us-east-1, stages: [{{name: a}}], methods: [{{path: /, method: GET, acton: x}}]}}"
        );
        assert_eq!(
            parse(&text).unwrap_err(),
            "a is not valid:\n  spec.methods[0].action: missing\n  spec.methods[0].acton: unknown field"
        );
    }

    #[test]
    fn other_kinds_are_left_out() {
        let text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: n}}\n---\n{HEAD}spec: {{region: us-east-1, stages: \
             [{{name: a}}], methods: [{{path: /, method: GET, action: StartExecution}}]}}\n"
        );
        assert_eq!(parse(&text).unwrap().len(), 1);
    }
}
