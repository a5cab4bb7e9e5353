//! The catalogue of actions against the two service models that are at hand: the AWS SDK's source, for names, types,
//! words and errors, and botocore's, which LocalStack brings, for lengths and ranges. Each way: nothing is missing, and
//! nothing is there that Step Functions does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use stepgate::actions::{ACTIONS, Action, Argument, Kind};

use crate::world::env;

/// Actions that make no sense behind an API: they change what others run.
const LEFT_OUT: [&str; 15] = [
    "CreateActivity",
    "CreateStateMachine",
    "CreateStateMachineAlias",
    "DeleteActivity",
    "DeleteStateMachine",
    "DeleteStateMachineAlias",
    "DeleteStateMachineVersion",
    "DescribeStateMachineAlias",
    "ListTagsForResource",
    "PublishStateMachineVersion",
    "TagResource",
    "UntagResource",
    "UpdateMapRun",
    "UpdateStateMachine",
    "UpdateStateMachineAlias",
];

/// What the SDK has and the pinned botocore has not yet; its limits are from botocore 1.44.5.
const NEWER: [&str; 9] = [
    "TestState.context",
    "TestState.mock",
    "TestState.mock.errorOutput",
    "TestState.mock.errorOutput.cause",
    "TestState.mock.errorOutput.error",
    "TestState.mock.fieldValidationMode",
    "TestState.mock.result",
    "TestState.stateConfiguration",
    "TestState.stateName",
];

/// The source of the Step Functions SDK that the program is built with.
fn sdk() -> PathBuf {
    let told = Command::new(env!("CARGO")).arg("-vV").output().expect("cargo's version").stdout;
    let told = String::from_utf8_lossy(&told).into_owned();
    let host = told.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    // Only what is built here is sure to be here.
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let sdk = packages.iter().find(|package| package["name"] == "aws-sdk-sfn").expect("the SDK");
    Path::new(sdk["manifest_path"].as_str().expect("a path")).with_file_name("src")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `StartExecution` -> `start_execution`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// Texts between two others.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

/// Members of a structure: name on the wire, kind (an enum with its words), required.
fn members_in_sdk(sdk: &Path, structure: &str, source: &Path, serializer: &Path) -> BTreeMap<String, String> {
    let (source, serializer) = (read(source), read(serializer));
    let mut members = BTreeMap::new();
    for block in serializer.split("if let Some(").skip(1) {
        let field = between(block, "&input.", " ").first().expect("a field").trim_end_matches(['{', ')']).to_owned();
        let name = between(block, "key(\"", "\")").first().expect("a key").to_owned();
        let of_type = between(&source, &format!("pub {field}: ::std::option::Option<"), ">,");
        let of_type = *of_type.first().unwrap_or_else(|| panic!("{structure}.{field} has no type"));
        let kind = match of_type {
            "::std::string::String" => "text".to_owned(),
            "bool" => "boolean".to_owned(),
            "i32" => "integer".to_owned(),
            other => {
                let name =
                    other.strip_prefix("crate::types::").unwrap_or_else(|| panic!("{structure}.{field}: {other}"));
                let text = read(&sdk.join(format!("types/_{}.rs", snake(name))));
                if text.contains(&format!("pub enum {name}")) {
                    let list = between(&text, "pub const fn values() -> &'static [&'static str] {", "}");
                    let words = between(list.first().expect("the words of an enum"), "&[", "]");
                    words.first().expect("a list").replace('"', "")
                } else {
                    let source = sdk.join(format!("types/_{}.rs", snake(name)));
                    let serializer = sdk.join(format!("protocol_serde/shape_{}.rs", snake(name)));
                    let inner = members_in_sdk(sdk, name, &source, &serializer);
                    format!("{inner:?}")
                }
            }
        };
        let setter = source.split(&format!("    pub fn {field}(mut self,")).next().unwrap_or_default();
        let documentation = setter.rsplit("\n    }\n").next().unwrap_or_default();
        let required = documentation.contains("/// This field is required.");
        members.insert(name.to_owned(), format!("{kind}{}", if required { ", required" } else { "" }));
    }
    members
}

fn members_in_catalogue(arguments: &[Argument]) -> BTreeMap<String, String> {
    let kind = |kind: Kind| match kind {
        Kind::Text(_) | Kind::Name(_) | Kind::Json(_) | Kind::Arn(..) => "text".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Integer { .. } => "integer".to_owned(),
        Kind::Enum(words) => {
            let mut words = words.to_vec();
            words.sort_unstable();
            words.join(", ")
        }
        Kind::Object(members) => format!("{:?}", members_in_catalogue(members)),
    };
    let member = |argument: &Argument| {
        let required = if argument.required { ", required" } else { "" };
        (argument.name.to_owned(), format!("{}{required}", kind(argument.kind)))
    };
    arguments.iter().map(member).collect()
}

#[test]
fn every_action_has_the_arguments_and_errors_of_the_sdk() {
    let sdk = sdk();
    for action in &ACTIONS {
        let name = snake(action.name);
        let source = sdk.join(format!("operation/{name}/_{name}_input.rs"));
        let serializer = sdk.join(format!("protocol_serde/shape_{name}_input.rs"));
        let has = members_in_sdk(&sdk, action.name, &source, &serializer);
        assert_eq!(members_in_catalogue(action.arguments), has, "{}", action.name);

        let operation = read(&sdk.join(format!("operation/{name}.rs")));
        let errors = between(&operation, &format!("pub enum {}Error {{", action.name), "\n}");
        let errors: BTreeSet<&str> =
            between(errors.first().expect("its errors"), "crate::types::error::", ")").into_iter().collect();
        let listed: BTreeSet<&str> = action.errors.iter().copied().collect();
        assert_eq!(listed, errors, "{}", action.name);
    }
}

#[test]
fn every_operation_of_the_sdk_is_in_the_catalogue_or_left_out_on_purpose() {
    let entries = std::fs::read_dir(sdk().join("operation")).expect("operations");
    let files = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir());
    let operations: BTreeSet<String> =
        files.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    let known: BTreeSet<String> = ACTIONS.iter().map(|action| action.name).chain(LEFT_OUT).map(snake).collect();
    assert_eq!(known, operations);
}

