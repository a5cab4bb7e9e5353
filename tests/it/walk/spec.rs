//! The specs that a walk goes through.

use serde_json::{Value, json};

use crate::samples::REGION;
use crate::world::World;

/// State machines that there are.
pub const MACHINES: [&str; 2] = ["a", "b"];
/// How many knobs there are.
pub const KNOBS: usize = 22;

/// What a spec is made of. A knob has as many values as the part of the spec has forms; 0 is the simplest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Knobs {
    values: [u8; KNOBS],
    /// Revision that the stage prod is pinned to.
    pub pinned: Option<String>,
    /// Whether what is tested is not what is there, so that no stage may be given what is new.
    pub failing: bool,
}

impl Knobs {
    pub fn turn(&mut self, knob: usize, value: u8) {
        self.values[knob] = value;
    }

    fn form(&self, knob: usize, forms: u8) -> u8 {
        self.values[knob] % forms
    }

    fn on(&self, knob: usize) -> bool {
        self.form(knob, 2) == 1
    }

    /// How many deployments are kept.
    pub fn history(&self) -> usize {
        [5, 1, 2][usize::from(self.form(0, 3))]
    }

    /// What the spec refers to, in that world: a Secret and a class.
    pub fn referents(&self, world: &World) -> [Value; 2] {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "env"},
            "stringData": {"arn": world.aws.machine_arn(REGION, MACHINES[usize::from(self.form(13, 2))])},
        });
        let tags = [json!({"class": "one"}), json!({"class": "two", "team": "c"})];
        let class = json!({
            "apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApiClass", "metadata": {"name": class(world)},
            "spec": {"tags": tags[usize::from(self.form(20, 3) / 2)], "checkInterval": "20m"},
        });
        [secret, class]
    }

    /// The spec, in that world.
    pub fn spec(&self, world: &World) -> Value {
        let mut spec = json!({
            "region": REGION,
            "history": self.history(),
            "stateMachines": [{"name": "m", "stageVariable": "arn"}],
            "methods": self.methods(world),
            "stages": self.stages(world),
        });
        let texts = [Value::Null, json!("one"), json!("two")];
        spec["description"] = texts[usize::from(self.form(1, 3))].clone();
        spec["tags"] =
            [json!({}), json!({"team": "a"}), json!({"team": "b", "cost": "c"})][usize::from(self.form(2, 3))].clone();
        spec["cors"] = match self.form(3, 3) {
            0 => Value::Null,
            1 => json!({"allowOrigins": ["*"]}),
            _ => json!({"allowOrigins": ["https://a.example", "https://b.example"], "allowCredentials": true}),
        };
        spec["role"] = match self.form(4, 4) {
            0 => Value::Null,
            1 => json!({"managedPolicyArns": ["arn:aws:iam::aws:policy/AWSStepFunctionsReadOnlyAccess"]}),
            2 => json!({"name": "stepgate-walk", "path": "/apis/"}),
            _ => json!({"permissionsBoundaryArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        };
        if self.on(5) {
            spec["endpoint"] = json!({"policy": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
            ]}, "minimumCompressionSize": 1000});
        }
        if self.on(6) {
            spec["models"] = json!([{"name": "Order", "schema": {"type": "object", "required": ["id"]}}]);
        }
        if self.on(7) {
            spec["outputs"] = json!({"configMap": "outputs"});
        }
        if self.form(8, 3) > 0 {
            let throttling = if self.form(8, 3) == 1 { Value::Null } else { json!({"rateLimit": 5, "burstLimit": 2}) };
            spec["usagePlans"] = json!([{
                "name": "basic", "stages": [{"name": "prod"}], "throttling": throttling,
                "apiKeys": [{"name": "one", "secret": {"name": "one", "key": "value"}}],
            }]);
        }
        if self.on(9) {
            let certificate = format!("arn:aws:acm:{REGION}:{}:certificate/1", world.aws.id);
            spec["domains"] = json!([{
                "name": format!("{}.example.com", world.kube.namespace), "basePath": "v1", "stage": "prod",
                "certificateArn": certificate,
            }]);
        }
        if self.form(20, 3) > 0 {
            spec["className"] = json!(class(world));
        }
        if self.on(10) {
            spec["name"] = json!("walking");
        }
        spec
    }

    fn methods(&self, world: &World) -> Vec<Value> {
        let template =
            format!(r#"{{"stateMachineArn": "$stageVariables.arn", "input": "{{\"n\": {}}}"}}"#, self.form(11, 4));
        let mut run = json!({
            "path": "/run", "method": "POST", "action": "StartExecution", "stateMachine": "m",
            "authorization": {"type": "None"}, "request": {"template": {"inline": template}},
        });
        if self.on(6) {
            run["request"]["model"] = json!("Order");
        }
        if self.on(21) || self.failing {
            let status = if self.failing { 418 } else { 200 };
            let variables = json!({"arn": world.aws.machine_arn(REGION, MACHINES[0])});
            run["tests"] = json!([{
                "name": "started", "startsExecution": true, "stageVariables": variables, "body": {"id": "1"},
                "expect": {"status": status},
            }]);
        }
        let more = json!({
            "path": "/runs/{id}", "method": "GET", "action": "DescribeExecution", "stateMachine": "m",
            "authorization": {"type": "IAM"}, "arguments": {"executionArn": {"path": "id"}},
            "response": {"unwrap": "output"},
        });
        let stop = json!({
            "path": "/run", "method": "DELETE", "action": "StopExecution", "stateMachine": "m",
            "authorization": {"type": "None"}, "arguments": {"executionArn": {"query": "arn"}},
        });
        [run, more, stop].into_iter().take(1 + usize::from(self.form(12, 3))).collect()
    }

    fn stages(&self, world: &World) -> Vec<Value> {
        let arn = |machine: u8| world.aws.machine_arn(REGION, MACHINES[usize::from(machine)]);
        let mut prod = json!({"name": "prod", "variables": {"arn": arn(self.form(13, 2))}});
        if self.on(19) {
            prod["variables"] = json!({});
            prod["variablesFrom"] = json!({"arn": {"secretKeyRef": {"name": "env", "key": "arn"}}});
        }
        match self.form(14, 3) {
            0 => {}
            1 => prod["throttling"] = json!({"rateLimit": 10, "burstLimit": 5}),
            _ => {
                prod["throttling"] = json!({"rateLimit": 20, "burstLimit": 10});
                prod["methods"] = json!([{"path": "/run", "method": "POST", "metrics": true}]);
            }
        }
        if self.on(15) {
            prod["canary"] = json!({"percent": 10, "variables": {"arn": arn(1 - self.form(13, 2))}});
        }
        if self.on(16) {
            let logs = format!("arn:aws:logs:{REGION}:{}:log-group:walk", world.aws.id);
            prod["accessLog"] = json!({"destinationArn": logs});
            prod["logging"] = json!({"level": "Error"});
        }
        if self.on(17) {
            prod["clientCertificate"] = json!(true);
        }
        if let Some(revision) = &self.pinned {
            prod["deployment"] = json!({"pin": revision});
        }
        let test = json!({"name": "test", "variables": {"arn": arn(0)}, "description": "for tests"});
        let late = json!({"name": "late", "variables": {"arn": arn(0)}, "deployment": {"after": "prod"}});
        [prod, test, late].into_iter().take(1 + usize::from(self.form(18, 3))).collect()
    }
}

/// Name of the class of the objects in that world.
fn class(world: &World) -> String {
    format!("walk-{}", world.kube.namespace)
}
