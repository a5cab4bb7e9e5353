//! What is allowed and probably not meant is said, once, and applied.

use crate::samples::{self, REGION};
use crate::world::{Ran, World, condition, stepgate};

const SAYS: &str = "spec.methods[POST /run].arguments.input.header: Authorization carries a caller's secret";

/// A spec with something questionable in it.
fn questionable(world: &World) -> String {
    samples::spec(world)
        .replace("stateMachine: hello,", "stateMachine: hello, arguments: {input: {header: Authorization}},")
}

#[tokio::test]
async fn a_warning_is_in_the_accepted_condition_and_in_one_event_and_goes_with_its_cause() {
    let world = samples::world("warnings").await;
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &questionable(&world)).await.expect("the spec applies");
    let object = world.kube.wait_ready("api").await;
    let accepted = condition(&object, "Accepted").expect("a condition");
    assert_eq!((accepted.status.as_str(), accepted.reason.as_str()), ("True", "Warned"));
    assert!(accepted.message.starts_with(SAYS), "{}", accepted.message);

    world.aws.forget_calls().await;
    world.kube.check_now("api", "again").await;
    assert_eq!(world.aws.writes().await, []);
    let warned = world.kube.events("api").await.into_iter().filter(|(reason, _)| reason == "Warned");
    assert_eq!(warned.map(|(_, note)| note).collect::<Vec<_>>(), [accepted.message.as_str()], "one event");

    world.kube.apply_spec("api", &samples::spec(&world)).await.expect("the spec applies");
    let object = world.kube.wait_ready("api").await;
    let accepted = condition(&object, "Accepted").expect("a condition");
    assert_eq!((accepted.reason.as_str(), accepted.message.as_str()), ("Valid", ""));
    assert!(world.aws.leftovers(REGION).await.len() == 2, "an API and a role");
}

/// What `stepgate render` says beside its output to a spec: the lines of its warnings, without object and account.
async fn told(spec: &str) -> Vec<String> {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    let manifest =
        format!("apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata: {{name: x}}\nspec:\n{spec}");
    let Ran { code, err: told, .. } = stepgate(&["render", "-"], &manifest, &[]).await;
    assert_eq!(code, 0, "{told}");
    told.lines().map(|line| line.trim_start_matches("warning: x: ").to_owned()).collect()
}

/// A spec with these methods (path, and what stands beside path and verb) and this beside.
fn with(methods: &[(&str, &str)], more: &str) -> String {
    let method = |(path, more): &(&str, &str)| {
        format!("  - {{path: '{path}', method: POST, action: StartExecution, stateMachine: m, {more}}}\n")
    };
    let methods: String = methods.iter().map(method).collect();
    format!(
        "region: us-east-1\nstateMachines: [{{name: m, arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:M'}}]\n\
         methods:\n{methods}stages: [{{name: dev}}, {{name: prod}}]\n{more}\n"
    )
}

#[tokio::test]
async fn what_callers_cannot_reach_is_warned_of() {
    let keys = "usagePlans: [{name: p, stages: [{name: prod}], apiKeys: [{name: k, secret: {name: s, key: k}}]}]";
    let keyed = with(&[("/a", "apiKeyRequired: true"), ("/b", "authorization: {type: IAM}")], keys);
    let says = "spec.methods[POST /a].apiKeyRequired: no usage plan of spec.usagePlans with API keys has stage dev: callers \
                there get a 403, unless a plan made elsewhere has it; add one";
    assert_eq!(told(&keyed).await, [says]);
    assert_eq!(told(&keyed.replace("[{name: prod}]", "[{name: prod}, {name: dev}]")).await, Vec::<String>::new());

    let paths =
        [("/ping", ""), ("/sping", ""), ("/a/ping", ""), ("/...", "")].map(|(path, _)| (path, "apiKeyRequired: false"));
    let warned = told(&with(&paths, "")).await;
    assert!(
        warned.len() == 2 && warned[0].starts_with("spec.methods[POST /ping].path: API Gateway keeps"),
        "{warned:?}"
    );
    assert!(warned[1].starts_with("spec.methods[POST /sping].path: "), "{warned:?}");

    let region = with(&[("/a", "apiKeyRequired: false")], "").replace("us-east-1", "us-east-7");
    let says = "spec.region: us-east-7 is no region of AWS that is known here; did you mean us-east-";
    assert!(told(&region).await[0].starts_with(says));
}