/// Limits as one line, from either side.
fn limits(min: Option<i64>, max: Option<i64>) -> String {
    format!("{} to {}", min.unwrap_or(0), max.map_or("any".to_owned(), |max| max.to_string()))
}

fn limits_in_catalogue(above: &str, arguments: &[Argument], found: &mut BTreeMap<String, String>) {
    for argument in arguments {
        let name = format!("{above}.{}", argument.name);
        let number = |n: usize| Some(i64::try_from(n).expect("a small number"));
        let text = match argument.kind {
            Kind::Text(length) | Kind::Name(length) | Kind::Json(length) | Kind::Arn(_, length) => {
                limits(number(length.min), number(length.max))
            }
            Kind::Integer { min, max } => limits(Some(min.into()), max.map(i64::from)),
            Kind::Enum(_) | Kind::Boolean => "-".to_owned(),
            Kind::Object(members) => {
                limits_in_catalogue(&name, members, found);
                "-".to_owned()
            }
        };
        found.insert(name, text);
    }
}

/// The service model of botocore.
pub fn botocore() -> Value {
    let script = "import json, botocore.loaders as l; \
                  print(json.dumps(l.Loader().load_service_model('stepfunctions', 'service-2', '2016-11-23')))";
    let printed = Command::new(env("STEPGATE_BED_PYTHON")).args(["-c", script]).output().expect("the bed's Python");
    serde_json::from_slice(&printed.stdout).expect("a service model")
}

fn limits_in_botocore(model: &Value, action: &Action) -> BTreeMap<String, String> {
    let shape = |name: &Value| &model["shapes"][name.as_str().expect("a shape's name")];
    let input = shape(&model["operations"][action.name]["input"]["shape"]);
    let members = input["members"].as_object().expect("members");
    let line = |member: &Value| {
        let shape = shape(&member["shape"]);
        let has_none = shape.get("enum").is_some() || matches!(shape["type"].as_str(), Some("boolean" | "structure"));
        if has_none { "-".to_owned() } else { limits(shape["min"].as_i64(), shape["max"].as_i64()) }
    };
    members.iter().map(|(name, member)| (format!("{}.{name}", action.name), line(member))).collect()
}

#[test]
fn every_argument_has_the_limits_of_botocore() {
    let model = botocore();
    let mut newer = BTreeSet::new();
    for action in &ACTIONS {
        let mut has = BTreeMap::new();
        limits_in_catalogue(action.name, action.arguments, &mut has);
        let model = limits_in_botocore(&model, action);
        newer.extend(has.keys().filter(|name| !model.contains_key(*name)).cloned());
        has.retain(|name, _| model.contains_key(name));
        assert_eq!(has, model);
    }
    newer.retain(|name| !name.starts_with("TestState.stateConfiguration."));
    assert_eq!(newer, BTreeSet::from(NEWER.map(str::to_owned)), "take out what the pinned botocore knows by now");
}
