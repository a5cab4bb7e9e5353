//! The command line, as a user and a script meet it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use stepgate::api::Reason;
use tokio::process::Command;

use crate::world::{MachineKind, World, stepgate};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

async fn printed(arguments: &[&str], input: &str) -> String {
    let ran = stepgate(arguments, input, &[]).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
    ran.out
}

async fn refused(arguments: &[&str], input: &str) -> String {
    let ran = stepgate(arguments, input, &[]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{arguments:?}: {}", ran.err);
    ran.err
}

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(ROOT).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn examples() -> Vec<PathBuf> {
    let files = std::fs::read_dir(Path::new(ROOT).join("examples")).expect("examples");
    files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        .collect()
}

fn manifest(name: &str, more: &str) -> String {
    format!(
        "apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata: {{name: {name}}}\nspec:\n  region: \
         us-east-1\n  stateMachines: [{{name: m, arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:M'}}]\n  \
         methods: [{{path: /, method: POST, action: StartExecution, stateMachine: m{more}}}]\n  stages: [{{name: a}}]\n"
    )
}

#[tokio::test]
async fn help_names_every_command_and_the_variable_of_every_option() {
    let help = printed(&["--help"], "").await;
    for command in ["actions", "controller", "crd", "render", "plan", "explain"] {
        assert!(help.contains(&format!("  {command} ")), "{help}");
        let text = printed(&[command, "--help"], "").await;
        assert!(text.contains("Usage: stepgate"), "{text}");
    }
    let help = printed(&["controller", "--help"], "").await;
    let options: Vec<&str> = help.split("\n      --").skip(1).filter(|option| !option.starts_with("help")).collect();
    assert!(options.len() > 8, "{help}");
    for option in options {
        let option = option.split("\n  -h,").next().unwrap_or_default();
        assert!(option.contains("[env: "), "--{option}");
    }
    // What the chart sets is what the program reads.
    let chart = read("charts/stepgate/templates/_helpers.tpl");
    let set: BTreeSet<&str> = chart.lines().filter_map(|line| line.strip_prefix("- name: STEPGATE_")).collect();
    assert!(!set.is_empty());
    for name in set {
        assert!(help.contains(&format!("[env: STEPGATE_{name}=")), "the chart sets STEPGATE_{name}");
    }
}

#[tokio::test]
async fn version_is_the_packages() {
    assert_eq!(printed(&["--version"], "").await, format!("stepgate {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn crd_printed_is_the_one_that_is_committed() {
    let crd = printed(&["crd"], "").await;
    for file in ["crds/stepfunctionsapis.yaml", "charts/stepgate/files/crd.yaml"] {
        assert!(crd == read(file), "{file} is out of date: run `make generate` and commit it");
    }
}

#[tokio::test]
async fn examples_render_and_plan_offline_from_file_and_from_standard_input() {
    for path in examples() {
        let (file, text) = (path.display().to_string(), read(&path));
        let rendered = printed(&["render", &file], "").await;
        let document: Value = serde_json::from_str(&rendered).expect("JSON");
        assert!(document["restApi"]["openapi"]["paths"].is_object(), "{rendered}");
        assert_eq!(printed(&["render", "-"], &text).await, rendered);
        let plan = printed(&["plan", "--offline", &file], "").await;
        let makes = plan.contains("create API") || plan.contains("adopt API a1b2c3d4e5 by the owner's tag");
        assert!(plan.contains(" writes (plan ") && makes, "{plan}");
        assert_eq!(printed(&["plan", "--offline", "-"], &text).await, plan);
    }
}

#[tokio::test]
async fn examples_rendered_are_the_golden_documents() {
    for name in ["aws-tutorial", "cognito", "lambda-authorizer", "private", "validated"] {
        let rendered = printed(&["render", &format!("examples/{name}.yaml")], "").await;
        let path = Path::new(ROOT).join(format!("tests/it/golden/{name}.json"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &rendered).expect("the golden file");
        }
        let golden = read(&path);
        let differ = golden.lines().zip(rendered.lines()).enumerate().find(|(_, (old, new))| old != new);
        assert!(
            golden == rendered,
            "{} differs, first at (line, (golden, now)): {differ:#?}\nIf that is meant, write it anew: UPDATE_GOLDEN=1 cargo \
             test --test it golden",
            path.display()
        );
    }
}

#[tokio::test]
async fn several_documents_are_a_list_and_other_kinds_are_left_out() {
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
    let all = [&manifest("one", ""), other, &manifest("two", "")].join("---\n");
    let documents: Value = serde_json::from_str(&printed(&["render", "-", "-n", "team"], &all).await).expect("JSON");
    let names: Vec<&str> =
        documents.as_array().expect("a list").iter().filter_map(|one| one["restApi"]["name"].as_str()).collect();
    assert_eq!(names, ["team-one", "team-two"]);
    let plan = printed(&["plan", "--offline", "-", "-n", "team"], &all).await;
    assert!(plan.contains("team/one: 6 writes") && plan.contains("team/two: 6 writes"), "{plan}");
}

#[tokio::test]
async fn bad_manifest_is_refused_with_paths_and_exit_code_1() {
    let cases = [
        (manifest("x", ", arguments: {nam: {query: a}}"), "  spec.methods[POST /].arguments.nam: "),
        (manifest("x", "").replace("us-east-1\n", "Ohio\n"), "  spec.region: must be the name of an AWS region"),
        (manifest("x", ", acton: y"), "  spec.methods[0].acton: unknown field"),
        (manifest("x", "").replace("POST", "POTS"), "  spec.methods[0].method: \"POTS\" is not one of GET, POST"),
        (manifest("x", "").replace("  region: us-east-1\n", ""), "  spec.region: missing"),
        (manifest("x", "").replace("[{name: a}]", "[{name: a}, {name: a}]"), "  spec.stages[1]: stands twice"),
        (
            manifest("x", "").replace("name: a}", "name: a, variables: {size: 7}}"),
            "  spec.stages[0].variables.size: has to be of type string",
        ),
        (
            manifest("x", "").replace("stages: [{name: a}]", "stages: []"),
            "  spec.stages: has 0 items, and needs 1 at least",
        ),
        (
            "apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata: {name: x}\n".to_owned(),
            "  spec: missing",
        ),
        (manifest("x", "").replace("{name: x}", "{}"), "metadata.name: missing"),
        (manifest(&"x".repeat(101), ""), "metadata.name: has more than 100 characters"),
        (manifest("x", "").replace("v1alpha1", "v9"), "\"stepgate.dev/v9\" is not stepgate.dev/v1alpha1"),
    ];
    for (text, says) in cases {
        for command in [&["render", "-"][..], &["plan", "--offline", "-"]] {
            let told = refused(command, &text).await;
            assert!(told.starts_with("error: ") && told.contains(says), "wanted {says}\n{told}");
        }
    }
}

#[tokio::test]
async fn file_that_holds_no_manifest_is_refused_with_its_name() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli");
    std::fs::create_dir_all(&directory).expect("a folder");
    let cases = [
        ("empty.yaml", Some(""), "has no object of kind StepFunctionsApi"),
        ("other.yaml", Some("kind: ConfigMap\n"), "has no object of kind StepFunctionsApi"),
        ("text.yaml", Some("just text\n"), "has no object of kind StepFunctionsApi"),
        ("no.yaml", Some("a: [b\n"), "line 1 column 4"),
        ("missing.yaml", None, "No such file"),
    ];
    for (name, text, says) in cases {
        let path = directory.join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).expect("a file");
        }
        let told = refused(&["render", &path.display().to_string()], "").await;
        assert!(told.contains(name) && told.contains(says), "{told}");
    }
}

