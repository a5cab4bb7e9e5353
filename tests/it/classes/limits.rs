//! What classes do not let objects do.

use serde_json::{Value, json};

use super::{class, delete_class, set_class, spec, told};
use crate::references::waits;
use crate::samples::REGION;
use crate::world::{MachineKind, World};

/// What the class of the test is, what the spec has more, and what is said of it.
fn refusals(world: &World) -> Vec<(Value, String, String)> {
    let id = &world.aws.id;
    let machines = json!({"stateMachineArns": [format!("arn:aws:states:*:{id}:stateMachine:team-*")]});
    let roles = json!({"roleArns": [format!("arn:aws:iam::{id}:role/team/*")]});
    let boundary = json!({"permissionsBoundaryArn": format!("arn:aws:iam::{id}:policy/limit")});
    let role = |more: &str| format!("role: {{{more}}}");
    let own = format!("arn: 'arn:aws:iam::{id}:role/own'");
    let text = |text: &str| text.to_owned();
    vec![
        (
            json!({"namespaces": ["team-*"]}),
            text(""),
            format!("metadata.namespace: CLASS allows team-* only, not {}", world.kube.namespace),
        ),
        (
            json!({"regions": ["eu-west-1", "eu-central-1"]}),
            text(""),
            text("spec.region: CLASS allows eu-west-1, eu-central-1 only, not us-east-1"),
        ),
        (
            json!({"authorizationTypes": ["Cognito"]}),
            text(""),
            text("spec.methods[POST /run].authorization.type: CLASS allows Cognito only, not IAM"),
        ),
        (machines.clone(), text(""), text("spec.stateMachines[m].arn: CLASS allows arn:aws:states:*:")),
        (
            json!({"activityArns": [format!("arn:aws:states:*:{id}:activity:a")]}),
            text(""),
            text("spec.stateMachines[m].arn: CLASS allows none, not arn:aws:states:"),
        ),
        (
            roles.clone(),
            role(&own),
            format!("spec.role.arn: CLASS allows arn:aws:iam::{id}:role/team/* only, not arn:aws:iam::{id}:role/own"),
        ),
        (boundary.clone(), role(&own), text("spec.role.arn: CLASS allows none, not arn:aws:iam::")),
        (
            boundary,
            role(&format!("permissionsBoundaryArn: 'arn:aws:iam::{id}:policy/other'")),
            format!("spec.role.permissionsBoundaryArn: CLASS has arn:aws:iam::{id}:policy/limit; leave this out"),
        ),
        (
            json!({"rolePath": "/team/"}),
            role("path: /teams/"),
            text("spec.role.path: CLASS has /team/; leave this out, or name a path below it"),
        ),
        (
            json!({"managedPolicyArns": [format!("arn:aws:iam::{id}:policy/team-*")]}),
            role("managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']"),
            text("spec.role.managedPolicyArns[0]: CLASS allows arn:aws:iam::"),
        ),
        (
            machines.clone(),
            role("managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']"),
            text("spec.role.managedPolicyArns[0]: CLASS allows none, not arn:aws:iam::aws:policy/AdministratorAccess"),
        ),
        (
            machines.clone(),
            role(&format!("stateMachineArns: ['arn:aws:states:us-east-1:{id}:stateMachine:*']")),
            text("spec.role.stateMachineArns[0]: CLASS allows arn:aws:states:*:"),
        ),
        (
            machines,
            role("unscopedActions: [ListStateMachines]"),
            text("spec.role.unscopedActions: CLASS does not allow what reaches all"),
        ),
    ]
}

