//! Custom domain names: calls come by them, what is someone else's stays, and what is ours goes with the object.

use aws_sdk_apigateway::types::{EndpointConfiguration, EndpointType, Op, PatchOperation};
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};
use stepgate::api::StepFunctionsApi;

use crate::samples::{self, REGION, spec};
use crate::world::{Answer, MachineKind, World, condition, env, eventually, quotas_to_refill};

/// A name that no other test has: a domain name is used once in all of AWS.
fn name(world: &World) -> String {
    format!("{}.example.com", world.kube.namespace)
}

fn certificate(world: &World, id: &str) -> String {
    format!("arn:aws:acm:{REGION}:{}:certificate/{id}", world.aws.id)
}

fn with_domains(world: &World, domains: &str) -> String {
    format!("{}domains:\n{domains}", spec(world))
}

/// The whole name, created with that certificate.
fn own(world: &World) -> String {
    format!("- {{name: {}, stage: live, certificateArn: '{}'}}\n", name(world), certificate(world, "1"))
}

/// A call that comes by a domain name.
pub fn call(domain: &str, path: &str) -> reqwest::RequestBuilder {
    let request = reqwest::Client::new().post(format!("{}{path}", env("AWS_ENDPOINT_URL")));
    request.header("Host", domain).header("Content-Type", "application/json").body("{}")
}

/// What each base path of a domain name is mapped to: path, API and stage.
async fn mappings(world: &World, domain: &str) -> Vec<(String, String, String)> {
    let found = world.aws.apigateway(REGION).get_base_path_mappings().domain_name(domain).send().await;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let mut all: Vec<_> = found
        .map(|answer| answer.items.unwrap_or_default())
        .unwrap_or_default()
        .iter()
        .map(|mapping| (text(mapping.base_path()), text(mapping.rest_api_id()), text(mapping.stage())))
        .collect();
    all.sort();
    all
}

pub async fn domain_names(world: &World) -> Vec<String> {
    let found = world.aws.apigateway(REGION).get_domain_names().limit(500).send().await.expect("domain names");
    found.items().iter().map(|domain| domain.domain_name().unwrap_or_default().to_owned()).collect()
}

async fn foreign_domain(world: &World, domain: &str) {
    let endpoint = EndpointConfiguration::builder().types(EndpointType::Regional).build();
    let create = world.aws.apigateway(REGION).create_domain_name().domain_name(domain).endpoint_configuration(endpoint);
    create.regional_certificate_arn(certificate(world, "theirs")).send().await.expect("a domain name");
}

/// An API of someone else's with a stage `theirs`.
async fn foreign_api(world: &World) -> String {
    let gateway = world.aws.apigateway(REGION);
    let id = gateway.create_rest_api().name("foreign").send().await.expect("an API").id.expect("an id");
    let document = json!({"openapi": "3.0.1", "info": {"title": "foreign", "version": "1"}, "paths": {"/x": {"get": {
        "responses": {}, "x-amazon-apigateway-integration": {"type": "mock"},
    }}}});
    let body = aws_sdk_apigateway::primitives::Blob::new(document.to_string());
    gateway.put_rest_api().rest_api_id(&id).body(body).send().await.expect("a definition");
    let deployment = gateway.create_deployment().rest_api_id(&id).send().await.expect("a deployment");
    let stage = gateway.create_stage().rest_api_id(&id).stage_name("theirs");
    stage.deployment_id(deployment.id().expect("an id")).send().await.expect("a stage");
    id
}

async fn settled(world: &World, request: &str) {
    world.aws.forget_calls().await;
    world.kube.check_now("api", request).await;
    assert_eq!(world.aws.writes().await, Vec::new(), "a settled object");
}

