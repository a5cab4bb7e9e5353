//! Operations that the code uses -> what IAM has to allow. The controller's policy and what is said after a refusal both
//! come from this table.
//!
//! API Gateway's actions are HTTP methods, its resources paths:
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html>.

use super::policy::{Feature, Sid};
use Sid::{
    AttachPolicies, ChangeApis, ChangeCertificates, ChangeDomains, ChangePlans, ChangeRoles, CreateApis,
    CreateCertificates, CreateDomains, CreatePlans, DescribeMachines, EdgeDomains, GrantRoles, PassRoles, ReadApis,
    ReadRoles, ResourcePolicies, RoleBoundaries, Tag, TestMethods,
};

/// A permission, and the statement of the policy that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The statement.
    pub sid: Sid,
    /// IAM action.
    pub action: &'static str,
    /// What it is needed on.
    pub on: On,
}

/// What a permission is needed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A path of API Gateway, with `*` for what differs.
    Path(&'static str),
    /// Roles that the controller may have made, or may find under the name of one: IAM knows the path of a role only once
    /// it exists.
    NamedRoles,
    /// Roles that the controller makes.
    CreatedRoles,
    /// Roles that API Gateway is given: the created ones and others.
    PassedRoles,
    /// State machines.
    StateMachines,
    /// Everything; IAM knows nothing narrower, or the thing belongs to AWS.
    Anything,
}

const fn need(sid: Sid, action: &'static str, on: On) -> Need {
    Need { sid, action, on }
}

const fn get(sid: Sid, path: &'static str) -> Need {
    need(sid, "apigateway:GET", On::Path(path))
}

const fn post(sid: Sid, path: &'static str) -> Need {
    need(sid, "apigateway:POST", On::Path(path))
}

const fn patch(sid: Sid, path: &'static str) -> Need {
    need(sid, "apigateway:PATCH", On::Path(path))
}

const fn delete(sid: Sid, path: &'static str) -> Need {
    need(sid, "apigateway:DELETE", On::Path(path))
}

/// A permission of its own: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html>.
const POLICY: Need = need(ResourcePolicies, "apigateway:UpdateRestApiPolicy", On::Path("/restapis/*"));

const fn role(sid: Sid, action: &'static str) -> Need {
    need(sid, action, On::CreatedRoles)
}

/// Tags are set with a permission of their own, at creation too: <https://github.com/mattclay/aws-terminator/pull/284>.
/// Seen there for APIs; for what else has tags it is taken to be the same, which AWS was not asked.
const TAGS: Need = need(Tag, "apigateway:PUT", On::Path("/tags/*"));

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-edge-optimized-custom-domain-name.html>
const DISTRIBUTION: Need = need(EdgeDomains, "cloudfront:UpdateDistribution", On::Anything);

