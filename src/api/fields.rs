//! Schemas of single fields that the derive cannot express.

use kube::core::Rule;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::names::OBJECT_NAME_MAX;
use crate::actions;

/// Names of the catalogue's actions.
pub(super) fn action_names(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = actions::ACTIONS.iter().map(|action| action.name).collect();
    json_schema!({"type": "string", "enum": names})
}

/// List of actions that IAM cannot scope.
pub(super) fn unscoped_actions(_: &mut SchemaGenerator) -> Schema {
    let unscoped = actions::ACTIONS.iter().filter(|action| action.resource == actions::Resource::Any);
    let names: Vec<&str> = unscoped.map(|action| action.name).collect();
    json_schema!({"type": "array", "maxItems": names.len(), "items": {"type": "string", "enum": names}})
}

/// A JSON object whose members `render` checks: a schema cannot nest without end.
pub(super) fn nested_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 50, "x-kubernetes-preserve-unknown-fields": true})
}

/// Adds what the catalogue has to the description of `arguments`.
pub(super) fn list_arguments(schema: &mut Schema) {
    let argument = |argument: &actions::Argument| {
        format!("{}{}", argument.name, if argument.required { " (required)" } else { "" })
    };
    let action = |action: &actions::Action| {
        let arguments: Vec<String> = action.arguments.iter().map(argument).collect();
        format!("{}: {}.", action.name, arguments.join(", "))
    };
    let all: Vec<String> = actions::ACTIONS.iter().map(action).collect();
    let text = schema.get("description").and_then(|text| text.as_str()).unwrap_or_default();
    schema.insert("description".to_owned(), json!(format!("{text}\n\n{}", all.join("\n\n"))));
}

/// A rule that an object's name is short enough.
pub(super) fn object_name() -> Rule {
    Rule::new(format!("size(self.metadata.name) <= {OBJECT_NAME_MAX}")).message(
        format!("metadata.name must have at most {OBJECT_NAME_MAX} characters: it is part of a tag in AWS").as_str(),
    )
}

