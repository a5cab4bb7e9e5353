//! What others do to the draft and to what stages serve.

use aws_sdk_apigateway::types::IntegrationType;
use serde_json::json;

use super::{REGION, Releases, message, pin};
use crate::world::eventually;

/// A stage moved by hand.
async fn move_to(api: &Releases, stage: &str, deployment: &str) {
    let id = api.status().await.rest_api_id.expect("an API");
    api.world.aws.move_stage(REGION, &id, stage, deployment).await;
}

#[tokio::test]
async fn a_changed_draft_and_a_stage_that_was_moved_are_healed_and_told_apart() {
    let mut api = Releases::new("foreign-deploy").await;
    api.release(2).await;
    let (id, old) = {
        let status = api.status().await;
        (status.rest_api_id.expect("an API"), status.deployments[1].clone())
    };
    let gateway = api.world.aws.apigateway(REGION);
    let healed = async |request: &str, words: &str| {
        api.world.kube.check_now("api", request).await;
        eventually(words, || async {
            let events = api.world.kube.events("api").await;
            let found = events.iter().any(|(reason, note)| reason == "DriftHealed" && note.contains(words));
            if found { Ok(()) } else { Err(format!("{events:?}")) }
        })
        .await;
        api.until_serves("prod", 2).await;
    };

    move_to(&api, "prod", &old.id).await;
    healed(
        "moved",
        &format!(
            "stage prod had been moved to revision {0}: update stage prod (stage/prod revision: \"{0}\"",
            old.revision
        ),
    )
    .await;

    let root = api.world.aws.resource_id(REGION, &id, "/").await;
    let put = gateway.put_method().rest_api_id(&id).resource_id(&root).http_method("GET").authorization_type("NONE");
    put.send().await.expect("a method by hand");
    healed("draft", "the draft had been changed and not deployed: put definition").await;

    let put = gateway.put_method().rest_api_id(&id).resource_id(&root).http_method("GET").authorization_type("NONE");
    put.send().await.expect("a method by hand");
    let integration = gateway.put_integration().rest_api_id(&id).resource_id(&root).http_method("GET");
    integration.r#type(IntegrationType::Mock).send().await.expect("an integration by hand");
    let theirs = gateway.create_deployment().rest_api_id(&id).stage_name("prod").send().await.expect("a deployment");
    let theirs_id = theirs.id.unwrap_or_default();
    let theirs = format!("deployment {theirs_id} of someone else");
    healed("both", &format!("the draft had been changed; stage prod had been moved to {theirs}: ")).await;

    // What callers had there meanwhile.
    move_to(&api, "prod", &theirs_id).await;
    let was =
        format!("stage prod had been moved to {theirs}: update stage prod (stage/prod revision: \"{theirs}\" -> ");
    healed("moved again", &was).await;
    let events = api.world.kube.events("api").await;
    let gone = r#"stage/prod GET /: {"authorization":"NONE"} -> (none))"#;
    assert!(events.iter().any(|(_, note)| note.starts_with(&was) && note.ends_with(gone)), "{events:#?}");
    drop(api.controller);
}

#[tokio::test]
async fn after_the_api_was_deleted_all_is_made_anew_but_what_is_pinned_to_what_is_gone() {
    let mut api = Releases::new("foreign-gone").await;
    let first = api.status().await.revision.expect("a revision");
    api.release(2).await;
    api.change(|spec| pin(spec, 1, &first)).await;
    let id = api.status().await.rest_api_id.expect("an API");
    api.world.aws.apigateway(REGION).delete_rest_api().rest_api_id(&id).send().await.expect("it goes");
    api.world.kube.check_now("api", "gone").await;
    let told = message(&api.world.kube.wait("api", "False", "Invalid").await);
    assert!(told.contains("spec.stages[prod].deployment") && told.contains(&first), "{told}");
    let id = api.status().await.rest_api_id.expect("an API");
    let stages = api.world.aws.apigateway(REGION).get_stages().rest_api_id(&id).send().await.expect("stages");
    let names: Vec<&str> = stages.item().iter().filter_map(|stage| stage.stage_name()).collect();
    assert_eq!(names, ["alpha"]);
    api.nothing_more_is_written("again").await;

    api.change(|spec| super::unpin(spec, 1)).await;
    api.until_serves("alpha", 2).await;
    api.until_serves("prod", 2).await;
}

