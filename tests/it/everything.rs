//! An object that uses every section at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::world::{MachineKind, World};

const REGION: &str = "us-east-1";

#[tokio::test]
async fn object_with_every_section_settles_and_a_forced_check_writes_nothing() {
    let world = World::new("everything").await;
    for (name, kind) in
        [("Orders", MachineKind::Standard), ("Refunds", MachineKind::Standard), ("Quotes", MachineKind::Express)]
    {
        world.aws.machine(REGION, name, kind).await;
    }
    world.aws.states(REGION).create_activity().name("Packing").send().await.expect("an activity");
    world.aws.allow_logs(REGION).await;
    let _controller = world.controller().await;
    // A domain name is used once in all of AWS.
    let domain = format!("{}.example.com", world.kube.namespace);
    let example = world.example("everything").replace("everything.example.com", &domain);
    world.kube.apply(&example).await.expect("the example applies");
    let before = world.kube.wait_ready("everything").await.status.expect("a status");
    assert_eq!(before.stages.len(), 2);

    world.aws.forget_calls().await;
    let after = world.kube.check_now("everything", "now").await.status.expect("a status");
    assert_eq!(world.aws.writes().await, []);
    assert_eq!(json!(after.conditions), json!(before.conditions));

    // The same, with all that can come from elsewhere in a ConfigMap: nothing changes in AWS.
    let mut elsewhere = Elsewhere::default();
    let crd = serde_json::to_value(stepgate::api::crd()).expect("JSON");
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let documents: Vec<Value> = serde_saphyr::from_multiple(&example).expect("YAML");
    let mut object = documents.into_iter().find(|document| document["kind"] == "StepFunctionsApi").expect("the object");
    elsewhere.take(&mut object["spec"], schema, "spec");
    let not = elsewhere.known.difference(&elsewhere.taken).map(String::as_str).collect::<Vec<_>>();
    // A role of one's own, and a private API, exclude others of the example.
    assert_eq!(not, ["spec.endpoint.vpcEndpointIds", "spec.role.arn"]);
    let map =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "elsewhere"}, "data": elsewhere.data});
    world.kube.apply(&map.to_string()).await.expect("the ConfigMap applies");
    world.aws.forget_calls().await;
    world.kube.apply(&object.to_string()).await.expect("the object applies");
    world.kube.wait_ready("everything").await;
    world.kube.check_now("everything", "from elsewhere").await;
    assert_eq!(world.aws.writes().await, []);

    world.kube.delete("everything").await;
    world.kube.wait_gone("everything").await;
    assert_eq!(world.aws.leftovers(REGION).await, [""; 0]);
}

/// Takes values out of a spec and refers to them instead.
#[derive(Default)]
struct Elsewhere {
    data: BTreeMap<String, String>,
    /// Paths of fields that can come from elsewhere, and of those that the spec has.
    known: BTreeSet<String>,
    taken: BTreeSet<String>,
}

impl Elsewhere {
    fn take(&mut self, value: &mut Value, schema: &Value, path: &str) {
        let takes_key = |schema: &Value| schema["properties"]["configMapKeyRef"].is_object();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let (one, each) = (takes_key(field), takes_key(&field["additionalProperties"]));
            let Some(target) = name.strip_suffix("From").filter(|_| one || each) else {
                // What is not there is walked, too: its fields are known.
                self.take(value.get_mut(name).unwrap_or(&mut Value::Null), field, &format!("{path}.{name}"));
                continue;
            };
            let at = format!("{path}.{target}");
            self.known.insert(at.clone());
            let Some(given) = value.as_object_mut().and_then(|fields| fields.remove(target)) else { continue };
            self.taken.insert(at);
            if one {
                value[name] = self.refer(&given);
            } else {
                for (key, given) in given.as_object().expect("a map") {
                    value[name][key] = self.refer(given);
                }
            }
        }
        for item in value.as_array_mut().into_iter().flatten() {
            self.take(item, &schema["items"], path);
        }
        if schema["items"].is_object() && !value.is_array() {
            self.take(&mut Value::Null, &schema["items"], path);
        }
    }

    fn refer(&mut self, given: &Value) -> Value {
        let key = format!("key-{}", self.data.len());
        let text = match given {
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().map(|item| format!("{}\n", item.as_str().expect("a text"))).collect(),
            other => other.to_string(),
        };
        self.data.insert(key.clone(), text);
        json!({"configMapKeyRef": {"name": "elsewhere", "key": key}})
    }
}
