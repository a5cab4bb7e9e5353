//! Calls through the gateway, as a client makes them.

use serde_json::Value;

use super::wait::eventually;

/// What a caller gets.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// One call.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.expect("the gateway answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Self { status, headers, body: answer.text().await.expect("text") }
    }

    /// The first answer with that status. Stages and roles take effect late, as on AWS.
    pub async fn until(status: u16, request: impl Fn() -> reqwest::RequestBuilder) -> Self {
        eventually(&format!("a {status}"), || async {
            let answer = Self::of(request()).await;
            if answer.status == status { Ok(answer) } else { Err(format!("{answer:?}")) }
        })
        .await
    }
}

/// A request with a body of that content type.
pub fn post(url: &str, content_type: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    reqwest::Client::new().post(url).header("Content-Type", content_type).body(body)
}
