//! A REST API: the part that a deployment snapshots, and the settings around it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{
    ApiSettings, ApiSummary, Arn, Authorizer, AuthorizerKind, MethodSnapshot, Models, Revision, Segment, Tags,
    Validation, json,
};
use super::{KEEP_TAG, short};

/// Id that AWS gives to a REST API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RestApiId(pub String);

impl fmt::Display for RestApiId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A REST API.
#[derive(Clone, Debug, PartialEq)]
pub struct RestApi {
    /// Name in AWS; not unique there.
    pub name: String,
    /// Tags.
    pub tags: Tags,
    /// Settings around the definition.
    pub settings: ApiSettings,
    /// Methods and what they use.
    pub definition: Definition,
}

impl RestApi {
    /// Hash of all that a deployment snapshots: equal content has equal revisions, whoever computes them. `own_role` is
    /// what tells the role behind [`Credentials::OwnRole`] from earlier ones.
    pub fn revision(&self, own_role: Option<&str>) -> Revision {
        let mut content = json(&self.definition).to_string();
        if let Some(settings) = self.settings.deployed() {
            content.push_str(&json(&settings).to_string());
        }
        content.push_str(own_role.unwrap_or_default());
        // What is kept beside the definition is in its deployments, too.
        content.push_str(self.tags.get(KEEP_TAG).map_or("", |_| KEEP_TAG));
        Revision(short(&Sha256::digest(content)))
    }
}

/// Everything of an API that callers see only after a deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Methods by path and verb.
    pub methods: BTreeMap<MethodKey, Method>,
    /// Customised gateway responses by response type, such as `DEFAULT_4XX`.
    pub gateway_responses: BTreeMap<String, GatewayResponse>,
    /// Authorizers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub authorizers: BTreeMap<String, Authorizer>,
    /// Models of bodies by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: Models,
}

impl Definition {
    /// The given roles that its methods call with.
    pub fn given_roles(&self) -> impl Iterator<Item = &Arn> {
        let integrations = self.methods.values().filter_map(|method| method.integration.as_ref());
        integrations.filter_map(|integration| match &integration.backend {
            Backend::Aws { credentials: Credentials::Given(arn), .. } => Some(arn),
            _ => None,
        })
    }

    /// What a deployment of it would tell.
    pub fn summary(&self) -> ApiSummary {
        let snapshot = |method: &Method| {
            let authorization = match &method.authorization {
                Authorization::None => "NONE",
                Authorization::Iam => "AWS_IAM",
                Authorization::Authorizer { name, .. } => match self.authorizers.get(name).map(|found| &found.kind) {
                    Some(AuthorizerKind::Cognito(_)) => "COGNITO_USER_POOLS",
                    _ => "CUSTOM",
                },
                Authorization::Other(other) => other,
            };
            MethodSnapshot { authorization: authorization.to_owned(), api_key_required: method.api_key_required }
        };
        self.methods.iter().map(|(key, method)| (key.clone(), snapshot(method))).collect()
    }
}

/// Path and verb of a method; as text `POST /execution`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MethodKey {
    /// Resource path, `/` for the root.
    pub path: String,
    /// `GET`, `POST`, ..., `ANY`.
    pub verb: String,
}

impl fmt::Display for MethodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.path)
    }
}

impl Serialize for MethodKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A method with its integration.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    /// Who may call it.
    pub authorization: Authorization,
    /// Whether callers must send an API key of a usage plan.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub api_key_required: bool,
    /// Models of bodies by content type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, String>,
    /// What is checked of a request; `None` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// Declared request parameters and whether each is required.
    pub parameters: BTreeMap<Parameter, bool>,
    /// Method responses by status code.
    pub responses: BTreeMap<String, MethodResponse>,
    /// What is behind it; `None` is seen only after a foreign edit.
    pub integration: Option<Integration>,
    /// What others gave it and nobody here wants, such as `operationName`; a put resets it.
    #[serde(flatten)]
    pub foreign: BTreeMap<String, String>,
}

/// Who may call a method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Authorization {
    /// Anyone.
    None,
    /// Callers that sign with credentials that IAM lets in.
    Iam,
    /// Callers that an authorizer lets in; by its id as long as nobody looked up its name.
    Authorizer {
        name: String,
        #[serde(skip_serializing_if = "BTreeSet::is_empty")]
        scopes: BTreeSet<String>,
    },
    /// Anything else, in AWS's words; never desired.
    Other(String),
}