/// Every operation that the code uses, with what it needs. The operation is that of [`super::Error::operation`].
///
/// Where a permission is for one feature only, so is its statement: see [`Sid::features`].
pub const OPERATIONS: &[(&str, &[Need])] = &[
    ("apigateway:CreateApiKey", &[post(CreatePlans, "/apikeys"), TAGS]),
    ("apigateway:CreateBasePathMapping", &[post(CreateDomains, "/domainnames/*/basepathmappings")]),
    ("apigateway:CreateDeployment", &[post(CreateApis, "/restapis/*/deployments")]),
    ("apigateway:CreateDomainName", &[post(CreateDomains, "/domainnames"), TAGS, DISTRIBUTION]),
    ("apigateway:CreateRestApi", &[post(CreateApis, "/restapis"), TAGS]),
    ("apigateway:CreateStage", &[post(CreateApis, "/restapis/*/stages"), TAGS]),
    ("apigateway:CreateUsagePlan", &[post(CreatePlans, "/usageplans"), TAGS]),
    ("apigateway:CreateUsagePlanKey", &[post(CreatePlans, "/usageplans/*/keys")]),
    ("apigateway:DeleteApiKey", &[delete(ChangePlans, "/apikeys/*")]),
    ("apigateway:DeleteBasePathMapping", &[delete(ChangeDomains, "/domainnames/*/basepathmappings/*")]),
    ("apigateway:DeleteClientCertificate", &[delete(ChangeCertificates, "/clientcertificates/*")]),
    ("apigateway:DeleteDeployment", &[delete(ChangeApis, "/restapis/*/deployments/*")]),
    ("apigateway:DeleteDomainName", &[delete(ChangeDomains, "/domainnames/*")]),
    ("apigateway:DeleteRestApi", &[delete(ChangeApis, "/restapis/*")]),
    ("apigateway:DeleteStage", &[delete(ChangeApis, "/restapis/*/stages/*")]),
    ("apigateway:DeleteUsagePlan", &[delete(ChangePlans, "/usageplans/*")]),
    ("apigateway:DeleteUsagePlanKey", &[delete(ChangePlans, "/usageplans/*/keys/*")]),
    ("apigateway:GenerateClientCertificate", &[post(CreateCertificates, "/clientcertificates"), TAGS]),
    ("apigateway:GetApiKeys", &[get(CreatePlans, "/apikeys")]),
    ("apigateway:GetAuthorizers", &[get(ReadApis, "/restapis/*/authorizers")]),
    ("apigateway:GetBasePathMappings", &[get(ChangeDomains, "/domainnames/*/basepathmappings")]),
    // A deletion looks for certificates whatever the spec says: one may be left of an earlier spec.
    ("apigateway:GetClientCertificates", &[get(ReadApis, "/clientcertificates")]),
    ("apigateway:GetDeployment", &[get(ReadApis, "/restapis/*/deployments/*")]),
    ("apigateway:GetDeployments", &[get(ReadApis, "/restapis/*/deployments")]),
    ("apigateway:GetDomainName", &[get(ChangeDomains, "/domainnames/*")]),
    ("apigateway:GetGatewayResponses", &[get(ReadApis, "/restapis/*/gatewayresponses")]),
    ("apigateway:GetModels", &[get(ReadApis, "/restapis/*/models")]),
    ("apigateway:GetRequestValidators", &[get(ReadApis, "/restapis/*/requestvalidators")]),
    ("apigateway:GetResources", &[get(ReadApis, "/restapis/*/resources")]),
    ("apigateway:GetRestApi", &[get(ReadApis, "/restapis/*")]),
    ("apigateway:GetRestApis", &[get(ReadApis, "/restapis")]),
    ("apigateway:GetStages", &[get(ReadApis, "/restapis/*/stages")]),
    ("apigateway:GetUsagePlanKeys", &[get(CreatePlans, "/usageplans/*/keys")]),
    ("apigateway:GetUsagePlans", &[get(CreatePlans, "/usageplans")]),
    (
        "apigateway:PutRestApi",
        &[
            need(ChangeApis, "apigateway:PUT", On::Path("/restapis/*")),
            need(PassRoles, "iam:PassRole", On::PassedRoles),
            POLICY,
        ],
    ),
    (
        "apigateway:TagResource",
        &[
            TAGS,
            // Not in AWS's reference; seen: <https://github.com/iann0036/iam-dataset/pull/39>.
            patch(ChangeApis, "/restapis/*"),
            patch(ChangePlans, "/usageplans/*"),
            patch(ChangePlans, "/apikeys/*"),
            patch(ChangeDomains, "/domainnames/*"),
            patch(ChangeCertificates, "/clientcertificates/*"),
        ],
    ),
    ("apigateway:TestInvokeMethod", &[post(TestMethods, "/restapis/*/resources/*/methods/*")]),
    ("apigateway:UntagResource", &[delete(Tag, "/tags/*")]),
    ("apigateway:UpdateApiKey", &[patch(ChangePlans, "/apikeys/*")]),
    ("apigateway:UpdateBasePathMapping", &[patch(ChangeDomains, "/domainnames/*/basepathmappings/*")]),
    ("apigateway:UpdateDomainName", &[patch(ChangeDomains, "/domainnames/*"), DISTRIBUTION]),
    ("apigateway:UpdateRestApi", &[patch(ChangeApis, "/restapis/*"), POLICY]),
    ("apigateway:UpdateStage", &[patch(ChangeApis, "/restapis/*/stages/*")]),
    ("apigateway:UpdateUsagePlan", &[patch(ChangePlans, "/usageplans/*")]),
    ("iam:AttachRolePolicy", &[role(AttachPolicies, "iam:AttachRolePolicy")]),
    ("iam:CreateRole", &[role(GrantRoles, "iam:CreateRole"), role(ChangeRoles, "iam:TagRole")]),
    ("iam:DeleteRole", &[role(ChangeRoles, "iam:DeleteRole")]),
    ("iam:DeleteRolePermissionsBoundary", &[role(RoleBoundaries, "iam:DeleteRolePermissionsBoundary")]),
    ("iam:DeleteRolePolicy", &[role(GrantRoles, "iam:DeleteRolePolicy")]),
    ("iam:DetachRolePolicy", &[role(AttachPolicies, "iam:DetachRolePolicy")]),
    // Also with a role that is given: one may be left of an earlier spec.
    ("iam:GetRole", &[need(ReadRoles, "iam:GetRole", On::NamedRoles)]),
    ("iam:GetRolePolicy", &[role(ChangeRoles, "iam:GetRolePolicy")]),
    ("iam:ListAttachedRolePolicies", &[role(ChangeRoles, "iam:ListAttachedRolePolicies")]),
    ("iam:ListRolePolicies", &[role(ChangeRoles, "iam:ListRolePolicies")]),
    ("iam:PutRolePermissionsBoundary", &[role(RoleBoundaries, "iam:PutRolePermissionsBoundary")]),
    ("iam:PutRolePolicy", &[role(GrantRoles, "iam:PutRolePolicy")]),
    ("iam:TagRole", &[role(ChangeRoles, "iam:TagRole")]),
    ("iam:UntagRole", &[role(ChangeRoles, "iam:UntagRole")]),
    ("iam:UpdateAssumeRolePolicy", &[role(ChangeRoles, "iam:UpdateAssumeRolePolicy")]),
    ("states:DescribeStateMachine", &[need(DescribeMachines, "states:DescribeStateMachine", On::StateMachines)]),
];

