//! What other workloads are told, from a status.

use std::collections::BTreeMap;

use crate::api::{EndpointStatus, OUTPUT_KEY_MAX, StepFunctionsApiStatus, output_key};

/// Keys and values of the ConfigMap of `spec.outputs`. Methods whose paths give the same key have none, and neither have
/// those beyond what the status lists; `render` warns of both.
pub fn outputs(region: &str, status: &StepFunctionsApiStatus) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::from([("region".to_owned(), region.to_owned())]);
    let ids = [("restApiId", &status.rest_api_id), ("roleArn", &status.role_arn), ("revision", &status.revision)];
    all.extend(ids.into_iter().filter_map(|(key, id)| Some((key.to_owned(), id.clone()?))));
    let mut methods: BTreeMap<String, Vec<&EndpointStatus>> = BTreeMap::new();
    for stage in &status.stages {
        all.insert(format!("{}.url", stage.name), stage.url.clone());
        for endpoint in status.endpoints.iter().filter(|endpoint| endpoint.stage == stage.name) {
            if let Some(path) = endpoint.url.strip_prefix(&stage.url) {
                let key = output_key(&stage.name, &endpoint.method, path);
                methods.entry(key).or_default().push(endpoint);
            }
        }
    }
    // One key for all environments, whatever the name is there; the spec's first of several.
    for url in status.domains.iter().flat_map(|domain| &domain.urls) {
        all.entry(format!("{}.domain.url", url.stage)).or_insert_with(|| url.url.clone());
    }
    for (key, endpoints) in methods {
        if let [endpoint] = endpoints[..]
            && key.len() <= OUTPUT_KEY_MAX
        {
            all.insert(key, endpoint.url.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::StageStatus;

    #[test]
    fn methods_have_keys_of_their_own_or_none() {
        let endpoint = |method: &str, path: &str| EndpointStatus {
            stage: "prod".to_owned(),
            method: method.to_owned(),
            url: format!("https://x/prod{path}"),
            curl: String::new(),
        };
        let status = StepFunctionsApiStatus {
            rest_api_id: Some("x".to_owned()),
            stages: vec![StageStatus {
                name: "prod".to_owned(),
                url: "https://x/prod".to_owned(),
                deployment_id: String::new(),
                revision: String::new(),
                since: None,
                missing: false,
                hash: None,
                settings_hash: None,
                canary: None,
            }],
            endpoints: vec![
                endpoint("POST", ""),
                endpoint("GET", "/orders/{id+}"),
                endpoint("GET", "/a.b"),
                endpoint("GET", "/a/b"),
                endpoint("GET", &format!("/{}", "n".repeat(250))),
            ],
            ..StepFunctionsApiStatus::default()
        };
        let all = outputs("us-east-1", &status);
        let keys: Vec<&str> = all.keys().map(String::as_str).collect();
        assert_eq!(keys, ["prod.GET.orders.id.url", "prod.POST.url", "prod.url", "region", "restApiId"]);
        assert_eq!(all["prod.GET.orders.id.url"], "https://x/prod/orders/{id+}");
    }
}
