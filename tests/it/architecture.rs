//! The shape of the source: which module may know which, and what a pure one may not do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Every top-level module, those it may name, and why. Nothing points back.
const ALLOWED: &[(&str, &[&str], &str)] = &[
    ("model", &[], "AWS resources as plain data: everything else stands on them"),
    ("spelling", &[], "words about names"),
    ("actions", &[], "the catalogue is a table of facts"),
    ("api", &["actions"], "the schema lists the catalogue's names"),
    ("references", &["api"], "a spec and values become a spec"),
    ("vtl", &["spelling"], "a language of its own: it knows API Gateway's variables and nothing of ours"),
    ("render", &["api", "actions", "model", "spelling", "vtl"], "a spec becomes a model; users' templates are read"),
    ("plan", &["model"], "two models become steps"),
    ("aws", &["model"], "the port speaks the model; no spec, no plan"),
    ("import", &["actions", "api", "model", "render"], "a model becomes a spec, which render tries"),
    ("observe", &["model", "aws"], "the port's answers become a model"),
    ("apply", &["model", "plan", "aws"], "steps become calls of the port"),
    (
        "status",
        &["actions", "api", "model", "plan", "apply", "aws", "references", "render"],
        "of aws its errors, of references and render their problems",
    ),
    ("metrics", &["api", "aws"], "labels: reasons and error classes"),
    ("http", &["metrics"], "serves them"),
    ("telemetry", &[], "logs before anything else is there"),
    ("controller", &["*"], "wires everything to Kubernetes"),
    ("cli", &["*"], "wires everything to the command line"),
];

/// What status may name of modules that it knows only the edge of.
const EDGES: [(&str, &str, &[&str]); 3] = [
    ("status", "aws", &["Class", "Error"]),
    ("status", "references", &["Secrets", "Unfilled"]),
    ("status", "render", &["Problem"]),
];

/// Modules that take values and give values: no waiting, no clock, no runtime, no client.
const PURE: &[&str] =
    &["model", "spelling", "actions", "api", "references", "render", "import", "plan", "status", "vtl"];
const IMPURE: [&str; 8] =
    ["async ", ".await", "SystemTime", "Instant", "Timestamp::now", "tokio", "std::env", "std::fs"];

/// Crates that only some modules may name.
const CRATES: &[(&str, &[&str])] = &[
    ("aws_sdk_", &["aws"]),
    ("aws_config", &["aws"]),
    ("aws_smithy_", &["aws"]),
    ("kube::", &["api", "controller", "cli"]),
    ("axum", &["http"]),
];

const LINES_MAX: usize = 400;

struct Source {
    /// Path below its root.
    path: String,
    /// Top-level module; main and lib are their own.
    module: String,
    text: String,
}

impl Source {
    /// Lines of code: no comments, and nothing of the tests at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
        lines.enumerate().map(|(n, line)| (n + 1, line.trim())).filter(|(_, line)| !line.starts_with("//"))
    }

    /// Names after `crate::`, braces taken apart: (line, module, rest).
    fn names(&self) -> Vec<(usize, String, String)> {
        let code: Vec<(usize, &str)> = self.code().collect();
        let mut names = Vec::new();
        for (index, (line, text)) in code.iter().enumerate() {
            for (at, _) in text.match_indices("crate::") {
                if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
                    continue;
                }
                let mut rest = text[at + "crate::".len()..].to_owned();
                for (_, more) in &code[index + 1..] {
                    if rest.contains('{') && !rest.contains('}') { rest.push_str(more) } else { break }
                }
                if let Some(inner) = rest.strip_prefix('{') {
                    let inner = inner.split('}').next().unwrap_or_default();
                    names.extend(inner.split(',').map(|part| split(*line, part.trim())));
                } else {
                    names.push(split(*line, &rest));
                }
            }
        }
        names.retain(|(_, module, _)| !module.is_empty());
        names
    }
}

fn split(line: usize, path: &str) -> (usize, String, String) {
    let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(path.len());
    (line, path[..end].to_owned(), path[end..].trim_start_matches("::").to_owned())
}