fn message(object: &StepFunctionsApi) -> String {
    condition(object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default()
}

#[tokio::test]
async fn example_leads_two_paths_of_a_name_to_two_stages() {
    let world = World::new("custom-domain").await;
    world.aws.machine(REGION, "HelloWorld", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let domain = name(&world);
    let example = world.example("custom-domain").replace("name: api.example.com", &format!("name: {domain}"));
    let example = example.replace("spec:\n", "spec:\n  outputs: {configMap: urls}\n");
    world.kube.apply(&example).await.expect("the example applies");
    let object = world.kube.wait_ready("custom-domain").await;
    assert_eq!(condition(&object, "DomainsReady").map(|ready| ready.status.as_str()), Some("True"));
    let status = object.status.expect("a status");
    let id = status.rest_api_id.clone().expect("an id");
    assert_eq!(
        mappings(&world, &domain).await,
        [("orders".into(), id.clone(), "prod".into()), ("orders-next".into(), id.clone(), "next".into())]
    );
    let [told] = status.domains.as_slice() else { panic!("{:?}", status.domains) };
    let found = world.aws.apigateway(REGION).get_domain_name().domain_name(&domain).send().await.expect("the name");
    assert_eq!(told.target.as_deref(), found.regional_domain_name());
    assert_eq!(told.hosted_zone_id.as_deref(), found.regional_hosted_zone_id());
    assert_eq!(told.state.as_deref(), Some("AVAILABLE"));
    assert_eq!(told.urls[0].url, format!("https://{domain}/orders"));
    let outputs = world.kube.api::<ConfigMap>().get("urls").await.expect("the ConfigMap").data.unwrap_or_default();
    assert_eq!(outputs["next.domain.url"], format!("https://{domain}/orders-next"));
    assert_eq!(found.security_policy().map(|policy| policy.as_str()), Some("TLS_1_2"));
    assert!(found.tags().is_some_and(|tags| tags.contains_key("stepgate.dev/owner")), "{found:?}");

    for path in ["/orders/start", "/orders-next/start"] {
        let answer = Answer::until(200, || call(&domain, path)).await;
        assert!(answer.body.contains("executionArn"), "{answer:?}");
    }
    assert_eq!(Answer::of(call(&domain, "/start")).await.status, 403);
    world.aws.forget_calls().await;
    world.kube.check_now("custom-domain", "again").await;
    assert_eq!(world.aws.writes().await, Vec::new());

    world.kube.delete("custom-domain").await;
    assert_eq!(domain_names(&world).await, Vec::<String>::new());
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn changed_entries_move_mappings_and_certificate() {
    let world = samples::world("moved-domain").await;
    let _controller = world.controller().await;
    let domain = name(&world);
    world.kube.apply_spec("api", &with_domains(&world, &own(&world))).await.expect("it applies");
    world.kube.wait_ready("api").await;
    Answer::until(200, || call(&domain, "/run")).await;
    let machine = world.aws.machine_arn(REGION, "hello");

    // Another certificate and policy, another path, and the stage that was mapped is replaced.
    let entry = format!(
        "- {{name: {domain}, basePath: v2, stage: second, certificateArn: '{}', securityPolicy: TLS_1_0}}\n",
        certificate(&world, "2")
    );
    let moved = with_domains(&world, &entry).replace(
        &format!("name: live, variables: {{arn: '{machine}', note: first}}"),
        &format!("name: second, variables: {{arn: '{machine}'}}"),
    );
    world.kube.apply_spec("api", &moved).await.expect("it applies");
    let object = world.kube.wait_ready("api").await;
    let id = object.status.and_then(|status| status.rest_api_id).expect("an id");
    assert_eq!(mappings(&world, &domain).await, [("v2".into(), id, "second".into())]);
    let found = world.aws.apigateway(REGION).get_domain_name().domain_name(&domain).send().await.expect("the name");
    assert_eq!(found.regional_certificate_arn(), Some(certificate(&world, "2").as_str()));
    assert_eq!(found.security_policy().map(|policy| policy.as_str()), Some("TLS_1_0"));
    Answer::until(200, || call(&domain, "/v2/run")).await;
    settled(&world, "again").await;

    // Another type of endpoint takes steps that are not made behind anybody's back.
    let edge = moved.replace("securityPolicy", "endpointType: Edge, securityPolicy");
    world.kube.apply_spec("api", &edge).await.expect("it applies");
    let object = world.kube.wait("api", "False", "Invalid").await;
    assert!(
        message(&object).contains("endpointType: ") && message(&object).contains("set it back"),
        "{}",
        message(&object)
    );
    assert_eq!(Answer::of(call(&domain, "/v2/run")).await.status, 200);

    // Without the entry the name goes, and nobody asks for it any more.
    world.kube.apply_spec("api", &spec(&world)).await.expect("it applies");
    let object = world.kube.wait_ready("api").await;
    assert_eq!(domain_names(&world).await, Vec::<String>::new());
    assert!(object.status.expect("a status").domains.is_empty());
    world.aws.forget_calls().await;
    world.kube.check_now("api", "without").await;
    let asked = world.aws.calls().await;
    assert!(
        !asked.iter().any(|(_, operation)| operation.contains("Domain") || operation.contains("Mapping")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn name_of_someone_else_is_used_and_not_changed() {
    let world = samples::world("shared-domain").await;
    let _controller = world.controller().await;
    let domain = name(&world);
    let entry = format!("- {{name: {domain}, basePath: ours, stage: live}}\n");
    world.kube.apply_spec("api", &with_domains(&world, &entry)).await.expect("it applies");
    let object = world.kube.wait("api", "False", "NotFound").await;
    let told = format!("spec.domains[{domain}/ours]: domain name {domain} does not exist");
    assert!(message(&object).contains(&told), "{}", message(&object));
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new(), "nothing is written before");

    foreign_domain(&world, &domain).await;
    let theirs = foreign_api(&world).await;
    let gateway = world.aws.apigateway(REGION);
    let map = gateway.create_base_path_mapping().domain_name(&domain).base_path("theirs");
    map.rest_api_id(&theirs).stage("theirs").send().await.expect("a mapping");
    let object = world.kube.wait_ready("api").await;
    let id = object.status.and_then(|status| status.rest_api_id).expect("an id");
    Answer::until(200, || call(&domain, "/ours/run")).await;
    let both = [("ours".into(), id, "live".into()), ("theirs".into(), theirs, "theirs".to_owned())];
    assert_eq!(mappings(&world, &domain).await, both);
    settled(&world, "again").await;

    world.kube.delete("api").await;
    assert_eq!(mappings(&world, &domain).await, both[1..]);
    assert_eq!(domain_names(&world).await, [domain]);
}

#[tokio::test]
async fn path_and_name_of_someone_else_are_told_and_left_alone() {
    let world = samples::world("taken-domain").await;
    let _controller = world.controller().await;
    let domain = name(&world);
    foreign_domain(&world, &domain).await;
    let theirs = foreign_api(&world).await;
    let gateway = world.aws.apigateway(REGION);
    gateway
        .create_base_path_mapping()
        .domain_name(&domain)
        .rest_api_id(&theirs)
        .stage("theirs")
        .send()
        .await
        .expect("ok");
    let before = (mappings(&world, &domain).await, world.aws.leftovers(REGION).await);
    world.aws.forget_calls().await;
    for (entry, says) in [
        (
            format!("- {{name: {domain}, basePath: a, stage: live}}\n- {{name: {domain}, stage: live}}\n"),
            format!("spec.domains[{domain}/]: there is a mapping of {domain}/ to API {theirs}"),
        ),
        (own(&world), format!("domain name {domain} exists and does not carry this object's owner tag")),
    ] {
        world.kube.apply_spec("api", &with_domains(&world, &entry)).await.expect("it applies");
        let object = world.kube.wait("api", "False", "NotOwned").await;
        assert!(message(&object).contains(&says), "{}", message(&object));
    }
    assert_eq!(world.aws.writes().await, Vec::new());
    assert_eq!((mappings(&world, &domain).await, world.aws.leftovers(REGION).await), before);
}

#[tokio::test]
async fn name_that_others_use_is_not_deleted_under_them() {
    let world = samples::world("in-use").await;
    let _controller = world.controller().await;
    let domain = name(&world);
    world.kube.apply_spec("api", &with_domains(&world, &own(&world))).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let theirs = foreign_api(&world).await;
    let gateway = world.aws.apigateway(REGION);
    let map = gateway.create_base_path_mapping().domain_name(&domain).base_path("theirs");
    map.rest_api_id(&theirs).stage("theirs").send().await.expect("a mapping");
    settled(&world, "their mapping is no matter").await;

    let api: kube::Api<StepFunctionsApi> = world.kube.api();
    api.delete("api", &kube::api::DeleteParams::default()).await.expect("taken");
    let object = world.kube.wait("api", "False", "Conflict").await;
    assert!(
        message(&object).contains(&format!("remove the mappings {domain}/theirs (API {theirs})")),
        "{}",
        message(&object)
    );
    gateway.delete_base_path_mapping().domain_name(&domain).base_path("theirs").send().await.expect("it goes");
    world.kube.wait_gone("api").await;
    assert_eq!(domain_names(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_others_change_of_a_name_is_healed() {
    let world = samples::world("healed-domain").await;
    let _controller = world.controller().await;
    let domain = name(&world);
    world.kube.apply_spec("api", &with_domains(&world, &own(&world))).await.expect("it applies");
    world.kube.wait_ready("api").await;
    let gateway = world.aws.apigateway(REGION);
    gateway.delete_base_path_mapping().domain_name(&domain).base_path("(none)").send().await.expect("it goes");
    let weaker = PatchOperation::builder().op(Op::Replace).path("/securityPolicy").value("TLS_1_0").build();
    gateway.update_domain_name().domain_name(&domain).patch_operations(weaker).send().await.expect("it changes");
    quotas_to_refill().await;
    world.kube.check_now("api", "look").await;
    world.kube.wait_ready("api").await;
    Answer::until(200, || call(&domain, "/run")).await;
    let found = gateway.get_domain_name().domain_name(&domain).send().await.expect("the name");
    assert_eq!(found.security_policy().map(|policy| policy.as_str()), Some("TLS_1_2"));
    let events = world.kube.events("api").await;
    assert!(events.iter().any(|(reason, _)| reason == "DriftHealed"), "{events:?}");

    gateway.delete_domain_name().domain_name(&domain).send().await.expect("it goes");
    world.kube.check_now("api", "deleted").await;
    eventually("the name again", || async {
        let names = domain_names(&world).await;
        if names == [domain.clone()] { Ok(()) } else { Err(format!("{names:?}")) }
    })
    .await;
    world.kube.wait_ready("api").await;
    Answer::until(200, || call(&domain, "/run")).await;
    settled(&world, "again").await;
}

#[tokio::test]
async fn process_killed_after_any_call_makes_no_second_name_and_leaves_none() {
    let world = samples::world("killed-domain").await;
    let mut controller = world.controller().await;
    let domain = name(&world);
    for operation in ["CreateDomainName", "CreateBasePathMapping", "DeleteBasePathMapping", "DeleteDomainName"] {
        let fault = json!({"operation": operation, "when": "after", "action": "hang", "seconds": 1});
        world.aws.order_fault(fault).await;
        world.kube.apply_spec("api", &with_domains(&world, &own(&world))).await.expect("it applies");
        let struck = || async {
            let faults: Vec<Value> = world.aws.faults().await;
            if faults.iter().any(|fault| fault["struck"] == 1) { Ok(()) } else { Err(format!("{faults:?}")) }
        };
        if operation.starts_with("Delete") {
            world.kube.wait_ready("api").await;
            let api: kube::Api<StepFunctionsApi> = world.kube.api();
            api.delete("api", &kube::api::DeleteParams::default()).await.expect("taken");
            eventually("the cut", struck).await;
            controller.kill();
            controller = world.controller().await;
            world.kube.wait_gone("api").await;
        } else {
            eventually("the cut", struck).await;
            controller.kill();
            controller = world.controller().await;
            world.kube.wait_ready("api").await;
            assert_eq!(domain_names(&world).await, std::slice::from_ref(&domain));
            assert_eq!(mappings(&world, &domain).await.len(), 1);
            world.kube.delete("api").await;
        }
        world.aws.no_faults().await;
        assert_eq!(domain_names(&world).await, Vec::<String>::new(), "cut after {operation}");
    }
}