/// A request parameter; as text `querystring.id`, what follows `method.request.` in API Gateway's name for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parameter {
    /// `querystring`, `header` or `path`.
    pub location: String,
    /// Its name.
    pub name: String,
}

impl Parameter {
    /// That of a location (`querystring`, `header`, `path`) with that name.
    pub fn new(location: &str, name: &str) -> Self {
        Self { location: location.to_owned(), name: name.to_owned() }
    }

    /// The variables of a path, `{name}` and `{name+}`. API Gateway declares them itself, as required.
    pub fn of_path(path: &str) -> BTreeMap<Self, bool> {
        let names = path.split('/').filter_map(|segment| Segment::parse(segment).variable());
        names.map(|name| (Self::new("path", name), true)).collect()
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.location, self.name)
    }
}

impl Serialize for Parameter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A declared response: the headers it may carry.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodResponse {
    /// Names of declared headers.
    pub headers: BTreeSet<String>,
}

/// What a method calls. Bodies that no template matches are refused (`passthroughBehavior: NEVER`) unless a spec wants it
/// otherwise for an API that was made elsewhere: passed on raw, a caller would choose the state machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// The other side.
    pub backend: Backend,
    /// Whether unmatched content types are refused. Else the action gets their bodies as they are.
    pub refuses_unmatched: bool,
    /// Mapping templates by content type.
    pub request_templates: BTreeMap<String, String>,
    /// Milliseconds until the caller gets a 504.
    pub timeout_millis: i32,
    /// Integration responses by status code.
    pub responses: BTreeMap<String, IntegrationResponse>,
    /// Parameters that keep answers apart in a stage's cache.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub cache_keys: BTreeSet<Parameter>,
}

impl Integration {
    /// API Gateway's default for `timeout_millis`.
    pub const TIMEOUT_MILLIS: i32 = 29_000;
    /// The template that passes on a body that is the action's own request: the raw text, since `$input.json` would make
    /// a string of a body that is no JSON.
    pub const PASS_BODY: &str = "$input.body";
    /// End of a template that gives nothing of what stands before it when the call lacks what the action needs, but what
    /// Step Functions refuses before it looks at permissions: so callers get a 400, and not the 500 of a role that may not
    /// describe the execution "".
    pub const OR_REFUSED: &str = "#else[]#end";

    /// Whether the body is the action's own request.
    pub fn passes_body(&self) -> bool {
        let passes = |template: &String| template.trim_end_matches(Self::OR_REFUSED).ends_with(Self::PASS_BODY);
        self.request_templates.values().all(passes)
    }

    /// The method responses that the integration's own need: a status or header that is not declared is refused.
    pub fn method_responses(&self) -> BTreeMap<String, MethodResponse> {
        let declare =
            |answer: &IntegrationResponse| MethodResponse { headers: answer.headers.keys().cloned().collect() };
        self.responses.iter().map(|(status, answer)| (status.clone(), declare(answer))).collect()
    }
}

/// The other side of an integration.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Backend {
    /// An AWS action, called with POST.
    Aws {
        /// `arn:P:apigateway:R:states:action/StartExecution`.
        uri: String,
        /// The role that API Gateway assumes for it.
        credentials: Credentials,
    },
    /// API Gateway answers itself.
    Mock,
    /// Anything else, in AWS's words; never desired.
    Other(String),
}

/// The role of an integration.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Credentials {
    /// The role of the same plan, whose ARN is known only when it exists.
    #[serde(rename = "the created role")]
    OwnRole,
    /// A given role.
    Given(Arn),
    /// No role; seen only after a foreign edit.
    #[serde(rename = "none")]
    Missing,
}

/// How an answer of the backend becomes one for the caller.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationResponse {
    /// Regular expression on the backend's status; `None` takes what no other takes.
    pub pattern: Option<String>,
    /// Header mappings: `'text'` with its quotes, or a mapping expression.
    pub headers: BTreeMap<String, String>,
    /// Templates by content type; none passes the body on as it is.
    pub templates: BTreeMap<String, String>,
}

/// An answer that API Gateway gives without the backend.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayResponse {
    /// Status code; `None` is that of the error.
    pub status: Option<String>,
    /// Header mappings: `'text'` with its quotes, or a mapping expression.
    pub headers: BTreeMap<String, String>,
    /// Bodies by content type; not VTL, variables are filled in and nothing else.
    pub templates: BTreeMap<String, String>,
}