/// The files of src.
fn sources() -> Vec<Source> {
    files_of("src")
}

fn files_of(root: &str) -> Vec<Source> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<Source>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let below = path.strip_prefix(root).expect("below the root").display().to_string();
                let module = below.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
                found.push(Source { path: below, module, text: std::fs::read_to_string(&path).expect("text") });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found
}

#[test]
fn modules_name_only_those_that_they_may_know() {
    let allowed: BTreeMap<&str, (&[&str], &str)> =
        ALLOWED.iter().map(|(name, may, why)| (*name, (*may, *why))).collect();
    let mut wrong = Vec::new();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for source in sources().iter().filter(|source| !["lib", "main"].contains(&source.module.as_str())) {
        let Some((may, why)) = allowed.get(source.module.as_str()) else {
            wrong.push(format!("src/{}: give module {} a row in ALLOWED", source.path, source.module));
            continue;
        };
        for (line, name, rest) in source.names() {
            used.insert((source.module.clone(), name.clone()));
            if name != source.module && !may.contains(&"*") && !may.contains(&name.as_str()) {
                wrong.push(format!(
                    "src/{}:{line} names crate::{name}; {} may name {may:?}: {why}",
                    source.path, source.module
                ));
            }
            let edge =
                EDGES.iter().find(|(module, other, _)| (*module, *other) == (source.module.as_str(), name.as_str()));
            if let Some((.., may)) = edge {
                let parts = rest.trim_matches(|c| "{}; ".contains(c)).split(',').map(|part| split(line, part.trim()).1);
                wrong.extend(
                    parts.filter(|part| !part.is_empty() && !may.contains(&part.as_str())).map(|part| {
                        format!("src/{}:{line} names crate::{name}::{part}; only {may:?} of it", source.path)
                    }),
                );
            }
        }
    }
    for (module, may, _) in ALLOWED {
        let idle =
            may.iter().filter(|name| **name != "*" && !used.contains(&((*module).to_owned(), (**name).to_owned())));
        wrong.extend(idle.map(|name| format!("{module} does not name {name} any more: take it out of ALLOWED")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn modules_are_left_by_crate_paths_only() {
    let mut wrong = Vec::new();
    for source in &sources() {
        let depth = source.path.matches('/').count() - usize::from(source.path.ends_with("/mod.rs"));
        let up = "super::".repeat(depth + 1);
        let leaving = source.code().filter(|(_, text)| text.contains(&up));
        wrong.extend(leaving.map(|(line, text)| format!("src/{}:{line} leaves its module: {text}", source.path)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_of_the_outside_are_named_where_they_belong() {
    let mut wrong = Vec::new();
    for source in &sources() {
        for (line, text) in source.code() {
            for (name, may) in CRATES {
                let named = text
                    .match_indices(name)
                    .any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c)));
                if named && !may.contains(&source.module.as_str()) {
                    wrong.push(format!("src/{}:{line} names {name}, only {may:?} may: {text}", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_modules_do_not_wait_and_do_not_look_at_clocks() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.module.as_str())) {
        let impure = source.code().filter(|(_, text)| IMPURE.iter().any(|word| text.contains(word)));
        wrong.extend(impure.map(|(line, text)| format!("src/{}:{line}: {text}", source.path)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_short() {
    let mut long = Vec::new();
    for root in ["src", "tests"] {
        for source in files_of(root) {
            let lines = source.text.lines().count();
            if lines > LINES_MAX {
                long.push(format!("{root}/{} has {lines} lines, of {LINES_MAX} at most", source.path));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn render_plan_observe_and_apply_have_one_file_per_resource_with_the_same_names() {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        if let Some((module, file)) = source.path.split_once('/') {
            files.entry(module.to_owned()).or_default().insert(file.to_owned());
        }
    }
    for module in ["model", "plan", "observe", "apply"] {
        for resource in ["role.rs", "policy.rs", "rest_api.rs", "deployment.rs", "stage.rs"] {
            assert!(files[module].contains(resource), "src/{module}/{resource} is missing");
        }
    }
}