/// A rule that a text can be the name of such an object.
pub(super) fn name_of(what: &str) -> Rule {
    let sentence = format!(
        "the name of {what} has lower-case letters, digits, . and - only, and starts and ends with a letter or digit"
    );
    form(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", &sentence)
}

/// A rule that a text has this form, with a sentence in place of the bare pattern that a schema would show.
pub(super) fn form(pattern: &str, sentence: &str) -> Rule {
    Rule::new(format!("self.matches(r'^({pattern})$')")).message(sentence)
}

/// A text of that form inside a list or a map.
fn text(max: usize, pattern: &str, sentence: &str) -> Value {
    json!({"type": "string", "maxLength": max, "x-kubernetes-validations": [form(pattern, sentence)]})
}

/// A rule that the keys of a map can be keys of tags.
pub(super) fn tag_keys() -> Rule {
    Rule::new(
        "self.all(k, size(k) <= 128 && k.matches('^[a-zA-Z0-9 _.:/=+@-]+$') && !k.lowerAscii().startsWith('aws:') && \
         !k.startsWith('stepgate.dev/'))",
    )
    .message(
        "a tag key has 1 to 128 letters, digits, spaces and _ . : / = + @ - only; those that start with aws: or \
         stepgate.dev/ are reserved",
    )
}

/// Map of tag values: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging.html>.
pub(super) fn tag_values(_: &mut SchemaGenerator) -> Schema {
    let value = text(256, "[a-zA-Z0-9 _.:/=+@-]*", "a tag value has letters, digits, spaces and _ . : / = + @ - only");
    let keys = [
        Rule::new("self.all(k, size(k) >= 1 && size(k) <= 128)").message("a tag key has 1 to 128 characters"),
        Rule::new("self.all(k, k.matches('^[a-zA-Z0-9 _.:/=+@-]+$'))")
            .message("a tag key has letters, digits, spaces and _ . : / = + @ - only"),
        Rule::new("self.all(k, !k.lowerAscii().startsWith('aws:') && !k.startsWith('stepgate.dev/'))")
            .message("tag keys that start with aws: or stepgate.dev/ are reserved"),
    ];
    json_schema!({
        "type": "object",
        "maxProperties": 40,
        "additionalProperties": value,
        "x-kubernetes-validations": keys,
    })
}

/// Map of stage variable values, with the characters that API Gateway takes.
pub(super) fn stage_variable_values(_: &mut SchemaGenerator) -> Schema {
    let sentence = "a stage variable has letters, digits and - . _ ~ : / ? # & = , only, and at least one of them";
    let value = text(512, "[A-Za-z0-9._~:/?#&=,-]+", sentence);
    let names = [Rule::new("self.all(k, size(k) <= 64 && k.matches('^[A-Za-z0-9_]+$'))")
        .message("the name of a stage variable has up to 64 letters, digits and underscores")];
    json_schema!({
        "type": "object",
        "maxProperties": 100,
        "additionalProperties": value,
        "x-kubernetes-validations": names,
    })
}

/// List of ARNs of managed policies.
pub(super) fn managed_policy_arns(_: &mut SchemaGenerator) -> Schema {
    let sentence = "must be the ARN of a managed policy, such as arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess";
    let item = text(512, r"arn:[a-z-]+:iam::(aws|\d{12}):policy/.+", sentence);
    json_schema!({"type": "array", "maxItems": 10, "items": item})
}

/// List of ARNs of state machines with wildcards.
pub(super) fn state_machine_patterns(_: &mut SchemaGenerator) -> Schema {
    arn_patterns("states:[a-z0-9*-]+:[0-9*]+:stateMachine:", "states:*:123456789012:stateMachine:team-a-*")
}

/// The same of activities.
pub(super) fn activity_patterns(_: &mut SchemaGenerator) -> Schema {
    arn_patterns("states:[a-z0-9*-]+:[0-9*]+:activity:", "states:*:123456789012:activity:team-a-*")
}

/// The same of roles.
pub(super) fn role_patterns(_: &mut SchemaGenerator) -> Schema {
    arn_patterns("iam::[0-9*]+:role/", "iam::123456789012:role/team-a/*")
}

/// The same of managed policies.
pub(super) fn policy_patterns(_: &mut SchemaGenerator) -> Schema {
    arn_patterns("iam::(aws|[0-9*]+):policy/", "iam::123456789012:policy/team-a-*")
}

/// `?` is a letter to us and a wildcard to IAM.
fn arn_patterns(form: &str, example: &str) -> Schema {
    let sentence = format!("must be an ARN such as arn:aws:{example}, in which * stands for any text, without ?");
    let item = text(512, &format!("arn:[a-z*-]+:{form}[^?]+"), &sentence);
    json_schema!({"type": "array", "maxItems": 100, "items": item})
}

/// List of names of namespaces with wildcards.
pub(super) fn namespace_patterns(_: &mut SchemaGenerator) -> Schema {
    let item = text(
        63,
        r"[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?",
        "must be the name of a namespace, in which * stands for any text",
    );
    json_schema!({"type": "array", "maxItems": 100, "items": item})
}

/// Form of the ARN of a managed policy, and what to say of another text.
pub(super) const POLICY_ARN: (&str, &str) = (
    r"arn:[a-z-]+:iam::(aws|\d{12}):policy/[^*?]+",
    "must be the ARN of a managed policy, such as arn:aws:iam::123456789012:policy/NAME",
);
/// The same of the path of a role.
pub(super) const ROLE_PATH: (&str, &str) = (
    r"/|/([A-Za-z0-9_+=,.@-]+/)+",
    "must start and end with /, such as /apis/, with letters, digits and _ + = , . @ - between",
);
/// Form of the name of a region, and what to say of another.
pub(super) const REGION: (&str, &str) =
    (r"[a-z]{2,4}(-[a-z]+)+-\d+", "must be the name of an AWS region, such as us-east-1");

/// List of regions.
pub(super) fn region_names(_: &mut SchemaGenerator) -> Schema {
    let item = text(32, REGION.0, REGION.1);
    json_schema!({"type": "array", "maxItems": 50, "items": item})
}

/// List of origins of web pages.
pub(super) fn origins(_: &mut SchemaGenerator) -> Schema {
    let sentence = "must be scheme://host or scheme://host:port in lower case, such as https://app.example.com, with \
                    nothing after it, not even a /; or *";
    let item = text(253, r"\*|[a-z][a-z0-9+.-]*://[a-z0-9.-]+(:\d{1,5})?", sentence);
    json_schema!({"type": "array", "minItems": 1, "maxItems": 20, "items": item})
}

/// Any JSON value.
pub(super) fn any_json(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"x-kubernetes-preserve-unknown-fields": true})
}

