//! What Step Functions answers to a sample when all goes well, made up from the request.

use serde_json::{Value, json};

const STARTED: f64 = 1_767_225_600.0;
const STOPPED: f64 = 1_767_225_601.5;
const ID: &str = "11111111-2222-3333-4444-555555555555";
const DEFINITION: &str = r#"{"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": true}}}"#;

/// The ARNs that a request is about: those that it has, and others that go with them.
struct Subject {
    machine: String,
    execution: String,
    map_run: String,
    activity: String,
    role: String,
}

impl Subject {
    fn of(request: &Value) -> Self {
        let given = |name: &str| request[name].as_str().map(str::to_owned);
        let (machine, execution, map_run) = (given("stateMachineArn"), given("executionArn"), given("mapRunArn"));
        let activity = given("activityArn");
        // arn:aws:states:REGION:ACCOUNT, as far as one of them says it.
        let all = [&machine, &execution, &map_run, &activity];
        let known = all.into_iter().flatten().find(|arn| arn.starts_with("arn:")).cloned().unwrap_or_default();
        let parts: Vec<&str> = known.splitn(6, ':').collect();
        let (partition, region, account) = match parts.as_slice() {
            [_, partition, _, region, account, _] => (*partition, *region, *account),
            _ => ("aws", "us-east-1", "123456789012"),
        };
        let start = format!("arn:{partition}:states:{region}:{account}");
        let of_execution = || {
            let (machine, _) = execution.as_ref()?.rsplit_once(':')?;
            Some(machine.replace(":execution:", ":stateMachine:"))
        };
        let of_map_run = || {
            let (machine, _) = map_run.as_ref()?.split_once('/')?;
            Some(machine.replace(":mapRun:", ":stateMachine:"))
        };
        let machine = machine.clone().or_else(of_execution).or_else(of_map_run);
        let machine = machine.unwrap_or_else(|| format!("{start}:stateMachine:Sample"));
        let name = request["name"].as_str().unwrap_or(ID);
        let of_machine = |kind: &str| machine.replace(":stateMachine:", kind);
        Self {
            execution: execution.unwrap_or_else(|| format!("{}:{name}", of_machine(":execution:"))),
            map_run: map_run.unwrap_or_else(|| format!("{}/Map:{ID}", of_machine(":mapRun:"))),
            activity: activity.unwrap_or_else(|| format!("{start}:activity:Sample")),
            role: format!("arn:{partition}:iam::{account}:role/Sample"),
            machine,
        }
    }
}

fn name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// What an action plausibly answers to a request: all members that it always has, with one item in a list
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html>).
pub(super) fn success(action: &str, request: &Value) -> Value {
    let Subject { machine, execution, map_run, activity, role } = Subject::of(request);
    let counts = json!({
        "pending": 0, "running": 0, "succeeded": 1, "failed": 0, "timedOut": 0, "aborted": 0, "total": 1,
        "resultsWritten": 0,
    });
    match action {
        "DescribeActivity" => json!({"activityArn": activity, "name": name(&activity), "creationDate": STARTED}),
        "DescribeExecution" => json!({
            "executionArn": execution, "stateMachineArn": machine, "name": name(&execution), "startDate": STARTED,
            "stopDate": STOPPED, "status": "SUCCEEDED", "input": "{}", "output": "{}",
        }),
        "DescribeMapRun" => json!({
            "mapRunArn": map_run, "executionArn": execution, "status": "SUCCEEDED", "startDate": STARTED,
            "stopDate": STOPPED, "maxConcurrency": 0, "toleratedFailurePercentage": 0.0, "toleratedFailureCount": 0,
            "itemCounts": counts, "executionCounts": counts, "redriveCount": 0,
        }),
        "DescribeStateMachine" => json!({
            "stateMachineArn": machine, "name": name(&machine), "status": "ACTIVE", "definition": DEFINITION,
            "roleArn": role, "type": "STANDARD", "creationDate": STARTED,
        }),
        "DescribeStateMachineForExecution" => json!({
            "stateMachineArn": machine, "name": name(&machine), "definition": DEFINITION, "roleArn": role,
            "updateDate": STARTED,
        }),
        "GetActivityTask" => json!({"taskToken": "token-of-the-sample", "input": "{}"}),
        "GetExecutionHistory" => json!({"events": [
            {"timestamp": STARTED, "type": "ExecutionStarted", "id": 1, "previousEventId": 0,
             "executionStartedEventDetails": {"input": "{}", "roleArn": role}},
        ]}),
        "ListActivities" => json!({"activities": [
            {"activityArn": activity, "name": name(&activity), "creationDate": STARTED},
        ]}),
        "ListExecutions" => json!({"executions": [
            {"executionArn": execution, "stateMachineArn": machine, "name": name(&execution), "status": "SUCCEEDED",
             "startDate": STARTED, "stopDate": STOPPED},
        ]}),
        "ListMapRuns" => json!({"mapRuns": [
            {"executionArn": execution, "mapRunArn": map_run, "stateMachineArn": machine, "startDate": STARTED,
             "stopDate": STOPPED},
        ]}),
        "ListStateMachineAliases" => json!({"stateMachineAliases": [
            {"stateMachineAliasArn": format!("{machine}:live"), "creationDate": STARTED},
        ]}),
        "ListStateMachineVersions" => json!({"stateMachineVersions": [
            {"stateMachineVersionArn": format!("{machine}:1"), "creationDate": STARTED},
        ]}),
        "ListStateMachines" => json!({"stateMachines": [
            {"stateMachineArn": machine, "name": name(&machine), "type": "STANDARD", "creationDate": STARTED},
        ]}),
        "RedriveExecution" => json!({"redriveDate": STARTED}),
        "StartExecution" => json!({"executionArn": execution, "startDate": STARTED}),
        "StartSyncExecution" => json!({
            "executionArn": execution.replace(":execution:", ":express:"), "stateMachineArn": machine,
            "name": name(&execution), "startDate": STARTED, "stopDate": STOPPED, "status": "SUCCEEDED",
            "input": request["input"].as_str().unwrap_or("{}"), "output": "{}",
        }),
        "StopExecution" => json!({"stopDate": STOPPED}),
        "TestState" => json!({"status": "SUCCEEDED", "output": request["input"].as_str().unwrap_or("{}")}),
        "ValidateStateMachineDefinition" => json!({"result": "OK", "diagnostics": []}),
        // SendTaskSuccess and the like answer nothing.
        _ => json!({}),
    }
}
