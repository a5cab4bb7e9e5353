//! APIs as people make them by hand: the calls that AWS's console makes for each click.

use std::collections::HashMap;

use aws_sdk_apigateway::types::{EndpointConfiguration, EndpointType, IntegrationType, Op, PatchOperation};

use crate::world::World;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":
    {"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const FULL_ACCESS: &str = "arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess";

/// An API that grows click by click.
pub struct Console<'a> {
    world: &'a World,
    region: &'static str,
    client: aws_sdk_apigateway::Client,
    /// Id of the API.
    pub id: String,
    /// Role that its integrations have.
    pub role: String,
    resources: HashMap<String, String>,
}

/// One method: what is behind it, and what the console is told beside the defaults.
#[derive(Default)]
pub struct Clicks<'a> {
    /// Name of the action of Step Functions; without it the integration is MOCK.
    pub action: Option<&'a str>,
    /// Query parameter of the method request.
    pub query: Option<&'a str>,
    /// Template for application/json, under "When there are no templates defined".
    pub template: Option<&'a str>,
    /// Headers of the answer, with their values.
    pub headers: &'a [(&'a str, &'a str)],
    /// Pattern and template of a second answer, for 400.
    pub refused: Option<(&'a str, &'a str)>,
    /// Whether bodies of other types are refused.
    pub never: bool,
}

fn json(text: &str) -> HashMap<String, String> {
    HashMap::from([("application/json".to_owned(), text.to_owned())])
}

impl<'a> Console<'a> {
    /// Create role, create API.
    pub async fn new(world: &'a World, region: &'static str, name: &str) -> Self {
        let iam = world.aws.iam();
        let role = "APIGatewayToStepFunctions";
        let create = iam.create_role().role_name(role).assume_role_policy_document(TRUST);
        let made = create.send().await.expect("a role").role.expect("a role").arn;
        iam.attach_role_policy().role_name(role).policy_arn(FULL_ACCESS).send().await.expect("a policy");
        let client = world.aws.apigateway(region);
        let endpoint = EndpointConfiguration::builder().types(EndpointType::Regional).build();
        let api = client.create_rest_api().name(name).endpoint_configuration(endpoint).send().await.expect("an API");
        let id = api.id.expect("an id");
        let root = api.root_resource_id.expect("a root");
        Self { world, region, client, id, role: made, resources: HashMap::from([("/".to_owned(), root)]) }
    }

    /// Create resource, below the root.
    pub async fn resource(&mut self, part: &str) {
        let create = self.client.create_resource().rest_api_id(&self.id).parent_id(&self.resources["/"]);
        let id = create.path_part(part).send().await.expect("a resource").id.expect("an id");
        self.resources.insert(format!("/{part}"), id);
    }

    /// Add a parameter to the request that goes to the integration.
    pub async fn request_parameter(&self, path: &str, verb: &str, name: &str, value: &str) {
        let patch = PatchOperation::builder().op(Op::Add).value(value);
        let patch = patch.path(format!("/requestParameters/integration.request.{name}")).build();
        let update = self.client.update_integration().rest_api_id(&self.id).resource_id(&self.resources[path]);
        update.http_method(verb).patch_operations(patch).send().await.expect("a request parameter");
    }

    /// Create method.
    pub async fn method(&self, path: &str, verb: &str, clicks: Clicks<'_>) {
        let Self { client, id, resources, .. } = self;
        let resource = &resources[path];
        let query = clicks.query.map(|name| (format!("method.request.querystring.{name}"), false));
        let method = client.put_method().rest_api_id(id).resource_id(resource).http_method(verb);
        let method = method.set_request_parameters(query.map(|one| HashMap::from([one])));
        method.authorization_type("NONE").send().await.expect("a method");
        let header = |name: &str| format!("method.response.header.{name}");
        let declared = clicks.headers.iter().map(|(name, _)| (header(name), false)).collect();
        let empty = HashMap::from([("application/json".to_owned(), "Empty".to_owned())]);
        let answer = client.put_method_response().rest_api_id(id).resource_id(resource).http_method(verb);
        let answer = answer.status_code("200").set_response_models(Some(empty)).set_response_parameters(Some(declared));
        answer.send().await.expect("a method response");

        let put = client.put_integration().rest_api_id(id).resource_id(resource).http_method(verb);
        let put = match clicks.action {
            Some(action) => put
                .r#type(IntegrationType::Aws)
                .integration_http_method("POST")
                .uri(format!("arn:aws:apigateway:{}:states:action/{action}", self.region))
                .credentials(&self.role),
            None => put.r#type(IntegrationType::Mock),
        };
        let behaviour = match clicks.template {
            _ if clicks.never => "NEVER",
            Some(_) if clicks.action.is_some() => "WHEN_NO_TEMPLATES",
            _ => "WHEN_NO_MATCH",
        };
        let put = put.passthrough_behavior(behaviour).set_request_templates(clicks.template.map(json));
        put.send().await.expect("an integration");
        let values = clicks.headers.iter().map(|(name, value)| (header(name), format!("'{value}'"))).collect();
        let answer = client.put_integration_response().rest_api_id(id).resource_id(resource).http_method(verb);
        let answer = answer.status_code("200").set_response_parameters(Some(values));
        answer.send().await.expect("an integration response");
        if let Some((pattern, template)) = clicks.refused {
            let answer = client.put_method_response().rest_api_id(id).resource_id(resource).http_method(verb);
            answer.status_code("400").send().await.expect("a method response");
            let answer = client.put_integration_response().rest_api_id(id).resource_id(resource).http_method(verb);
            let answer = answer.status_code("400").selection_pattern(pattern);
            answer.set_response_templates(Some(json(template))).send().await.expect("an integration response");
        }
    }

