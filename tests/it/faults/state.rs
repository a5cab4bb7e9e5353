//! What there is in AWS of one object, in terms that do not depend on account, namespace and time: two lives can be compared.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::samples::REGION;
use crate::world::{Account, World};

/// Everything that an object can leave behind: empty after its deletion.
pub async fn left(aws: &Account) -> Vec<String> {
    let gateway = aws.apigateway(REGION);
    let mut left = aws.leftovers(REGION).await;
    let plans = gateway.get_usage_plans().limit(500).send().await.expect("usage plans");
    left.extend(plans.items().iter().map(|plan| format!("usage plan {}", plan.name().unwrap_or_default())));
    let keys = gateway.get_api_keys().limit(500).send().await.expect("API keys");
    left.extend(keys.items().iter().map(|key| format!("API key {}", key.name().unwrap_or_default())));
    let domains = gateway.get_domain_names().limit(500).send().await.expect("domain names");
    left.extend(domains.items().iter().map(|name| format!("domain {}", name.domain_name().unwrap_or_default())));
    left.sort();
    left
}

/// All that belongs to an object, with `more` that is to be compared too.
pub async fn state(world: &World, name: &str, more: Value) -> Value {
    let object = world.kube.get(name).await;
    let status = object.status.as_ref().expect("a status");
    let id = status.rest_api_id.as_deref().expect("an id");
    let role = status.role_arn.as_deref().and_then(|arn| arn.rsplit('/').next()).expect("a role");
    let read = async |path: &str| world.aws.apigateway_json(REGION, path).await;
    let of_api = async |path: &str| read(&format!("restapis/{id}{path}")).await;
    let deployments = of_api("/deployments").await;
    let deployments: BTreeMap<&str, &str> =
        items(&deployments).map(|item| (text(&item["id"]), text(&item["description"]))).collect();
    let mut stages = of_api("/stages").await;
    for stage in stages["item"].as_array_mut().expect("stages") {
        stage["serves"] = json!(deployments.get(text(&stage["deploymentId"])));
        stage["certified"] = json!(stage["clientCertificateId"].is_string());
    }
    let descriptions: Vec<&&str> = deployments.values().collect();
    let mut customised = by("responseType", &of_api("/gatewayresponses").await);
    customised.retain(|_, response| response["defaultResponse"] == false);
    let mut plans = by("name", &read("usageplans?limit=500").await);
    for plan in plans.values_mut() {
        let keys = read(&format!("usageplans/{}/keys?limit=500", text(&plan["id"]))).await;
        plan["keys"] = json!(by("name", &keys));
    }
    let mut domains = by("domainName", &read("domainnames?limit=500").await);
    for (name, domain) in &mut domains {
        domain["mappings"] = json!(by("basePath", &read(&format!("domainnames/{name}/basepathmappings")).await));
    }
    let mut whole = json!({
        "left": left(&world.aws).await,
        "api": of_api("").await,
        "methods": by("path", &of_api("/resources?embed=methods&limit=500").await),
        "models": by("name", &of_api("/models").await),
        "authorizers": by("name", &of_api("/authorizers").await),
        "gatewayResponses": customised,
        "stages": by("stageName", &stages),
        "deployments": descriptions,
        "plans": plans,
        "keys": by("name", &read("apikeys?limit=500").await),
        "domains": domains,
        "role": role_state(&world.aws, role).await,
        "status": status,
        "more": more,
    });
    without_ids(&mut whole);
    let mut whole = whole.to_string();
    let account = [("ACCOUNT", world.aws.id.as_str()), ("NAMESPACE", world.kube.namespace.as_str())];
    for (common, own) in [("ROLE", role), ("API", id)].into_iter().chain(account) {
        whole = whole.replace(own, common);
    }
    // A revision has the role's name in it.
    let current = status.revision.as_deref().unwrap_or("none");
    let known = status.deployments.iter().map(|deployment| deployment.revision.as_str());
    for (number, own) in known.filter(|own| *own != current).enumerate() {
        whole = whole.replace(own, &format!("OLD-{number}"));
    }
    let mut whole: Value = serde_json::from_str(&whole.replace(current, "REVISION")).expect("JSON");
    whole["deployments"].as_array_mut().expect("a list").sort_by_key(ToString::to_string);
    whole
}

async fn role_state(aws: &Account, name: &str) -> Value {
    let iam = aws.iam();
    let role = iam.get_role().role_name(name).send().await.expect("the role").role.expect("the role");
    let names = iam.list_role_policies().role_name(name).send().await.expect("policies").policy_names;
    let mut inline = BTreeMap::new();
    for policy in &names {
        let found = iam.get_role_policy().role_name(name).policy_name(policy).send().await.expect("the policy");
        inline.insert(policy, found.policy_document);
    }
    let attached = iam.list_attached_role_policies().role_name(name).send().await.expect("policies");
    let attached: Vec<&str> = attached.attached_policies().iter().filter_map(|policy| policy.policy_arn()).collect();
    let tags: BTreeMap<&str, &str> = role.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    let trust = role.assume_role_policy_document.as_deref();
    json!({"trust": trust, "inline": inline, "attached": attached, "tags": tags, "boundary": boundary})
}

/// The items of a list by a field of theirs.
fn by(name: &str, list: &Value) -> BTreeMap<String, Value> {
    items(list).map(|item| (text(&item[name]).to_owned(), item.clone())).collect()
}

/// An empty list may have no items at all.
fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["item"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn without_ids(value: &mut Value) {
    const OWN: [&str; 28] = [
        "id",
        // Hashes of all that is wanted and of plans, with ARNs.
        "applied",
        "hash",
        "settingsHash",
        "wanted",
        "value",
        "clientCertificateId",
        "parentId",
        "authorizerId",
        "requestValidatorId",
        "rootResourceId",
        "cacheNamespace",
        "deploymentId",
        "created",
        "createdDate",
        "lastUpdatedDate",
        "certificateUploadDate",
        "lastTransitionTime",
        "lastHandledCheckNow",
        "references",
        "since",
        "observedGeneration",
        "warnings",
        "distributionDomainName",
        "regionalDomainName",
        "target",
        "stageKeys",
        "_links",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !OWN.contains(&name.as_str()));
            fields.values_mut().for_each(without_ids);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ids),
        _ => {}
    }
}

/// Paths at which two values differ, with both.
pub fn differences(path: &str, expected: &Value, found: &Value) -> Vec<String> {
    if let (Value::Object(a), Value::Object(b)) = (expected, found) {
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        return keys
            .into_iter()
            .flat_map(|key| differences(&format!("{path}/{key}"), &expected[key], &found[key]))
            .collect();
    }
    if expected == found { Vec::new() } else { vec![format!("{path}: {expected} became {found}")] }
}
