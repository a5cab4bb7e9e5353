//! Other engines for mapping templates, driven by JSON lines: thousands of calls in one process.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::{Value, json};
use stepgate::vtl::{self, Context};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// A template and the call it is for.
#[derive(Clone, Debug)]
pub struct Pair {
    pub template: String,
    pub call: Context,
}

impl Pair {
    fn line(&self) -> String {
        let Context { body, path, query, headers, stage_variables, context, .. } = &self.call;
        let call = json!({
            "template": self.template, "body": body, "path": path, "query": query, "headers": headers,
            "stageVariables": stage_variables, "context": context,
        });
        format!("{call}\n")
    }

    /// What `stepgate::vtl` makes of it.
    pub fn ours(&self) -> Outcome {
        match vtl::parse(&self.template).and_then(|template| vtl::evaluate(&template, &self.call)) {
            Ok(output) => Outcome {
                text: Ok(output.text),
                status: output.overrides.status,
                headers: output.overrides.response_headers,
            },
            Err(error) => Outcome { text: Err(error.to_string()), status: None, headers: BTreeMap::new() },
        }
    }
}

/// What an engine makes of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub text: Result<String, String>,
    pub status: Option<String>,
    pub headers: BTreeMap<String, String>,
}

/// The outcomes of an engine of the test bed: `vtl` is LocalStack's, the very one that runs the templates of its deployed
/// APIs, with the bed's fixes; `vtl-npm` is npm's `apigw-vtl-emulator`.
pub async fn outcomes(engine: &str, pairs: &[Pair]) -> Vec<Outcome> {
    let bed = format!("{}/tests/testbed/bed", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(bed)
        .arg(engine)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the bed's program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let lines: String = pairs.iter().map(Pair::line).collect();
    let write = async move {
        stdin.write_all(lines.as_bytes()).await.expect("it reads");
        drop(stdin);
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), write);
    let output = output.expect("it ends");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let outcomes: Vec<Outcome> = text.lines().map(|line| outcome(&serde_json::from_str(line).expect("JSON"))).collect();
    assert_eq!(outcomes.len(), pairs.len(), "{}", String::from_utf8_lossy(&output.stderr));
    outcomes
}

fn outcome(answer: &Value) -> Outcome {
    let text = match &answer["text"] {
        Value::String(text) => Ok(text.clone()),
        _ => Err(answer["error"].as_str().unwrap_or_default().to_owned()),
    };
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let response = &answer["overrides"]["responseOverride"];
    let headers = response["header"].as_object().into_iter().flatten();
    Outcome {
        text,
        status: response.get("status").map(plain),
        headers: headers.map(|(name, value)| (name.clone(), plain(value))).collect(),
    }
}
