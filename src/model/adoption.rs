//! Taking over an API that was made elsewhere.

use super::RestApiId;

/// The tag of an API that has more than its object describes, all of which is kept.
pub const KEEP_TAG: &str = "stepgate.dev/keep";

/// Which API is taken over, and what becomes of the rest of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Adoption {
    /// The API. Only a hint once the API carries the owner's tag.
    pub rest_api: RestApiId,
    /// Whether what is not desired goes. Else it stays: methods, gateway responses, authorizers, models, validators.
    pub prune: bool,
}

/// Whose an API is, by its tag.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Holder {
    /// The desired owner's.
    #[default]
    Owner,
    /// No object's: it was made elsewhere.
    Nobody,
    /// Another object's, by its [`super::Owner::tag`].
    Other(String),
}
