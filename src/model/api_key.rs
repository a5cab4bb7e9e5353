//! API keys.

use std::fmt;

use super::Tags;

/// Id that AWS gives to an API key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiKeyId(pub String);

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value of an API key. It is compared and sent, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyValue(pub String);

impl ApiKeyValue {
    /// A text that API Gateway takes as a value. Lengths:
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-file-format.html>. Callers send it
    /// in a header.
    ///
    /// # Errors
    /// A sentence that says what is wrong, without the value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if (20..=128).contains(&length) && text.chars().all(|c| c.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "the value has {length} characters; an API key has 20 to 128, which are ASCII letters, digits and signs, and \
             no line end"
        ))
    }
}

impl fmt::Debug for ApiKeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// An API key.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Name in AWS; not unique there.
    pub name: String,
    /// Name of its usage plan in the spec.
    pub plan: String,
    /// Its value; `None` takes any, and lets AWS make one.
    pub value: Option<ApiKeyValue>,
    /// Tags.
    pub tags: Tags,
}

/// An API key as API Gateway has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// Whether callers can use it.
    pub enabled: bool,
    /// Its value.
    pub value: ApiKeyValue,
    /// Its tags.
    pub tags: Tags,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_and_never_shown() {
        let good = "0123456789abcdef-_$%";
        let value = ApiKeyValue::parse(good).unwrap();
        assert!(!format!("{value:?}").contains(good));
        for bad in ["short", "0123456789abcdef 123", "0123456789abcdef0123\n", &"x".repeat(129)] {
            let told = ApiKeyValue::parse(bad).unwrap_err();
            assert!(!told.contains(bad), "{told}");
        }
    }
}