/// Map of texts.
pub(super) fn texts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 50, "additionalProperties": {"type": "string", "maxLength": 8192}})
}

/// A part of the object that has a shape of its own, which `render` looks at.
pub(super) fn free_form(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// List of VPC endpoints.
pub(super) fn vpc_endpoint_ids(_: &mut SchemaGenerator) -> Schema {
    let item =
        text(32, "vpce-[0-9a-f]+", "must be the id of an interface VPC endpoint, such as vpce-01234567abcdef012");
    json_schema!({"type": "array", "minItems": 1, "maxItems": 50, "items": item})
}

/// TLS policies: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html>.
pub(super) fn security_policies(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": [
        "TLS_1_0",
        "TLS_1_2",
        "SecurityPolicy_TLS13_1_3_2025_09",
        "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
        "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_2_PQ_2025_09",
        "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09",
        "SecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_2_2021_06",
        "SecurityPolicy_TLS13_2025_EDGE",
        "SecurityPolicy_TLS12_PFS_2025_EDGE",
        "SecurityPolicy_TLS12_2018_EDGE",
    ]})
}

/// List of content types that no template reads.
pub(super) fn binary_media_types(_: &mut SchemaGenerator) -> Schema {
    let mut item = text(128, r"[a-z0-9.+-]+/([a-z0-9.+-]+|\*)", "must be a content type, such as image/png or image/*");
    let read = "!(self in ['application/json', 'application/x-www-form-urlencoded', 'application/*'])";
    let sentence = "mapping templates read this type, and would get base64: leave it out";
    if let Some(rules) = item["x-kubernetes-validations"].as_array_mut() {
        rules.push(json!(Rule::new(read).message(sentence)));
    }
    json_schema!({"type": "array", "minItems": 1, "maxItems": 50, "items": item})
}

/// List of HTTP methods for a preflight.
pub(super) fn cors_methods(_: &mut SchemaGenerator) -> Schema {
    let words = ["*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    json_schema!({"type": "array", "maxItems": 8, "items": {"type": "string", "enum": words}})
}

/// List of names of headers for a browser.
pub(super) fn cors_headers(_: &mut SchemaGenerator) -> Schema {
    let sentence = "the name of a header has letters, digits, _ and - only; or *";
    let item = text(128, r"\*|[A-Za-z0-9_-]+", sentence);
    json_schema!({"type": "array", "maxItems": 50, "items": item})
}

/// Map of fixed values of response headers. They stand between apostrophes in a mapping, or between quotes in a template.
pub(super) fn header_values(_: &mut SchemaGenerator) -> Schema {
    let sentence = "the value of a header has visible ASCII characters and spaces, without \" ' \\ # and $";
    let value = text(256, r"[ !%-&(-Z^-~\[\]]+", sentence);
    json_schema!({"type": "object", "maxProperties": 10, "additionalProperties": value})
}

/// List of names of query parameters.
pub(super) fn query_names(_: &mut SchemaGenerator) -> Schema {
    let item = text(128, "[A-Za-z0-9._$-]+", "the name of a query parameter has letters, digits and . _ $ - only");
    json_schema!({"type": "array", "minItems": 1, "maxItems": 20, "items": item})
}

/// List of names of headers.
pub(super) fn header_names(_: &mut SchemaGenerator) -> Schema {
    let item = text(128, "[A-Za-z0-9_-]+", "the name of a header has letters, digits, _ and - only");
    json_schema!({"type": "array", "minItems": 1, "maxItems": 20, "items": item})
}

/// List of ARNs of Cognito user pools.
pub(super) fn user_pool_arns(_: &mut SchemaGenerator) -> Schema {
    let sentence = "must be the ARN of a user pool, such as \
                    arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEf123";
    let item = text(256, r"arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/[A-Za-z0-9_-]+", sentence);
    json_schema!({"type": "array", "minItems": 1, "maxItems": 20, "items": item})
}
