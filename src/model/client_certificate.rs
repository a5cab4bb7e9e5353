//! Client certificates, which API Gateway shows to the backend of a stage.

use std::fmt;

use super::{StageName, Tags};

/// Id that AWS gives to a client certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientCertificateId(pub String);

impl fmt::Display for ClientCertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A client certificate of the owner's.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientCertificate {
    /// Its id.
    pub id: ClientCertificateId,
    /// The stage that it was made for, by its tag.
    pub stage: StageName,
    /// Its tags.
    pub tags: Tags,
}
