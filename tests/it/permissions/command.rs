//! `stepgate iam-policy`.

use std::process::Command;

use serde_json::Value;
use stepgate::aws::policy::Sid;

/// Output, or what it says of its failure.
fn iam_policy(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_stepgate")).arg("iam-policy").args(arguments).output();
    let output = output.expect("the binary starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&iam_policy(arguments).expect("a policy")).expect("JSON")
}

#[test]
fn without_options_it_is_the_document() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/iam-policy.json");
    let document = std::fs::read_to_string(path).expect("the document");
    assert_eq!(iam_policy(&[]), Ok(document), "run `make generate`");
}

#[test]
fn bounds_are_in_every_arn_of_the_policy() {
    let found = json(&["--partition", "aws-cn", "--region", "cn-north-1", "--account", "123456789012"]);
    for resource in found["Statement"].as_array().expect("statements").iter().flat_map(|one| one["Resource"].as_array())
    {
        for arn in resource.iter().filter_map(Value::as_str).filter(|arn| *arn != "*") {
            let parts: Vec<&str> = arn.splitn(6, ':').collect();
            let wanted = match parts[2] {
                "apigateway" => ("cn-north-1", ""),
                "iam" => ("", "123456789012"),
                _ => ("cn-north-1", "123456789012"),
            };
            assert_eq!((parts[1], (parts[3], parts[4])), ("aws-cn", wanted), "{arn}");
        }
    }
}

#[test]
fn given_roles_alone_leave_nothing_that_makes_roles() {
    let role = "arn:aws:iam::123456789012:role/given";
    let found = json(&["--without", "created-roles", "--pass-role", role]);
    let text = found.to_string();
    assert!(!text.contains("iam:CreateRole") && !text.contains("iam:AttachRolePolicy"), "{text}");
    let statements = found["Statement"].as_array().expect("statements");
    let pass = statements.iter().find(|statement| statement["Sid"] == "PassRoles").expect("the statement");
    assert_eq!(pass["Resource"], serde_json::json!([role]));
}

#[test]
fn wrong_options_are_refused_with_a_sentence() {
    let long: Vec<String> = (0..60).map(|n| format!("arn:aws:iam::123456789012:role/{n}{}", "x".repeat(60))).collect();
    let many: Vec<&str> = long.iter().flat_map(|arn| ["--pass-role", arn]).collect();
    for (arguments, words) in [
        (&["--account", "12"][..], "has to be twelve digits"),
        (&["--region", "eu west"], "has to be of letters"),
        (&["--role", "apis/"], "has to be a path and a name"),
        (&["--pass-role", "given"], "has to be an ARN such as"),
        (&["--managed-policy", "arn:aws:iam::aws:role/x"], "has to be an ARN such as"),
        (&["--without", "roles"], "possible values"),
        (&["--without", "created-roles"], "give --pass-role"),
        (&many, "IAM takes 6144"),
    ] {
        let error = iam_policy(arguments).expect_err("a refusal");
        assert!(error.contains(words), "{words} in {error}");
    }
}

#[test]
fn partition_is_that_of_the_region_unless_it_is_given() {
    for (arguments, partition) in [
        (&["--region", "cn-north-1"][..], "arn:aws-cn:"),
        (&["--region", "us-gov-*"], "arn:aws-us-gov:"),
        (&["--region", "eu-west-1"], "arn:aws:"),
        (&["--region", "eu-west-1", "--partition", "aws-cn"], "arn:aws-cn:"),
    ] {
        let policy = iam_policy(arguments).expect("a policy");
        assert_eq!(policy.matches("arn:").count(), policy.matches(partition).count(), "{arguments:?}");
    }
}

#[test]
fn every_statement_is_explained() {
    let text = iam_policy(&["--explain"]).expect("an explanation");
    for sid in Sid::ALL {
        let at = text.find(&format!("{sid}\n    To ")).unwrap_or_else(|| panic!("{sid} in {text}"));
        let paragraph = text[at..].split("\n\n").next().unwrap_or_default();
        assert!(paragraph.lines().count() >= 3, "no operation: {paragraph}");
    }
}