#[tokio::test]
async fn plan_against_the_account_lists_the_writes_until_they_are_made() {
    let world = World::new("cli-plan").await;
    let machine = world.aws.machine("us-east-1", "M", MachineKind::Standard).await;
    let text = manifest("api", "").replace("arn:aws:states:us-east-1:123456789012:stateMachine:M", &machine);
    let namespace = world.kube.namespace.as_str();
    let plan = async |text: &str| {
        let variables = [("AWS_ACCESS_KEY_ID", world.aws.id.as_str()), ("AWS_SECRET_ACCESS_KEY", "test")];
        let ran = stepgate(&["plan", "-", "-n", namespace], text, &variables).await;
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        ran.out
    };
    world.aws.forget_calls().await;
    let before = plan(&text).await;
    assert!(before.starts_with(&format!("{namespace}/api: 6 writes (plan ")), "{before}");
    assert_eq!(world.aws.writes().await, Vec::new());
    let absent = plan(&text.replace(":M'", ":Absent'")).await;
    assert!(absent.contains("blocked: spec.stateMachines[m].arn: ") && absent.contains("does not exist"), "{absent}");

    let _controller = world.controller().await;
    world.kube.apply(&text).await.expect("the manifest applies");
    world.kube.wait_ready("api").await;
    assert_eq!(plan(&text).await, format!("{namespace}/api: nothing to do, AWS matches\n"));
    let changed = plan(&text.replace("path: /,", "path: /new,")).await;
    assert!(changed.contains("put definition of API") && changed.contains("create deployment"), "{changed}");

    // What the spec does not name any more is in the object's status.
    let domain = |name: &str| {
        let (id, domain) = (&world.aws.id, format!("{name}.{namespace}.example.com"));
        let certificate = format!("arn:aws:acm:us-east-1:{id}:certificate/1");
        format!("{text}\n  domains: [{{name: {domain}, stage: a, certificateArn: '{certificate}'}}]\n")
    };
    world.kube.apply(&domain("old")).await.expect("the manifest applies");
    world.kube.wait_ready("api").await;
    let renamed = plan(&domain("new")).await;
    assert!(renamed.contains(&format!("delete domain name old.{namespace}.example.com")), "{renamed}");
}

