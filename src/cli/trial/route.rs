//! The method that a call reaches.

use std::collections::BTreeMap;

use super::sample::Sample;
use crate::model::{Method, MethodKey, Segment};
use crate::spelling::{hint, instead, listed};

const VERBS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// Verb and path of a call, and where they lead.
pub(super) struct Route<'a> {
    pub verb: String,
    /// Without query.
    pub path: String,
    /// The method, or why there is none, with the field of the sample.
    pub reached: Result<Reached<'a>, String>,
}

/// A method that a call reaches.
pub(super) struct Reached<'a> {
    pub key: &'a MethodKey,
    pub method: &'a Method,
    /// Variables of its path.
    pub variables: BTreeMap<String, String>,
}

/// Finds the method as API Gateway does, or takes the one that is named.
///
/// # Errors
/// With the field of the sample, or the option, that says nothing.
pub(super) fn find<'a>(
    methods: &'a BTreeMap<MethodKey, Method>,
    sample: &Sample,
    option: Option<&str>,
) -> Result<Route<'a>, String> {
    let names: Vec<String> = methods.keys().map(ToString::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    check(sample)?;
    if let Some(name) = option {
        return named(methods, sample, name, &names);
    }
    let only = (methods.len() == 1).then(|| methods.keys().next()).flatten();
    let path = sample.path.as_deref().or_else(|| only.map(|key| key.path.as_str()));
    let path = path.ok_or_else(|| format!("path: missing; give it, or --method with one of {}", names.join(", ")))?;
    let verb = sample.method.clone().or_else(|| only.map(verb_of)).unwrap_or_else(|| "POST".to_owned());
    // The resource is found first, by the path, and then its method.
    let mut resources: Vec<(&str, BTreeMap<String, String>)> =
        methods.keys().filter_map(|key| Some((key.path.as_str(), variables(&key.path, path)?))).collect();
    resources.sort_by_key(|(resource, _)| specificity(resource));
    let reached = match resources.into_iter().next() {
        None => {
            let paths = methods.keys().map(|key| key.path.as_str());
            Err(format!("path: no method is at {path:?}{}", listed(hint(path, paths), &names)))
        }
        Some((resource, variables)) => {
            let of =
                |verb: &str| methods.get_key_value(&MethodKey { path: resource.to_owned(), verb: verb.to_owned() });
            let found = of(&verb).or_else(|| of("ANY"));
            found
                .map(|(key, method)| Reached { key, method, variables })
                .ok_or_else(|| format!("method: {resource} has no method {verb:?}; there are {}", names.join(", ")))
        }
    };
    Ok(Route { verb, path: without_query(path).to_owned(), reached })
}

/// The method of the option, if the sample's verb and path are its own.
fn named<'a>(
    methods: &'a BTreeMap<MethodKey, Method>,
    sample: &Sample,
    name: &str,
    names: &[&str],
) -> Result<Route<'a>, String> {
    let (key, method) = methods
        .iter()
        .find(|(key, _)| key.to_string() == name)
        .ok_or_else(|| format!("--method: there is no method {name:?}{}", instead(name, names.iter().copied())))?;
    let path = sample.path.as_ref().unwrap_or(&key.path);
    let variables = variables(&key.path, path)
        .ok_or_else(|| format!("path: {path:?} is not of the form {}, the path of --method", key.path))?;
    let verb = sample.method.clone().unwrap_or_else(|| verb_of(key));
    if key.verb != "ANY" && verb != key.verb {
        return Err(format!("method: {verb:?} is not the verb of --method {name:?}"));
    }
    let path = without_query(path).to_owned();
    Ok(Route { verb, path, reached: Ok(Reached { key, method, variables }) })
}

fn check(sample: &Sample) -> Result<(), String> {
    if let Some(verb) = sample.method.as_deref().filter(|verb| !VERBS.contains(verb)) {
        return Err(format!("method: {verb:?} is no verb{}", instead(verb, VERBS)));
    }
    match &sample.path {
        Some(path) if !path.starts_with('/') => {
            Err(format!("path: {path:?} has to start with /: it is what follows the stage in the URL"))
        }
        _ => Ok(()),
    }
}

/// A verb that a method takes.
fn verb_of(key: &MethodKey) -> String {
    if key.verb == "ANY" { "POST".to_owned() } else { key.verb.clone() }
}

fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// Literal segments go before variables, and those before the one that takes all that follows.
fn specificity(resource: &str) -> Vec<u8> {
    let rank = |segment| match Segment::parse(segment) {
        Segment::Literal(_) => 0,
        Segment::Variable(_) => 1,
        Segment::Greedy(_) => 2,
    };
    resource.split('/').map(rank).collect()
}

/// The variables of a path when it is of a resource's form.
fn variables(resource: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let path = without_query(path);
    let segments = |path| str::split(path, '/').filter(|segment| !segment.is_empty());
    let mut given = segments(path);
    let mut found = BTreeMap::new();
    for wanted in segments(resource).map(Segment::parse) {
        let segment = given.next()?;
        match wanted {
            Segment::Literal(text) if text != segment => return None,
            Segment::Literal(_) => {}
            Segment::Variable(name) => drop(found.insert(name.to_owned(), segment.to_owned())),
            Segment::Greedy(name) => {
                let all: Vec<&str> = std::iter::once(segment).chain(given.by_ref()).collect();
                found.insert(name.to_owned(), all.join("/"));
            }
        }
    }
    given.next().is_none().then_some(found)
}