#[tokio::test]
async fn what_a_class_does_not_allow_is_refused_until_the_class_does() {
    let world = World::new("class-no").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    for (rules, more, says) in refusals(&world) {
        set_class(&world, rules).await;
        world.kube.apply_spec("api", &spec(&world, "Hello", &more)).await.expect("the spec applies");
        let says = says.replace("CLASS", &format!("StepFunctionsApiClass {}", class(&world)));
        // The spec may be right, and the class be changed.
        waits(&told(&world, "api", "ReferenceInvalid", &says).await);
        // The next class would allow it.
        world.kube.delete("api").await;
    }
    assert_eq!(world.aws.writes().await, []);
    world.kube.apply_spec("api", &spec(&world, "Hello", "")).await.expect("the spec applies");
    set_class(&world, json!({"stateMachineArns": [world.aws.machine_arn(REGION, "Hello")]})).await;
    world.kube.wait_ready("api").await;
    // The last good state keeps serving.
    set_class(&world, json!({"regions": ["eu-west-1"]})).await;
    told(&world, "api", "ReferenceInvalid", "spec.region").await;
    assert_eq!(world.aws.leftovers(REGION).await.len(), 2);
    delete_class(&world).await;
    world.kube.delete("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_test_reaches_no_machine_that_the_class_does_not_allow() {
    let world = World::new("class-test").await;
    let _controller = world.controller().await;
    let (served, other) = (world.aws.machine_arn(REGION, "Hello"), world.aws.machine_arn(REGION, "Other"));
    set_class(&world, json!({"stateMachineArns": [served]})).await;
    let spec = spec(&world, "Hello", "")
        .replace(&format!("arn: '{served}'"), "stageVariable: machine")
        .replace("{name: live}", &format!("{{name: live, variables: {{machine: '{served}'}}}}"))
        .replace(
            "stateMachine: m}",
            &format!(
                "stateMachine: m, tests: [{{name: t, startsExecution: true, stageVariables: {{machine: '{other}'}}}}]}}"
            ),
        );
    world.aws.forget_calls().await;
    world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    let says =
        format!("spec.methods[POST /run].tests[t].stageVariables.machine: StepFunctionsApiClass {}", class(&world));
    waits(&told(&world, "api", "ReferenceInvalid", &says).await);
    assert_eq!(world.aws.writes().await, []);
    delete_class(&world).await;
}

#[tokio::test]
async fn what_was_made_under_other_limits_is_not_served_again() {
    let world = World::new("class-pin").await;
    for machine in ["Hello", "Other"] {
        world.aws.machine(REGION, machine, MachineKind::Standard).await;
    }
    let _controller = world.controller().await;
    let open = spec(&world, "Other", "").replace(&format!("className: {}\n", class(&world)), "");
    let open = open.replace("stateMachine: m}", "stateMachine: m, authorization: {type: None}}");
    world.kube.apply_spec("api", &open).await.expect("the spec applies");
    let revision = world.kube.wait_ready("api").await.status.and_then(|status| status.revision).expect("a revision");
    let only_hello = json!({"stateMachineArns": [world.aws.machine_arn(REGION, "Hello")]});
    set_class(&world, only_hello.clone()).await;

    // A pin to what no class limited, beside a spec that is within the limits.
    let pinned = |revision: &str| {
        let pin = format!("{{name: live, deployment: {{pin: {revision}}}}}");
        spec(&world, "Hello", "").replace("{name: live}", &pin)
    };
    world.aws.forget_calls().await;
    world.kube.apply_spec("api", &pinned(&revision)).await.expect("the spec applies");
    let says = format!("spec.stages[live].deployment: revision {revision} was not made under the limits");
    told(&world, "api", "Invalid", &says).await;
    assert_eq!(world.aws.writes().await, []);
    world.kube.apply_spec("api", &spec(&world, "Hello", "")).await.expect("the spec applies");
    let first = world.kube.wait_ready("api").await.status.and_then(|status| status.revision).expect("a revision");

    // Within the same limits one may go back, and not when they have changed.
    world.kube.apply_spec("api", &spec(&world, "Hello", "description: second")).await.expect("the spec applies");
    let methods = spec(&world, "Hello", "").replace("path: /run", "path: /go");
    world.kube.apply_spec("api", &methods).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    let back = pinned(&first).replace("path: /run", "path: /go");
    world.kube.apply_spec("api", &back).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    set_class(&world, json!({"authorizationTypes": ["IAM", "Cognito"]})).await;
    told(&world, "api", "Invalid", &format!("revision {first} was not made under the limits")).await;

    // What an adopted API has beside the spec is under no limits.
    let adopting = spec(&world, "Hello", "adopt: {restApiId: a1b2c3d4e5}");
    world.kube.apply_spec("adopting", &adopting).await.expect("the spec applies");
    told(&world, "adopting", "ReferenceInvalid", "spec.adopt.prune: StepFunctionsApiClass class-").await;
    delete_class(&world).await;
}

#[tokio::test]
async fn what_is_refused_of_what_a_class_gives_names_the_class() {
    let world = World::new("class-given").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    set_class(&world, json!({})).await;
    world.kube.apply_spec("api", &spec(&world, "Hello", "")).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    set_class(&world, json!({"rolePath": "/team/"})).await;
    let says = format!("(spec.role.path is from StepFunctionsApiClass {})", class(&world));
    told(&world, "api", "Invalid", &says).await;
    delete_class(&world).await;
}