#[tokio::test]
async fn plan_that_cannot_reach_aws_says_where() {
    let variables = [("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("STEPGATE_OWNER_ID", "me")];
    let ran = stepgate(&["plan", "-"], &manifest("api", ""), &variables).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("http://127.0.0.1:1") && ran.err.contains("onnection refused"), "{}", ran.err);
}

#[tokio::test]
async fn explain_knows_every_reason_and_says_which_there_are() {
    let all = printed(&["explain"], "").await;
    for reason in Reason::ALL {
        let one = printed(&["explain", &reason.to_string().to_lowercase()], "").await;
        assert!(one.starts_with(&format!("{reason}\n    ")) && one.len() > 40, "{one}");
        assert!(all.contains(&one), "{reason}");
    }
    let told = refused(&["explain", "Nope"], "").await;
    assert!(told.contains("no reason \"Nope\"; there are Applied, "), "{told}");
}

#[tokio::test]
async fn actions_lists_all_and_tells_everything_about_one() {
    let all = printed(&["actions"], "").await;
    for action in &stepgate::actions::ACTIONS {
        let line = all.lines().find(|line| line.starts_with(&format!("{} ", action.name))).expect("a line");
        let one = printed(&["actions", &action.name.to_lowercase()], "").await;
        assert!(one.starts_with(&format!("{}\n    {}\n", action.name, action.summary)), "{one}");
        for argument in action.arguments {
            assert!(line.contains(argument.name) && one.contains(&format!("\n    {} ", argument.name)), "{one}");
        }
        for error in action.errors {
            let status = one.lines().find(|line| line.trim().starts_with(&format!("{error} "))).expect("the error");
            assert!(status.trim().rsplit(' ').next().is_some_and(|code| code.parse::<u16>().is_ok()), "{status}");
        }
    }
    let activity = printed(&["actions", "GetActivityTask"], "").await;
    for fact in ["states:GetActivityTask on activity", "up to 60 s", "ActivityWorkerLimitExceeded  429"] {
        assert!(activity.contains(fact), "{fact}: {activity}");
    }
    let start = printed(&["actions", "StartSyncExecution"], "").await;
    for fact in ["machines    EXPRESS\n", "JSON text, up to 262144 bytes", "required", "ALL_DATA | METADATA_ONLY"] {
        assert!(start.contains(fact), "{fact}: {start}");
    }
    let told = refused(&["actions", "SendTaskSucess"], "").await;
    assert!(told.contains("did you mean SendTaskSuccess?"), "{told}");
}

#[tokio::test]
async fn a_reader_that_has_read_enough_is_no_error() {
    for arguments in [&["crd"][..], &["docs"], &["render", "examples/everything.yaml"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stepgate"));
        let command = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().await.expect("it ends");
        let err = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.success() && !err.contains("panicked"), "{arguments:?}: {err}");
    }
}