impl Sid {
    /// What the statement is for.
    pub fn why(self) -> &'static str {
        match self {
            ReadApis => {
                "find the API by its tag and compare all of it with the spec; find client certificates that are left"
            }
            CreateApis => "make APIs, deployments and stages",
            ChangeApis => "write an API's definition and settings, change and delete APIs and stages",
            Tag => "mark what is made as the object's, and set spec.tags; also needed when something is made",
            ResourcePolicies => "set spec.endpoint.policy",
            TestMethods => "call the draft as spec.methods[].tests say",
            CreatePlans => "list and make usage plans and API keys",
            ChangePlans => "change and delete usage plans and API keys",
            CreateDomains => "make custom domain names and map paths of them",
            ChangeDomains => "read, change and delete custom domain names and their mappings",
            EdgeDomains => {
                "make and change custom domain names of type Edge, which are CloudFront distributions of AWS's"
            }
            CreateCertificates => "make the client certificates of stages",
            ChangeCertificates => "change tags of client certificates and delete them",
            ReadRoles => "find the role that is kept for the object, or was by an earlier spec",
            ChangeRoles => "keep trust, tags and existence of created roles as they should be",
            GrantRoles => "make roles for API Gateway and give them the computed policy",
            AttachPolicies => "attach spec.role.managedPolicyArns to created roles, and detach them",
            RoleBoundaries => "change the permissions boundary of a created role",
            PassRoles => "hand the role to API Gateway, and to no other service",
            DescribeMachines => "tell whether a state machine exists and is STANDARD or EXPRESS",
        }
    }

    /// The features that it is for, all of which have to be wanted; none if every object needs it.
    pub fn features(self) -> &'static [Feature] {
        match self {
            ReadApis | CreateApis | ChangeApis | Tag | ReadRoles | PassRoles | DescribeMachines => &[],
            ResourcePolicies => &[Feature::ResourcePolicies],
            TestMethods => &[Feature::Tests],
            CreatePlans | ChangePlans => &[Feature::UsagePlans],
            CreateDomains | ChangeDomains => &[Feature::Domains],
            EdgeDomains => &[Feature::Domains, Feature::EdgeDomains],
            CreateCertificates | ChangeCertificates => &[Feature::ClientCertificates],
            ChangeRoles | GrantRoles => &[Feature::CreatedRoles],
            AttachPolicies => &[Feature::CreatedRoles, Feature::ManagedPolicies],
            RoleBoundaries => &[Feature::CreatedRoles, Feature::PermissionsBoundaries],
        }
    }
}
