//! Settings of a stage that are changed by hand.

use aws_sdk_apigateway::types::Op;

use super::{NAME, Orders, REGION};
use crate::world::eventually;

/// What is changed by hand, and the line that says how it is healed.
type Drift = (&'static [(Op, &'static str, Option<&'static str>)], &'static str);

#[rustfmt::skip]
const DRIFTS: &[Drift] = &[
    (&[(Op::Replace, "/description", Some("theirs"))], r#"stage/prod description: "theirs" -> "What customers use""#),
    (&[(Op::Replace, "/variables/more", Some("x"))], r#"stage/prod variables.more: "x" -> (none)"#),
    (&[(Op::Replace, "/tracingEnabled", Some("false"))], "stage/prod tracing: false -> true"),
    (&[(Op::Replace, "/*/*/throttling/rateLimit", Some("50"))], "stage/prod throttling.rateLimit: 50 -> 100"),
    (&[(Op::Replace, "/*/*/throttling/burstLimit", Some("7"))], "stage/prod throttling.burstLimit: 7 -> 50"),
    (&[(Op::Replace, "/*/*/logging/loglevel", Some("OFF"))], r#"stage/prod logging.level: "Off" -> "Error""#),
    (&[(Op::Replace, "/*/*/logging/dataTrace", Some("true"))], "stage/prod logging.dataTrace: true -> false"),
    (&[(Op::Replace, "/*/*/metrics/enabled", Some("false"))], "stage/prod metrics: false -> true"),
    (&[(Op::Replace, "/*/*/caching/enabled", Some("false"))], "stage/prod cache.enabled: false -> true"),
    (&[(Op::Replace, "/*/*/caching/ttlInSeconds", Some("60"))], "stage/prod cache.ttlSeconds: 60 -> 10"),
    (&[(Op::Replace, "/*/*/caching/dataEncrypted", Some("false"))], "stage/prod cache.encrypted: false -> true"),
    (&[(Op::Replace, "/*/*/caching/requireAuthorizationForCacheControl", Some("false"))], "stage/prod cache.requireAuthorization: false -> true"),
    (&[(Op::Replace, "/*/*/caching/unauthorizedCacheControlHeaderStrategy", Some("SUCCEED_WITH_RESPONSE_HEADER"))], r#"stage/prod cache.unauthorized: "SucceedWithResponseHeader" -> "FailWith403""#),
    (&[(Op::Remove, "/*/*", None)], r#"stage/prod throttling: (none) -> {"burstLimit":50,"rateLimit":100}"#),
    (&[(Op::Replace, "/cacheClusterEnabled", Some("false"))], r#"stage/prod cache.size: (none) -> "0.5""#),
    (&[(Op::Replace, "/cacheClusterSize", Some("1.6"))], r#"stage/prod cache.size: "1.6" -> "0.5""#),
    (&[(Op::Replace, "/~1orders/POST/throttling/rateLimit", Some("50"))], "stage/prod methods[POST /orders].throttling.rateLimit: 50 -> 20"),
    (&[(Op::Replace, "/~1orders/POST/logging/loglevel", Some("ERROR"))], r#"stage/prod methods[POST /orders].logging.level: "Error" -> "Info""#),
    (&[(Op::Replace, "/~1orders/GET/caching/ttlInSeconds", Some("9"))], "stage/prod methods[GET /orders].cache.ttlSeconds: 9 -> 2"),
    (&[(Op::Remove, "/~1orders/GET", None)], "stage/prod methods[GET /orders].cache: (none) -> {"),
    (&[(Op::Replace, "/~1/GET/metrics/enabled", Some("true"))], "stage/prod methods[GET /].cache: {"),
    (&[(Op::Replace, "/canarySettings/percentTraffic", Some("90"))], "stage/prod canary.percent: 90 -> 10"),
    (&[(Op::Replace, "/canarySettings/stageVariableOverrides/more", Some("x"))], r#"stage/prod canary.variables.more: "x" -> (none)"#),
    (&[(Op::Replace, "/canarySettings/useStageCache", Some("true"))], "stage/prod canary.useStageCache: true -> false"),
    (&[(Op::Remove, "/canarySettings", None)], "stage/prod canary.percent: (none) -> 10"),
    (&[(Op::Replace, "/accessLogSettings/format", Some("$context.requestId"))], r#"stage/prod accessLog.format: "$context.requestId" -> "#),
    (&[(Op::Remove, "/accessLogSettings", None)], "stage/prod accessLog.destinationArn: (none) -> "),
    (&[(Op::Replace, "/clientCertificateId", Some(""))], "stage/prod clientCertificate: (none) -> "),
];

#[tokio::test]
async fn every_setting_changed_by_hand_is_healed_and_said_in_an_event() {
    let orders = Orders::new("drifts").await;
    let mut before = orders.stage("prod").await;
    let mut wrong = Vec::new();
    for (number, (operations, line)) in DRIFTS.iter().enumerate() {
        orders.by_hand(operations).await;
        orders.world.kube.check_now(NAME, &number.to_string()).await;
        orders.world.kube.wait_ready(NAME).await;
        let mut after = orders.stage("prod").await;
        for stage in [&mut before, &mut after] {
            stage.as_object_mut().expect("a stage").remove("lastUpdatedDate");
        }
        if before != after {
            wrong.push(format!("{operations:?}: {before} became {after}"));
        }
        eventually(&format!("an event that says {line}"), || async {
            let events = orders.world.kube.events(NAME).await;
            let said = events.iter().any(|(reason, note)| reason == "DriftHealed" && note.contains(line));
            if said { Ok(()) } else { Err(format!("{events:#?}")) }
        })
        .await;
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), DRIFTS.len(), wrong.join("\n"));
    // A certificate that is gone is made again.
    let (lost, _) = orders.certificates().await.pop_first().expect("a certificate");
    orders.by_hand(&[(Op::Replace, "/clientCertificateId", Some(""))]).await;
    let gateway = orders.world.aws.apigateway(REGION);
    gateway.delete_client_certificate().client_certificate_id(&lost).send().await.expect("it goes");
    orders.world.kube.check_now(NAME, "lost").await;
    let (new, _) = orders.certificates().await.pop_first().expect("a new one");
    assert_ne!(new, lost);
    assert_eq!(orders.stage("prod").await["clientCertificateId"], new);
}
