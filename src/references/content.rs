//! What an object has to give.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use serde_json::Value;

use super::{Kind, class};

/// What was found of an object that a spec refers to.
#[derive(Clone, PartialEq)]
pub enum Content {
    /// There is no such object.
    Absent,
    /// It cannot be read; why, in the API server's words.
    Unreadable(String),
    /// It is not at hand, and what it has is nobody's business: what may be left out is.
    Withheld,
    /// Its values by their keys; `None` is bytes that are no text.
    Keys(BTreeMap<String, Option<String>>),
}

/// The values of an object as the API server or a manifest has it.
pub fn content(kind: Kind, object: &Value) -> Content {
    let mut keys = BTreeMap::new();
    let texts = |name: &str| object[name].as_object().into_iter().flatten();
    let plain = |(key, value): (&String, &Value)| (key.clone(), value.as_str().map(str::to_owned));
    let decoded = |(key, value): (&String, &Value)| {
        let bytes = serde_json::from_value::<ByteString>(value.clone()).ok();
        (key.clone(), bytes.and_then(|bytes| String::from_utf8(bytes.0).ok()))
    };
    match kind {
        Kind::ConfigMap => {
            keys.extend(texts("data").map(plain));
            keys.extend(texts("binaryData").map(decoded));
        }
        Kind::Secret => {
            keys.extend(texts("data").map(decoded));
            // Of a manifest: the API server has it in data.
            keys.extend(texts("stringData").map(plain));
        }
        Kind::Class => drop(keys.insert(class::KEY.to_owned(), Some(object["spec"].to_string()))),
        Kind::StateMachine(_) => {
            // ACK writes it when the machine exists, Crossplane when it has observed it.
            let status = &object["status"];
            let arn = status["ackResourceMetadata"]["arn"].as_str().or(status["atProvider"]["arn"].as_str());
            keys.extend(arn.filter(|arn| !arn.is_empty()).map(|arn| ("arn".to_owned(), Some(arn.to_owned()))));
        }
    }
    Content::Keys(keys)
}
