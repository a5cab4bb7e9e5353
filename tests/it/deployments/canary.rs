//! Canaries of a new revision.

use serde_json::{Value, json};

use super::{REGION, Releases, pin, unpin};

#[tokio::test]
async fn canary_tries_the_new_revision_and_is_promoted_or_given_up() {
    let mut api = Releases::new("canary").await;
    let first = api.status().await.revision.expect("a revision");
    api.change(|spec| pin(spec, 1, &first)).await;
    api.change(|spec| spec["stages"][1]["canary"] = json!({"percent": 100})).await;
    let second = api.release(2).await;
    // All calls of a canary of 100 %.
    api.until_serves("prod", 2).await;
    assert_eq!(api.stage("prod").await.revision, first);
    assert_eq!(api.allowed().await, ["v1", "v2"]);
    api.nothing_more_is_written("canary").await;
    assert_eq!(api.change(|spec| spec["stages"][1]["canary"]["percent"] = json!(0.5)).await, ["UpdateStage"]);
    let id = api.status().await.rest_api_id.expect("an API");
    let prod = api.world.aws.apigateway_json(REGION, &format!("restapis/{id}/stages/prod")).await;
    assert_eq!(prod["canarySettings"]["percentTraffic"], 0.5);
    let canary = api.stage("prod").await.canary.expect("a canary");
    assert_eq!((canary.percent, &canary.revision), (0.5, &second));
    assert_eq!(prod["canarySettings"]["deploymentId"], canary.deployment_id);
    assert_ne!(prod["canarySettings"]["deploymentId"], prod["deploymentId"]);

    // Given up: the stage is what it was.
    let remove = |spec: &mut Value| drop(spec["stages"][1].as_object_mut().expect("a stage").remove("canary"));
    assert_eq!(api.change(remove).await, ["UpdateStage"]);
    assert_eq!(api.stage("prod").await.canary, None);
    api.until_serves("prod", 1).await;

    // Tried again, and promoted.
    api.change(|spec| spec["stages"][1]["canary"] = json!({"percent": 10})).await;
    let promote = |spec: &mut Value| {
        remove(spec);
        unpin(spec, 1);
    };
    assert_eq!(api.change(promote).await, ["UpdateStage", "PutRolePolicy"]);
    api.until_serves("prod", 2).await;
    assert_eq!((api.stage("prod").await.revision, api.allowed().await), (second, vec!["v2".to_owned()]));

    api.spec["stages"][1]["canary"] = json!({"percent": 10});
    let refused = api.world.kube.apply_spec("api", &api.spec.to_string()).await.expect_err("refused");
    assert!(refused.contains("a canary without variables needs deployment"), "{refused}");
}