    /// Validate body, query string parameters and headers.
    pub async fn validate_all(&self, path: &str, verb: &str) {
        let make = self.client.create_request_validator().rest_api_id(&self.id).name("all");
        let made = make.validate_request_body(true).validate_request_parameters(true).send().await;
        let id = made.expect("a validator").id.expect("an id");
        let patch = PatchOperation::builder().op(Op::Replace).path("/requestValidatorId").value(id).build();
        let update = self.client.update_method().rest_api_id(&self.id).resource_id(&self.resources[path]);
        update.http_method(verb).patch_operations(patch).send().await.expect("a validator");
    }

    /// Override for a method: its rate.
    pub async fn throttle(&self, stage: &str, method: &str, rate: &str) {
        let path = format!("{method}/throttling/rateLimit");
        let patch = PatchOperation::builder().op(Op::Replace).path(path).value(rate).build();
        let update = self.client.update_stage().rest_api_id(&self.id).stage_name(stage);
        update.patch_operations(patch).send().await.expect("an override");
    }

    /// Deploy API, to a new or an existing stage.
    pub async fn deploy(&self, stage: &str) {
        let deploy = self.client.create_deployment().rest_api_id(&self.id).stage_name(stage);
        deploy.send().await.expect("a deployment");
    }

    /// The tutorial of AWS: a role, POST /execution, stage alpha.
    pub async fn tutorial(world: &'a World) -> Self {
        let mut console = Self::new(world, "us-east-1", "StartExecutionAPI").await;
        console.resource("execution").await;
        let start = Clicks { action: Some("StartExecution"), ..Clicks::default() };
        console.method("/execution", "POST", start).await;
        console.deploy("alpha").await;
        console
    }

    /// The course: POST and GET on the root, CORS, stage prod.
    pub async fn course(world: &'a World) -> Self {
        let console = Self::new(world, "us-east-2", "step functions API").await;
        let origin = ("Access-Control-Allow-Origin", "*");
        let start = Clicks { action: Some("StartExecution"), headers: &[origin], ..Clicks::default() };
        console.method("/", "POST", start).await;
        let describe = Clicks {
            action: Some("DescribeExecution"),
            query: Some("ExecutionARN"),
            template: Some("{\n    \"executionArn\": \"$input.params('ExecutionARN')\"\n}"),
            headers: &[origin],
            ..Clicks::default()
        };
        console.method("/", "GET", describe).await;
        let names = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token";
        let preflight = Clicks {
            template: Some(r#"{"statusCode": 200}"#),
            headers: &[
                ("Access-Control-Allow-Headers", names),
                ("Access-Control-Allow-Methods", "GET,OPTIONS,POST"),
                origin,
            ],
            ..Clicks::default()
        };
        console.method("/", "OPTIONS", preflight).await;
        let header =
            HashMap::from([("gatewayresponse.header.Access-Control-Allow-Origin".to_owned(), "'*'".to_owned())]);
        for kind in ["DEFAULT_4XX", "DEFAULT_5XX"] {
            let put = console.client.put_gateway_response().rest_api_id(&console.id).response_type(kind.into());
            put.set_response_parameters(Some(header.clone())).send().await.expect("a gateway response");
        }
        console.deploy("prod").await;
        console
    }

    /// URL of a path on a stage.
    pub fn url(&self, stage: &str, path: &str) -> String {
        let url = crate::world::env("STEPGATE_INVOKE_URL");
        format!("{}{path}", url.replace("{restApiId}", &self.id).replace("{stage}", stage))
    }

    /// Tags of the API.
    pub async fn tags(&self) -> HashMap<String, String> {
        let api = self.client.get_rest_api().rest_api_id(&self.id).send().await.expect("the API");
        api.tags.unwrap_or_default()
    }

    /// ARN of a state machine of the account.
    pub fn machine(&self, name: &str) -> String {
        self.world.aws.machine_arn(self.region, name)
    }
}
