//! One call: quota, measurement, and what an SDK error means.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::SdkAws;
use crate::aws::limits::{Answer, Later};
use crate::aws::{Class, Error, Result};

/// A call that was made.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Service and operation, such as `iam:GetRole`.
    pub operation: &'static str,
    /// Class of its error, `None` for success.
    pub failed: Option<Class>,
    /// How long it waited for AWS's request quota.
    pub waited: Duration,
    /// From the first byte sent to the answer.
    pub took: Duration,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug)]
pub enum Seen {
    /// It was made.
    Call(Call),
    /// It was not, as AWS's request quota is used up for long.
    Postponed {
        /// Service and operation.
        operation: &'static str,
    },
}

/// Is told of every call; for metrics.
pub type Observer = Arc<dyn Fn(Seen) + Send + Sync>;

/// The items of a page, and where the next one begins.
pub(super) type Page<T> = (Option<Vec<T>>, Option<String>);

/// All items of a list. `page` makes the call for the page that begins there.
pub(super) async fn all<T, F>(mut page: impl FnMut(Option<String>) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<Page<T>>>,
{
    let (mut items, mut position) = (Vec::new(), None);
    loop {
        let (found, next) = page(position.clone()).await?;
        items.extend(found.unwrap_or_default());
        if next.is_none() {
            return Ok(items);
        }
        if next == position {
            return Err(incomplete("a list", "end: the next page is the same one"));
        }
        position = next;
    }
}

impl SdkAws {
    /// Makes a call. `tried` says in words what it is for.
    pub(super) async fn call<T, E>(
        &self,
        operation: &'static str,
        tried: impl Into<String>,
        request: impl Future<Output = std::result::Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T>
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let tried = tried.into();
        let limited = operation.strip_prefix("apigateway:");
        let admitted = match limited {
            Some(name) => match self.limits.admit(name, &self.caller).await {
                Ok(admitted) => Some(admitted),
                Err(later) => {
                    (self.observer)(Seen::Postponed { operation });
                    return Err(self.postponed(operation, tried, later));
                }
            },
            None => None,
        };
        let waited = admitted.map_or(Duration::ZERO, |admitted| admitted.waited);
        let start = Instant::now();
        let result = request.await.map_err(|error| self.error(operation, tried, &error));
        let took = start.elapsed();
        let failed = result.as_ref().err().map(|error| error.class);
        (self.observer)(Seen::Call(Call { operation, failed, waited, took }));
        if let Some(admitted) = admitted {
            let answer = match &result {
                Ok(_) => Answer::Passed,
                Err(error) if error.class == Class::Throttled => Answer::Refused(error.retry_after),
                Err(_) => Answer::Failed,
            };
            self.limits.answered(admitted, answer);
        }
        let outcome = failed.map_or("ok", Class::label);
        tracing::debug!(operation, region = self.region, outcome, seconds = took.as_secs_f64(), "aws call");
        result
    }

    fn postponed(&self, operation: &'static str, tried: String, later: Later) -> Error {
        // A moment and not a duration: the message stays the same while it holds.
        let turn = humantime::format_rfc3339_seconds(SystemTime::now() + later.turn);
        Error {
            tried: format!("{tried} in {}", self.region),
            operation,
            class: Class::Throttled,
            code: None,
            message: format!("its turn in AWS's quota of this operation is about {turn}"),
            retry_after: Some(later.come_back),
        }
    }

    fn error<E>(&self, operation: &'static str, tried: String, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let failed = |class, code: Option<&str>, message: String, retry_after| {
            let code = code.map(str::to_owned);
            Error { tried: format!("{tried} in {}", self.region), operation, class, code, message, retry_after }
        };
        if let SdkError::ServiceError(answer) = error {
            let status = answer.raw().status().as_u16();
            let code = answer.err().code().unwrap_or_default();
            // Some are of several lines, and stand in a column of a table.
            let message = answer.err().message().unwrap_or("no message").split_whitespace();
            let message = &message.collect::<Vec<_>>().join(" ");
            let retry_after = answer.raw().headers().get("retry-after").and_then(|value| value.parse().ok());
            let shown = if code.is_empty() { format!("HTTP {status}: {message}") } else { message.to_owned() };
            let class = Class::of_service_error(code, status, message);
            return failed(
                class,
                Some(code).filter(|code| !code.is_empty()),
                shown,
                retry_after.map(Duration::from_secs),
            );
        }
        let mut message = chain(error);
        if let Some(url) = &self.endpoint_url {
            message = format!("{url}: {message}");
        }
        // Credentials that cannot be had surface as a failure to send (seen with every provider of the SDK).
        let class = if message.contains("credential") { Class::Denied } else { Class::Transient };
        failed(class, None, message, None)
    }
}

/// An error and its causes in one line; the SDK's own text is just its first word.
fn chain(error: &dyn StdError) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        cause = error.source();
    }
    texts.join(": ")
}

/// `None` for what does not exist.
pub(super) fn found<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A deletion of what does not exist is done.
pub(super) fn gone<T>(result: Result<T>) -> Result<()> {
    found(result).map(|_| ())
}

/// An answer that lacks what AWS's model promises.
pub(super) fn incomplete(operation: &'static str, what: &str) -> Error {
    Error {
        tried: format!("read the answer of {operation}"),
        operation,
        class: Class::Transient,
        code: None,
        message: format!("it has no {what}"),
        retry_after: None,
    }
}
