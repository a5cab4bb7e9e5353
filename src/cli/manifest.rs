//! Reading manifests as a cluster would: every StepFunctionsApi of a file, other kinds left out, unknown fields refused.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use kube::ResourceExt;
use serde_json::Value;

use crate::api::{StepFunctionsApi, crd};
use crate::model::Owner;

#[derive(Debug, Args)]
pub(super) struct ManifestArguments {
    /// File with one or more manifests; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Namespace of objects that name none
    #[arg(long, short, value_name = "NAMESPACE", default_value = "default")]
    namespace: String,
}

impl ManifestArguments {
    /// The file's objects, with their owners in that installation.
    pub(super) fn read(&self, installation: &str) -> Result<Vec<(Owner, StepFunctionsApi)>, String> {
        let name = self.file.display();
        let text = read(&self.file).map_err(|error| format!("failed to read {name}: {error}"))?;
        let objects = parse(&text).map_err(|error| format!("{name}: {error}"))?;
        if objects.is_empty() {
            return Err(format!("{name}: has no object of kind StepFunctionsApi"));
        }
        let owner = |object: &StepFunctionsApi| Owner {
            installation: installation.to_owned(),
            namespace: object.namespace().unwrap_or_else(|| self.namespace.clone()),
            name: object.name_any(),
        };
        Ok(objects.into_iter().map(|object| (owner(&object), object)).collect())
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
    let schema = serde_json::to_value(crd()).map_err(|error| error.to_string())?;
    let root = &schema["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
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
        let mut unknown = Vec::new();
        unknown_fields("spec", &document["spec"], &root["properties"]["spec"], &mut unknown);
        if !unknown.is_empty() {
            return Err(format!("{name}: unknown field {}", unknown.join(", ")));
        }
        objects.push(serde_json::from_value(document).map_err(|error| format!("{name}: {error}"))?);
    }
    Ok(objects)
}

/// Paths of fields that the schema does not have; an API server would drop or refuse them.
fn unknown_fields(path: &str, value: &Value, schema: &Value, unknown: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let here = format!("{path}.{name}");
                match (schema["properties"].get(name), schema.get("additionalProperties")) {
                    (Some(field), _) | (None, Some(field)) => unknown_fields(&here, value, field, unknown),
                    (None, None) => unknown.push(here),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                unknown_fields(&format!("{path}[{index}]"), item, &schema["items"], unknown);
            }
        }
        _ => {}
    }
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
        assert_eq!(parse(&text).unwrap_err(), "a: unknown field spec.methods[0].acton");
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
