//! The created role's name, path and permissions boundary.

use serde_json::json;

use crate::samples::{self, REGION};
use crate::world::{Answer, MachineKind, World, condition, eventually, post};

async fn roles(world: &World) -> Vec<(String, String, Option<String>)> {
    let iam = world.aws.iam();
    let listed = iam.list_roles().max_items(1000).send().await.expect("roles");
    let mut found = Vec::new();
    for role in listed.roles() {
        let role = iam.get_role().role_name(role.role_name()).send().await.expect("a role").role.expect("a role");
        let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
        found.push((role.role_name().to_owned(), role.path().to_owned(), boundary.map(str::to_owned)));
    }
    found.sort();
    found
}

#[tokio::test]
async fn name_path_and_boundary_are_those_of_the_spec_and_changes_heal() {
    let world = samples::world("role").await;
    let _controller = world.controller().await;
    let iam = world.aws.iam();
    let allow =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "states:*", "Resource": "*"}]});
    for name in ["limit", "limit2"] {
        iam.create_policy().policy_name(name).policy_document(allow.to_string()).send().await.expect("a policy");
    }
    let boundary = |name: &str| format!("arn:aws:iam::{}:policy/{name}", world.aws.id);
    let spec = |role: &str| format!("role: {role}\n{}", samples::spec(&world));
    let apply = async |role: String| world.kube.apply_spec("api", &spec(&role)).await.expect("the spec applies");

    apply(format!("{{name: api-role, path: /apis/, permissionsBoundaryArn: '{}'}}", boundary("limit"))).await;
    let status = world.kube.wait_ready("api").await.status.expect("a status");
    assert_eq!(status.role_arn, Some(format!("arn:aws:iam::{}:role/apis/api-role", world.aws.id)));
    let named = |name: &str, limit: Option<&str>| (name.to_owned(), "/apis/".to_owned(), limit.map(boundary));
    assert_eq!(roles(&world).await, [named("api-role", Some("limit"))]);
    let url = status.endpoints[0].url.clone();
    Answer::until(200, || post(&url, "application/json", "{}")).await;
    world.aws.forget_calls().await;
    world.kube.check_now("api", "settled").await;
    assert_eq!(world.aws.writes().await, []);

    // A foreign change is healed, another boundary set, and taken away.
    iam.delete_role_permissions_boundary().role_name("api-role").send().await.expect("it goes");
    world.kube.check_now("api", "foreign").await;
    assert_eq!(roles(&world).await, [named("api-role", Some("limit"))]);
    apply(format!("{{name: api-role, path: /apis/, permissionsBoundaryArn: '{}'}}", boundary("limit2"))).await;
    world.kube.wait_ready("api").await;
    assert_eq!(roles(&world).await, [named("api-role", Some("limit2"))]);
    apply("{name: api-role, path: /apis/}".to_owned()).await;
    world.kube.wait_ready("api").await;
    assert_eq!(roles(&world).await, [named("api-role", None)]);

    // Another path needs another name; with one, the new role is there before the old one goes.
    apply("{name: api-role, path: /other/}".to_owned()).await;
    let object = world.kube.wait("api", "False", "Invalid").await;
    let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    assert!(message.starts_with("spec.role.path: role api-role has path /apis/, which IAM cannot change"), "{message}");
    world.aws.forget_calls().await;
    apply("{name: api-role-2, path: /other/}".to_owned()).await;
    world.kube.wait_ready("api").await;
    let writes: Vec<String> = world.aws.writes().await.into_iter().map(|(_, operation)| operation).collect();
    let at = |name: &str| {
        writes.iter().position(|operation| operation == name).unwrap_or_else(|| panic!("{name}: {writes:?}"))
    };
    assert!(at("CreateRole") < at("PutRestApi") && at("UpdateStage") < at("DeleteRole"), "{writes:?}");
    assert_eq!(roles(&world).await, [("api-role-2".to_owned(), "/other/".to_owned(), None)]);
    eventually("calls with the new role", || async {
        let answer = Answer::of(post(&url, "application/json", "{}")).await;
        if answer.status == 200 { Ok(()) } else { Err(format!("{answer:?}")) }
    })
    .await;

    // Back to the derived name, then everything goes.
    world.kube.apply_spec("api", &samples::spec(&world)).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    let now = roles(&world).await;
    assert!(now.len() == 1 && now[0].0.starts_with("stepgate-"), "{now:?}");
    apply("{name: last}".to_owned()).await;
    world.kube.wait_ready("api").await;
    world.kube.delete("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_role_of_that_name_that_is_not_ours_is_left_alone() {
    let world = samples::world("role-taken").await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let iam = world.aws.iam();
    iam.create_role().role_name("taken").assume_role_policy_document(trust.to_string()).send().await.expect("a role");
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    world
        .kube
        .apply_spec("api", &format!("role: {{name: taken}}\n{}", samples::spec(&world)))
        .await
        .expect("it applies");
    let object = world.kube.wait("api", "False", "NotOwned").await;
    let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    assert!(message.contains("role taken exists and does not carry this object's owner tag"), "{message}");
    assert_eq!(world.aws.writes().await, []);
    world.kube.delete("api").await;
    assert_eq!(roles(&world).await.len(), 1);
}

