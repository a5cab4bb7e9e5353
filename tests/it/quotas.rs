//! Many objects at once: AWS's quotas are used as far as they go, and never beyond.

use std::time::Instant;

use futures::future::join_all;
use serde_json::json;

use crate::world::{MachineKind, World, condition, env};

const REGION: &str = "us-east-1";
/// Seconds of AWS's from one deployment to the next; of all that a new API needs the slowest.
const DEPLOYMENT: f64 = 5.0;

/// Makes so many APIs at once with that share of the quotas, and says how long it took, as a multiple of what they allow at
/// best, and how many calls AWS refused.
async fn apis_at_once(name: &str, count: usize, share: f64) -> (f64, f64) {
    let scale: f64 = env("STRICT_SCALE").parse().expect("a number");
    let world = World::new(name).await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Standard).await;
    let spec = json!({
        "region": REGION,
        "stateMachines": [{"name": "m", "arn": machine}],
        "methods": [{
            "path": "/run", "method": "POST", "action": "StartExecution", "stateMachine": "m",
            "authorization": {"type": "None"},
        }],
        "stages": [{"name": "prod"}],
    });
    let spec = spec.to_string();
    let names: Vec<String> = (0..count).map(|number| format!("api-{number}")).collect();
    for name in &names {
        world.kube.apply_spec(name, &spec).await.expect("the spec applies");
    }
    let start = Instant::now();
    let share = (scale * share).to_string();
    let controller = world.controller_with(&[("STEPGATE_QUOTA_SHARE", &share)]).await;
    let mut told = String::new();
    loop {
        let objects = join_all(names.iter().map(|name| world.kube.get(name))).await;
        let ready = |wanted: &str| {
            let is = |object: &&_| condition(object, "Ready").is_some_and(|ready| ready.reason == wanted);
            objects.iter().find(is)
        };
        if let Some(waiting) = ready("Throttled") {
            assert_eq!(condition(waiting, "Reconciling").expect("Reconciling").status, "True");
            let message = &condition(waiting, "Ready").expect("Ready").message;
            // One that AWS refused after all says that.
            if !message.contains("TooManyRequestsException") {
                told.clone_from(message);
            }
        }
        let done = objects.iter().filter(|object| condition(object, "Ready").is_some_and(|c| c.status == "True"));
        if done.count() == count {
            break;
        }
        assert!(start.elapsed().as_secs() < 540, "{told}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let took = start.elapsed().as_secs_f64() * scale;
    let bound = (count - 1) as f64 * DEPLOYMENT;
    let metrics = controller.metrics().await;
    let refused = metrics.lines().filter(|line| line.contains(r#"outcome="throttled""#));
    let refused: Vec<&str> = refused.collect();
    refused.iter().for_each(|line| println!("{line}"));
    let refused =
        refused.iter().filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).fold(0.0, |sum, n| sum + n);
    println!(
        "{count} APIs: {took:.0} s of AWS's, {bound:.0} s at best, {:.2}; {refused} refused; {told}",
        took / bound
    );
    if !told.is_empty() {
        assert!(told.contains("its turn in AWS's quota of this operation is about 20"), "{told}");
        assert!(metrics.contains("stepgate_aws_calls_postponed_total{"), "{metrics}");
    }
    (took / bound, refused)
}

#[tokio::test]
async fn some_apis_at_once_keep_to_the_quotas_of_aws() {
    // Where time runs fast, a loaded machine brings two calls nearer to each other than they were made: a refusal or two
    // is its own.
    let (_, refused) = apis_at_once("some-apis", 10, 0.7).await;
    assert!(refused <= 2.0, "{refused}");
}

/// Needs a test bed of its own: `STRICT_SCALE=2 tests/testbed/bed up`, so that the machine is not what is measured.
#[tokio::test]
#[ignore = "takes minutes; part of make soak"]
async fn a_hundred_apis_at_once_take_as_long_as_aws_lets_them() {
    let (ratio, refused) = apis_at_once("hundred-apis", 100, 1.0).await;
    assert!(ratio <= 1.05 && refused == 0.0, "{ratio}, {refused} refused");
}
