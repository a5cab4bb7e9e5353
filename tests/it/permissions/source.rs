//! The table of permissions against the source: what is called has a row, what has a row is called.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use stepgate::aws::permissions::OPERATIONS;
use stepgate::aws::policy::{Bounds, Feature, policy};

const SERVICES: [&str; 3] = ["apigateway", "iam", "states"];

/// All text of the folder where the SDK is called, without white space.
fn calls() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/aws/sdk");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let text: String = files.map(|path| std::fs::read_to_string(path).expect("text")).collect();
    text.split_whitespace().collect()
}

/// What follows each of the places where a text stands, up to a character that is in no name.
fn names_after<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.match_indices(prefix).map(move |(at, _)| {
        let rest = &text[at + prefix.len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        rest.split_at(end)
    })
}

fn camel(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    name.split('_').map(word).collect()
}

#[test]
fn every_operation_that_is_called_has_a_row_and_every_row_is_called() {
    let text = calls();
    let mut named = BTreeSet::new();
    let mut called = BTreeSet::new();
    for service in SERVICES {
        for (name, rest) in names_after(&text, &format!("\"{service}:")) {
            // Without a name it is the prefix that is taken off.
            if rest.starts_with('"') && !name.is_empty() {
                named.insert(format!("{service}:{name}"));
            }
        }
        for (name, rest) in names_after(&text, &format!("self.{service}.")) {
            assert!(rest.starts_with("()"), "self.{service}.{name} is no call");
            called.insert(format!("{service}:{}", camel(name)));
        }
    }
    let rows: BTreeSet<String> = OPERATIONS.iter().map(|(operation, _)| (*operation).to_owned()).collect();
    assert_eq!(rows.len(), OPERATIONS.len(), "an operation has two rows");
    assert!(rows.len() > 50, "{rows:?}");
    assert_eq!(called, rows, "calls of the SDK, rows of the table");
    assert_eq!(named, rows, "operations as errors name them, rows of the table");
}

#[test]
fn policy_fits_into_a_managed_one_with_room_for_narrow_patterns() {
    let text = policy(&Bounds::default()).to_string();
    assert!(text.len() < 6144 * 3 / 4, "{} characters without white space", text.len());
}

#[test]
fn features_that_are_left_out_leave_no_statement() {
    let count = |bounds: &Bounds| policy(bounds)["Statement"].as_array().expect("statements").len();
    let all = count(&Bounds::default());
    for (name, feature) in Feature::ALL {
        let bounds = Bounds { without: BTreeSet::from([feature]), ..Bounds::default() };
        assert!(count(&bounds) < all, "{name}");
    }
    let least = Bounds { without: Feature::ALL.map(|(_, feature)| feature).into(), ..Bounds::default() };
    let text = policy(&least).to_string();
    for absent in ["iam:CreateRole", "iam:PassRole", "usageplans", "domainnames", "cloudfront", "UpdateRestApiPolicy"] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
}

#[test]
fn required_boundary_is_a_condition_on_all_that_gives_a_role_permissions() {
    let boundary = "arn:aws:iam::123456789012:policy/limit";
    let bounds = Bounds { boundary: Some(boundary.to_owned()), ..Bounds::default() };
    let found = policy(&bounds);
    for statement in found["Statement"].as_array().expect("statements") {
        let actions: Vec<&str> =
            statement["Action"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert!(!actions.contains(&"iam:DeleteRolePermissionsBoundary"), "the way out");
        let grants = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"];
        if grants.iter().any(|grant| actions.contains(grant)) {
            assert_eq!(statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"], boundary, "{statement}");
        }
    }
}