#[tokio::test]
async fn roles_of_all_names_that_were_given_up_go() {
    let world = samples::world("role-names").await;
    let _controller = world.controller().await;
    let apply = async |role: &str, tests: &str| {
        let spec = samples::spec(&world).replace("authorization:", &format!("{tests}, authorization:"));
        world.kube.apply_spec("api", &format!("role: {{name: {role}}}\n{spec}")).await.expect("the spec applies");
    };
    let failing = "tests: [{name: t, startsExecution: true, expect: {status: 418}}]";
    let through = async |names: [&str; 3]| {
        for name in names {
            apply(name, failing).await;
            eventually(&format!("a pass with {name}"), || async {
                let status = world.kube.get("api").await.status.unwrap_or_default();
                let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
                let failed = ready.is_some_and(|ready| ready.reason == "PreflightFailed");
                if failed && status.created_roles.contains(name) { Ok(()) } else { Err(format!("{status:?}")) }
            })
            .await;
        }
    };
    apply("a-1", "apiKeyRequired: false").await;
    world.kube.wait_ready("api").await;
    // What is new is tested first, so the old role stays.
    through(["a-2", "a-3", "a-4"]).await;
    assert_eq!(roles(&world).await.len(), 4);
    apply("a-4", "apiKeyRequired: false").await;
    world.kube.wait_ready("api").await;
    let names: Vec<String> = roles(&world).await.into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["a-4"]);
    through(["a-5", "a-6", "a-7"]).await;
    world.kube.delete("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_created_role_that_the_spec_gives_is_used_as_it_is_and_goes_with_the_object() {
    for name in ["", "name: own"] {
        let world = samples::world("role-own").await;
        let _controller = world.controller().await;
        let apply = async |role: &str| {
            let spec = format!("role: {{{role}}}\n{}", samples::spec(&world));
            world.kube.apply_spec("api", &spec).await.expect("the spec applies");
            world.kube.wait_ready("api").await.status.expect("a status")
        };
        let status = apply(name).await;
        let (role, before) = (status.role_arn.expect("a role"), roles(&world).await);
        let policy = world.aws.inline_policy(&role).await;
        let status = apply(&format!("arn: '{role}'")).await;
        assert_eq!((roles(&world).await, world.aws.inline_policy(&role).await), (before, policy));
        Answer::until(200, || post(&status.endpoints[0].url, "application/json", "{}")).await;
        world.kube.check_now("api", "again").await;
        world.kube.delete("api").await;
        assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_object_of_the_same_name_in_another_region_has_a_role_of_its_own() {
    let world = samples::world("role-region").await;
    world.aws.machine("eu-west-1", "hello", MachineKind::Express).await;
    let _controller = world.controller().await;
    let spec = format!("deletionPolicy: Retain\n{}", samples::spec(&world));
    world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    let status = world.kube.wait_ready("api").await.status.expect("a status");
    let (role, url) = (status.role_arn.expect("a role"), status.endpoints[0].url.clone());
    let policy = world.aws.inline_policy(&role).await;
    world.kube.delete("api").await;
    let other = samples::spec(&world).replace(REGION, "eu-west-1");
    world.kube.apply_spec("api", &other).await.expect("the spec applies");
    let status = world.kube.wait_ready("api").await.status.expect("a status");
    assert_ne!(status.role_arn.as_ref(), Some(&role));
    world.kube.delete("api").await;
    assert_eq!(world.aws.inline_policy(&role).await, policy);
    Answer::until(200, || post(&url, "application/json", "{}")).await;
}

#[tokio::test]
async fn a_retained_role_with_another_name_goes_when_its_api_is_found_again() {
    let world = samples::world("role-again").await;
    let _controller = world.controller().await;
    let spec = format!("role: {{name: own}}\ndeletionPolicy: Retain\n{}", samples::spec(&world));
    world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    world.kube.delete("api").await;
    world.kube.apply_spec("api", &samples::spec(&world)).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    assert!(roles(&world).await.iter().all(|(name, ..)| name != "own"));
    world.kube.delete("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}