#[tokio::test]
async fn policies_that_name_what_there_is_not_are_warned_of() {
    let policy = |statement: &str| {
        let statement = format!("{{Effect: Allow, Principal: '*', {statement}}}");
        let policy = format!("endpoint: {{policy: {{Version: '2012-10-17', Statement: [{statement}]}}}}");
        with(&[("/a", "apiKeyRequired: false")], &policy)
    };
    let field = "spec.endpoint.policy.Statement[0]";
    for (statement, says) in [
        (
            "Action: 'execute-api:Invok', Resource: '*'",
            ".Action: there is no action execute-api:Invok; did you mean Invoke?",
        ),
        (
            "NotAction: ['execute-api:Invoke', 'execute-api:X*'], Resource: '*'",
            ".NotAction: there is no action execute-api:X*",
        ),
        (
            "Action: '*', Resource: ['execute-api:/prod/*', 'execute-api:/prd/*']",
            ".Resource: execute-api:/prd/* is about a stage that spec.stages does not have; did you mean prod?",
        ),
        (
            "Action: '*', Resource: 'arn:aws:execute-api:us-east-1:123456789012:*/test/GET/'",
            ".Resource: arn:aws:execute-api:us-east-1:123456789012:*/test/GET/ is about a stage",
        ),
        (
            "Action: '*', Resource: '*', Condition: {IpAdress: {'aws:SourceIp': 10.0.0.0/8}}",
            ".Condition.IpAdress: is no operator of IAM that is known here; did you mean IpAddress?",
        ),
    ] {
        let told = told(&policy(statement)).await;
        assert!(told.len() == 1 && told[0].starts_with(&format!("{field}{says}")), "{statement}: {told:?}");
    }
    for fine in [
        "Action: 'execute-api:*', Resource: 'execute-api:/*'",
        "Action: 'execute-api:inv*', Resource: 'execute-api:/p*/GET/x'",
        "Action: ['execute-api:Invoke'], Resource: 'arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/*'",
        "Action: '*', Resource: '*', Condition: {'ForAnyValue:stringLikeIfExists': {'aws:PrincipalOrgPaths': [o]}, 'Null': {'aws:x': true}}",
    ] {
        assert_eq!(told(&policy(fine)).await, Vec::<String>::new(), "{fine}");
    }
}