#[tokio::test]
async fn what_leads_to_a_stage_that_cannot_be_made_hinders_nothing_and_all_is_told() {
    let mut api = Releases::new("foreign-led").await;
    let first = api.status().await.revision.expect("a revision");
    let second = api.release(2).await;
    let host = format!("{}.example.com", api.world.kube.namespace);
    let certificate = format!("arn:aws:acm:{REGION}:{}:certificate/1", api.world.aws.id);
    let domain = |stage: &str| json!({"name": host, "basePath": stage, "stage": stage, "certificateArn": certificate});
    api.change(|spec| {
        pin(spec, 1, &first);
        spec["usagePlans"] = json!([{"name": "basic", "stages": [{"name": "alpha"}, {"name": "prod"}]}]);
        spec["domains"] = json!([domain("alpha"), domain("prod")]);
    })
    .await;
    let id = api.status().await.rest_api_id.expect("an API");
    let gateway = api.world.aws.apigateway(REGION);
    // Else AWS refuses.
    for path in ["alpha", "prod"] {
        let delete = gateway.delete_base_path_mapping().domain_name(&host).base_path(path);
        delete.send().await.expect("a mapping less");
    }
    gateway.delete_rest_api().rest_api_id(&id).send().await.expect("it goes");
    api.world.kube.check_now("api", "gone").await;
    let told = message(&api.world.kube.wait("api", "False", "Invalid").await);
    assert!(told.ends_with(&format!("no deployment holds revision {first}; there are {second}")), "{told}");
    let mappings = gateway.get_base_path_mappings().domain_name(&host).send().await.expect("mappings");
    let paths: Vec<&str> = mappings.items().iter().filter_map(|mapping| mapping.base_path()).collect();
    assert_eq!(paths, ["alpha"]);
    eventually("the event", || async {
        let events = api.world.kube.events("api").await;
        let told = |note: &str| note.contains("had been deleted") && note.contains("create stage alpha");
        let found = events.iter().any(|(reason, note)| reason == "DriftHealed" && told(note));
        if found { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    api.nothing_more_is_written("again").await;
    api.change(|spec| super::unpin(spec, 1)).await;
    api.until_serves("prod", 2).await;
    let mappings = gateway.get_base_path_mappings().domain_name(&host).send().await.expect("mappings");
    assert_eq!(mappings.items().len(), 2);
}

#[tokio::test]
async fn what_others_deleted_is_not_listed_any_more_once_a_stage_is_to_serve_it() {
    let mut api = Releases::new("foreign-less").await;
    let first = api.status().await.revision.expect("a revision");
    let second = api.release(2).await;
    let status = api.status().await;
    let (id, old) = (status.rest_api_id.expect("an API"), &status.deployments[1].id);
    let gateway = api.world.aws.apigateway(REGION);
    gateway.delete_deployment().rest_api_id(id).deployment_id(old).send().await.expect("a deployment less");
    pin(&mut api.spec, 1, &first);
    api.apply().await;
    let told = message(&api.world.kube.wait("api", "False", "Invalid").await);
    assert!(told.ends_with(&format!("no deployment holds revision {first}; there are {second}")), "{told}");
    let listed: Vec<String> = api.status().await.deployments.into_iter().map(|found| found.revision).collect();
    assert_eq!(listed, [second.as_str()]);
    api.change(|spec| super::unpin(spec, 1)).await;
    api.nothing_more_is_written("unpinned").await;
}

#[tokio::test]
async fn a_stage_that_was_moved_off_a_deployment_that_was_deleted_gets_another_or_it_is_said() {
    let mut api = Releases::new("foreign-moved").await;
    let first = api.status().await.revision.expect("a revision");
    let second = api.release(2).await;
    api.change(|spec| pin(spec, 1, &first)).await;
    let status = api.status().await;
    let id = status.rest_api_id.expect("an API");
    let held = |revision: &str| status.deployments.iter().find(|d| d.revision == revision).expect("it").id.clone();
    let (old, new) = (held(&first), held(&second));
    let gateway = api.world.aws.apigateway(REGION);
    let delete = async |deployment: &str| {
        gateway.delete_deployment().rest_api_id(&id).deployment_id(deployment).send().await.expect("one less");
    };
    // What the spec describes is deployed anew.
    move_to(&api, "alpha", &old).await;
    delete(&new).await;
    api.world.kube.check_now("api", "newest").await;
    let object = api.world.kube.wait_ready("api").await;
    let refused = async || api.world.kube.events("api").await.iter().any(|(reason, _)| reason == "Refused");
    assert!(!refused().await);
    assert_eq!(object.status.expect("a status").deployments.len(), 2);
    eventually("the event", || async {
        let events = api.world.kube.events("api").await;
        let words = format!(
            "the deployment of revision {second} had been deleted; stage alpha had been moved to revision {first}"
        );
        let told = events.iter().any(|(reason, note)| reason == "DriftHealed" && note.contains(&words));
        if told { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    api.until_serves("alpha", 2).await;

    // What it does not describe any more cannot be.
    let new = api.stage("alpha").await.deployment_id;
    move_to(&api, "prod", &new).await;
    delete(&old).await;
    api.world.kube.check_now("api", "pinned").await;
    let told = message(&api.world.kube.wait("api", "False", "Invalid").await);
    assert!(told.ends_with(&format!("no deployment holds revision {first}; there are {second}")), "{told}");
    assert!(!refused().await);
    let prod = api.stage("prod").await;
    assert_eq!((prod.revision, prod.deployment_id), (second, new));
    drop(api.controller);
}