#[tokio::test]
async fn patterns_that_cannot_be_read_and_quotas_that_are_used_up_at_once_are_warned_of() {
    let model =
        |schema: &str| with(&[("/a", "request: {model: M}")], &format!("models: [{{name: M, schema: {schema}}}]"));
    let says = "is no regular expression that can be read here";
    let told_of =
        told(&model(r#"{properties: {a: {pattern: "[a-"}}, patternProperties: {"(x": {type: string}}}"#)).await;
    assert_eq!(told_of.iter().filter(|line| line.contains(says)).count(), 2, "{told_of:?}");
    assert!(told_of.iter().any(|line| line.starts_with("spec.models[M].schema.properties.a: \"[a-\" is no")));
    let fine = r#"{properties: {a: {pattern: "^(?=x)[a-z]+\\d{2}$"}}, patternProperties: {"^x-": {type: string}}}"#;
    assert_eq!(told(&model(fine)).await, Vec::<String>::new());

    let quota = |offset: i32| {
        let keys = "apiKeys: [{name: k, secret: {name: s, key: k}}], stages: [{name: dev}, {name: prod}]";
        let plans = format!("usagePlans: [{{name: p, {keys}, quota: {{limit: 5, period: Week, offset: {offset}}}}}]");
        with(&[("/a", "apiKeyRequired: true")], &plans)
    };
    assert_eq!(told(&quota(4)).await, Vec::<String>::new());
    let says = "spec.usagePlans[p].quota.offset: reaches limit, so no call of the first period is answered";
    assert_eq!(told(&quota(5)).await, [says]);
}

#[tokio::test]
async fn keys_that_kubectl_takes_for_booleans_are_warned_of() {
    let object = |key: &str| with(&[("/a", &format!("arguments: {{input: {{object: {{{key}: {{query: q}}}}}}}}"))], "");
    let line = told(&object("y")).await;
    assert_eq!(line, ["warning: -:8: kubectl reads the key y as true or false; put it in quotes"], "before it is sent");
    assert_eq!(told(&object("'y'")).await, Vec::<String>::new());
    let after = told(&object("'true'")).await;
    assert!(after[0].starts_with("spec.methods[POST /a].arguments.input.object.true: kubectl reads"), "{after:?}");
}

#[tokio::test]
async fn an_own_template_that_the_action_cannot_use_is_warned_of() {
    let with_template = |template: &str| {
        let inline = serde_json::Value::from(template);
        with(&[("/a", &format!("request: {{template: {{inline: {inline}}}}}"))], "")
    };
    let field = "spec.methods[POST /a].request.template: the template gives";
    let wrong = with_template("{\"stateMachineARN\": \"x\", \"input\": \"$util.escapeJavaScript($input.body)\"}");
    let told_of = told(&wrong).await;
    let about: Vec<&String> = told_of.iter().filter(|line| line.starts_with(field)).collect();
    assert_eq!(about.len(), 2, "{told_of:?}");
    assert!(
        about[0].contains("\"stateMachineARN\", which StartExecution does not know; did you mean stateMachineArn?")
    );
    assert!(about[1].ends_with("no stateMachineArn, without which StartExecution answers 400"), "{about:?}");
    // What hands on what callers send, and what depends on it.
    for good in [
        "$input.body",
        "$input.json('$')",
        "{#foreach($k in $input.path('$').keySet())\"$k\": \"x\"#if($foreach.hasNext),#end#end}",
        "{\"stateMachineArn\": \"x\"#if($input.path('$.n') != ''), \"name\": $input.json('$.n')#end}",
    ] {
        let told_of = told(&with_template(good)).await;
        assert!(!told_of.iter().any(|line| line.starts_with(field)), "{good}: {told_of:?}");
    }
}

#[tokio::test]
async fn methods_that_outputs_leave_out_are_named() {
    let outputs = "outputs: {configMap: c}";
    let paths = ["/orders.id", "/orders/{id}", "/orders/id", "/orders"].map(|path| (path, "apiKeyRequired: false"));
    let says = "spec.outputs.configMap: POST /orders.id, POST /orders/{id}, POST /orders/id have no key: each would be \
                STAGE.POST.orders.id.url; give all but one a path that differs in more";
    assert_eq!(told(&with(&paths, outputs)).await, [says]);
    assert_eq!(told(&with(&paths, "")).await, Vec::<String>::new());

    let paths: Vec<String> = (0..251).map(|n| format!("/p{n}")).collect();
    let paths: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "apiKeyRequired: false")).collect();
    let says = "spec.outputs.configMap: 2 methods on stages have no key, from /p98 POST of stage prod on: there are 500 at most";
    assert_eq!(told(&with(&paths, outputs)).await, [says]);
}

#[tokio::test]
async fn the_command_line_prints_warnings_beside_its_output() {
    let world = World::new("warnings-cli").await;
    let spec: String = questionable(&world).lines().map(|line| format!("  {line}\n")).collect();
    let manifest =
        format!("apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata: {{name: x}}\nspec:\n{spec}");
    for command in [&["render", "-"][..], &["plan", "--offline", "-"]] {
        let Ran { code, out, err: told } = stepgate(command, &manifest, &[]).await;
        assert!(code == 0 && !out.is_empty());
        assert!(told.starts_with(&format!("warning: x: {SAYS}")) && told.lines().count() == 1, "{told}");
    }
}
