//! Bad manifests: refused by the API server where schema or CEL can, else a terminal condition. Each refusal names the
//! field and what to do; AWS is left alone, and what was served before is served on.

use futures::StreamExt;

use crate::world::{Answer, MachineKind, World, condition, eventually, post};

/// A good spec. Cases replace one piece of it.
const GOOD: &str = r#"region: us-east-1
name: bad manifests
role: {stateMachineArns: ["arn:aws:states:us-east-1:ACCOUNT:stateMachine:Open"]}
stateMachines:
  - {name: hello, arn: "arn:aws:states:us-east-1:ACCOUNT:stateMachine:Hello"}
  - {name: fast, arn: "arn:aws:states:us-east-1:ACCOUNT:stateMachine:Fast"}
templates:
  - {name: plain, body: "$input.body"}
methods:
  - {path: "/run", method: POST, action: StartExecution, stateMachine: hello, authorization: {type: None}}
  - {path: "/mine", method: POST, action: StartExecution, request: {template: {name: plain}}}
  - {path: "/state", method: GET, action: DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}}
cors: {allowOrigins: ["https://a.example"]}
stages:
  - {name: prod, variables: {colour: red}}
tags: {team: blue}
"#;

/// What is replaced by what; the field's path, and words of the refusal.
type Case = (&'static str, &'static str, &'static str, &'static str);

const RUN: &str = "type: None}}";
const LONG: &str = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
const HELLO: &str = "arn:aws:states:us-east-1:ACCOUNT:stateMachine:Hello";

#[rustfmt::skip]
const REFUSED: &[Case] = &[
    // Keys of lists.
    ("  - {name: prod,", "  - {name: prod}\n  - {name: prod,", "spec.stages[1]", "Duplicate value"),
    ("/mine", "/run", "spec.methods[1]", "Duplicate value"),
    ("templates:", "  - {name: hello, stageVariable: colour}\ntemplates:", "spec.stateMachines[2]", "Duplicate value"),
    ("methods:", "  - {name: plain, body: x}\nmethods:", "spec.templates[1]", "Duplicate value"),
    ("\"https://a.example\"", "\"https://a.example\", \"https://a.example\"", "spec.cors.allowOrigins[1]", "Duplicate value"),
    // Exactly one of several.
    ("Hello\"", "Hello\", stageVariable: colour", "spec.stateMachines[0]", "give exactly one of arn, arnFrom, stageVariable and ref"),
    ("arn: \"arn:aws:states:us-east-1:ACCOUNT:stateMachine:Fast\"", "", "spec.stateMachines[1]", "give exactly one of arn, arnFrom, stageVariable and ref"),
    (RUN, "type: None}, arguments: {name: {query: a, header: b}}}", "spec.methods[0].arguments[name]", "give exactly one source: body, bodyField"),
    (RUN, "type: None}, arguments: {name: {}}}", "spec.methods[0].arguments[name]", "give exactly one source: body, bodyField"),
    ("{name: plain}}", "{name: plain, inline: x}}", "spec.methods[1].request.template", "give exactly one of name and inline"),
    ("{name: plain}}", "{}}", "spec.methods[1].request.template", "give exactly one of name and inline"),
    ("request:", "arguments: {name: {query: a}}, request:", "spec.methods[1]", "give arguments or request.template, not both"),
    ("role: {", "role: {arn: \"arn:aws:iam::123456789012:role/r\", ", "spec.role", "remove stateMachineArns and managedPolicyArns, or arn"),
    ("role: {stateMachineArns", "role: {arn: \"arn:aws:iam::123456789012:role/r\", managedPolicyArns: [\"arn:aws:iam::aws:policy/p\"]}\n#", "spec.role", "remove stateMachineArns and managedPolicyArns, or arn"),
    ("Hello\"", "Hello\", arnFrom: {configMapKeyRef: {name: a, key: b}}", "spec.stateMachines[0]", "give exactly one of arn, arnFrom"),
    ("Hello\"", "Hello\", ref: {apiGroup: sfn.services.k8s.aws, name: a}", "spec.stateMachines[0]", "give exactly one of arn, arnFrom"),
    ("body: \"$input.body\"", "body: x, bodyFrom: {configMapKeyRef: {name: a, key: b}}", "spec.templates[0]", "give exactly one of body and bodyFrom"),
    ("{colour: red}", "{colour: red}, variablesFrom: {colour: {configMapKeyRef: {name: a, key: b}}}", "spec.stages[0]", "stands in variables or in variablesFrom, not in both"),
    ("role: {stateMachineArns", "role: {arn: \"arn:aws:iam::123456789012:role/r\", arnFrom: {configMapKeyRef: {name: a, key: b}}}\n#", "spec.role", "give arn or arnFrom, not both"),
    ("role: {", "role: {arnFrom: {configMapKeyRef: {name: a, key: b}}, ", "spec.role", "remove stateMachineArns and managedPolicyArns, or arn"),
    // Forms.
    ("{colour: red}", "{}, variablesFrom: {colour: {configMapKeyRef: {name: A_b, key: b}}}", "spec.stages[0].variablesFrom[colour].configMapKeyRef.name", "has lower-case letters, digits"),
    ("{colour: red}", "{}, variablesFrom: {colour: {configMapKeyRef: {name: a, key: \"b c\"}}}", "spec.stages[0].variablesFrom[colour].configMapKeyRef.key", "a key has letters, digits"),
    ("{colour: red}", "{}, variablesFrom: {co-lour: {configMapKeyRef: {name: a, key: b}}}", "spec.stages[0].variablesFrom", "up to 64 letters, digits and underscores"),
    ("cors:", "outputs: {configMap: a-}\ncors:", "spec.outputs.configMap", "starts and ends with a letter or digit"),
    ("us-east-1\nname", "Ohio\nname", "spec.region", "must be the name of an AWS region, such as us-east-1"),
    ("\"/run\"", "run", "spec.methods[0].path", "must be / or segments that start with / each"),
    ("\"/run\"", "/run/", "spec.methods[0].path", "without / at the end"),
    ("\"/run\"", "/a b", "spec.methods[0].path", "a segment has letters, digits"),
    ("\"/run\"", "\"/{id\"", "spec.methods[0].path", "or is {name} or {name+}"),
    ("{name: prod", "{name: \"pro d\"", "spec.stages[0].name", "may have letters, digits, _ and - only"),
    ("{name: prod", "{name: test-invoke-stage", "spec.stages[0].name", "a name of API Gateway's own; take another"),
    ("red", "\"r e d\"", "spec.stages[0].variables[colour]", "letters, digits and - . _ ~ : / ? # & = , only"),
    ("red", "\"\"", "spec.stages[0].variables[colour]", "at least one of them"),
    ("colour: red", "\"co-lour\": red", "spec.stages[0].variables", "up to 64 letters, digits and underscores"),
    ("red", "7", "spec.stages[0].variables.colour", "must be of type string"),
    ("team: blue", "\"aws:team\": blue", "spec.tags", "that start with aws: or stepgate.dev/ are reserved"),
    ("team: blue", "\"stepgate.dev/owner\": blue", "spec.tags", "that start with aws: or stepgate.dev/ are reserved"),
    ("team: blue", "\"te*am\": blue", "spec.tags", "a tag key has letters, digits"),
    ("team", LONG, "spec.tags", "a tag key has 1 to 128 characters"),
    ("blue", "\"b*ue\"", "spec.tags[team]", "a tag value has letters, digits"),
    ("https://a.example", "https://a.example/", "spec.cors.allowOrigins[0]", "with nothing after it, not even a /"),
    ("\"https://a.example\"", "\"*\", \"https://a.example\"", "spec.cors.allowOrigins", "'*' already allows every origin: give it alone"),
    ("role: {", "role: {managedPolicyArns: [AWSStepFunctionsFullAccess], ", "spec.role.managedPolicyArns[0]", "must be the ARN of a managed policy, such as"),
    ("role: {stateMachineArns", "role: {arn: \"arn:aws:iam::123456789012:role/r\", unscopedActions: [ListActivities]}\n#", "spec.role", "remove activityArns and unscopedActions, or arn"),
    ("role: {", "role: {unscopedActions: [StartExecution], ", "spec.role.unscopedActions[0]", "supported values: \"ListActivities\""),
    (RUN, "type: None}, timeoutMillis: 10}", "spec.methods[0].timeoutMillis", "should be greater than or equal to 50"),
    (RUN, "type: None}, arguments: {input: {object: {}, type: Text}}}", "spec.methods[0].arguments.input.type", "supported values: \"String\", \"Integer\""),
    ("role: {stateMachineArns", "role: {arn: my-role}\n#", "spec.role.arn", "must be the ARN of a role, such as"),
    (RUN, "type: None}, arguments: {name: {bodyField: order.id}}}", "spec.methods[0].arguments[name].bodyField", "must be the JSONPath of one field, such as $.order.id"),
    (RUN, "type: None}, arguments: {name: {header: \"a b\"}}}", "spec.methods[0].arguments[name].header", "the name of a header has"),
    // Sizes and words.
    ("bad manifests", LONG, "spec.name", "may not be more than 128 bytes"),
    ("bad manifests", "\"\"", "spec.name", "at least 1 chars long"),
    ("stages:", "stages:\n  - {name: a}\n  - {name: b}\n  - {name: c}\n  - {name: d}\n  - {name: e}\n  - {name: f}\n  - {name: g}\n  - {name: h}\n  - {name: i}\n  - {name: j}", "spec.stages", "must have at most 10 items"),
    ("action: StartExecution, stateMachine", "action: StartExecutoin, stateMachine", "spec.methods[0].action", "supported values: \"DescribeActivity\", \"DescribeExecution\""),
    ("method: GET", "method: OPTIONS", "spec.methods[2].method", "supported values: \"GET\", \"POST\""),
    ("type: None", "type: Nobody", "spec.methods[0].authorization.type", "supported values: \"IAM\", \"None\""),
    ("region:", "mode: DryRun\nregion:", "spec.mode", "supported values: \"Apply\", \"Plan\", \"Paused\""),
    ("region: us-east-1\n", "", "spec.region", "Required value"),
    ("arn: \"arn:aws:states:us-east-1:ACCOUNT:stateMachine:Fast\"", "ref: {apiGroup: example.org, name: a}", "spec.stateMachines[1].ref.apiGroup", "supported values: \"sfn.services.k8s.aws\""),
    ("arn: \"arn:aws:states:us-east-1:ACCOUNT:stateMachine:Fast\"", "arnFrom: {}", "spec.stateMachines[1].arnFrom.configMapKeyRef", "Required value"),
    // References.
    ("hello, auth", "helo, auth", "spec.methods", "stateMachine must be the name of an entry of spec.stateMachines"),
    ("name: plain}}", "name: plan}}", "spec.methods", "request.template.name must be the name of an entry of spec.templates"),
    ("arn: \"arn:aws:states:us-east-1:ACCOUNT:stateMachine:Fast\"", "stageVariable: fast", "spec.stages", "stage prod does not"),
    // Answers and CORS.
    (RUN, "type: None}, response: {unwrap: output}}", "spec.methods[0].response.unwrap", "only StartSyncExecution or DescribeExecution answers the output of a workflow"),
    (RUN, "type: None}, response: {unwrap: input}}", "spec.methods[0].response.unwrap", "supported values: \"output\""),
    (RUN, "type: None}, response: {statusField: $.a}}", "spec.methods[0].response.statusField", "it needs unwrap: output"),
    ("{query: a}}", "{query: a}}, response: {unwrap: output, statusField: a}", "spec.methods[2].response.statusField", "such as $.statusCode"),
    ("{query: a}}", "{query: a}}, response: {location: true}", "spec.methods[2].response.location", "only StartExecution answers an execution to look at"),
    ("{query: a}}", "{query: a}}, response: {unwrap: output, templates: [{status: 200, template: {inline: x}}]}", "spec.methods[2].response.templates", "give unwrap or a template for status 200"),
    (RUN, "type: None}, response: {errors: {InvalidName: {status: 422}}, templates: [{status: 400, template: {inline: x}}]}}", "spec.methods[0].response.templates", "give errors or a template for status 400"),
    (RUN, "type: None}, response: {errors: {InvalidName: {}}}}", "spec.methods[0].response.errors[InvalidName]", "give status, message or both"),
    (RUN, "type: None}, response: {errors: {InvalidName: {status: 600}}}}", "spec.methods[0].response.errors.InvalidName.status", "less than or equal to 599"),
    (RUN, "type: None}, response: {templates: [{status: 404, template: {inline: x}}]}}", "spec.methods[0].response.templates[0].status", "supported values: \"200\", \"400\", \"500\""),
    (RUN, "type: None}, response: {templates: [{status: 200, template: {name: plan}}]}}", "spec.methods", "every template.name of a method's response must be the name of an entry"),
    (RUN, "type: None}, response: {headers: {Content-Length: \"1\"}}}", "spec.methods[0].response.headers", "API Gateway sets or renames"),
    (RUN, "type: None}, response: {headers: {X-Amzn-Id: \"1\"}}}", "spec.methods[0].response.headers", "API Gateway sets or renames"),
    (RUN, "type: None}, response: {headers: {access-control-max-age: \"1\"}}}", "spec.methods[0].response.headers", "come from spec.cors"),
    (RUN, "type: None}, response: {headers: {X-A: a, x-a: b}}}", "spec.methods[0].response.headers", "the same in any case"),
    (RUN, "type: None}, response: {headers: {\"X A\": a}}}", "spec.methods[0].response.headers", "the name of a header starts with a letter"),
    (RUN, "type: None}, response: {headers: {X-A: \"it's\"}}}", "spec.methods[0].response.headers[X-A]", "the value of a header has visible ASCII"),
    ("[\"https://a.example\"]", "[\"*\"], allowCredentials: true", "spec.cors.allowOrigins", "browsers refuse '*' together with allowCredentials"),
    ("[\"https://a.example\"]", "[\"https://a.example\"], allowCredentials: true, allowMethods: [\"*\"]", "spec.cors.allowMethods", "name the methods"),
    ("[\"https://a.example\"]", "[\"https://a.example\"], allowCredentials: true, allowHeaders: [\"*\"]", "spec.cors.allowHeaders", "name the headers"),
    ("[\"https://a.example\"]", "[\"https://a.example\"], allowCredentials: true, exposeHeaders: [\"*\"]", "spec.cors.exposeHeaders", "name the headers"),
    ("[\"https://a.example\"]", "[\"https://a.example\"], allowMethods: [\"*\", GET]", "spec.cors.allowMethods", "give it alone"),
    ("[\"https://a.example\"]", "[\"https://a.example\"], allowHeaders: [\"X A\"]", "spec.cors.allowHeaders[0]", "the name of a header has letters"),
    ("[\"https://a.example\"]", "[\"https://a.example\"], maxAgeSeconds: 86401", "spec.cors.maxAgeSeconds", "less than or equal to 86400"),
    // Usage plans and domain names.
    ("cors:", "usagePlans: [{name: p, stages: [{name: prod}], apiKeys: [{name: k}]}]\ncors:", "spec.usagePlans[0].apiKeys[0]", "give exactly one of secret, for a value that AWS makes, and valueFrom"),
    ("cors:", "usagePlans: [{name: p, stages: [{name: prod}], apiKeys: [{name: k, value: abcdefghijklmnopqrstuvwxyz}]}]\ncors:", "spec.usagePlans[0].apiKeys[0].value", "unknown field"),
    ("cors:", "usagePlans: [{name: p, stages: [{name: prod}], quota: {limit: 9, period: Day, offset: 1}}]\ncors:", "spec.usagePlans[0].quota.offset", "offset is 0 for a Day"),
    ("cors:", "usagePlans: [{name: p, stages: [{name: prod}], throttling: {rateLimit: -1, burstLimit: 1}}]\ncors:", "spec.usagePlans[0].throttling.rateLimit", "should be greater than or equal to 0"),
    ("cors:", "usagePlans: [{name: p, stages: [{name: prd}]}]\ncors:", "spec.usagePlans", "every stage of a usage plan must be the name of an entry of spec.stages"),
    ("cors:", "domains: [{name: a.example, stage: prd}]\ncors:", "spec.domains", "every domain's stage must be the name of an entry of spec.stages"),
    ("cors:", "domains: [{name: a.example, stage: prod}, {name: a.example, stage: prod}]\ncors:", "spec.domains[1]", "Duplicate value"),
    ("cors:", "domains: [{name: \"https://a.example\", stage: prod}]\ncors:", "spec.domains[0].name", "must be a domain name in lower case, such as api.example.com"),
    ("cors:", "domains: [{name: a.example, stage: prod, basePath: a/b}]\ncors:", "spec.domains[0].basePath", "is one part of a path, without /"),
    ("cors:", "domains: [{name: a.example, stage: prod, endpointType: Edge}]\ncors:", "spec.domains[0]", "give certificateArn, or remove them"),
    ("cors:", "domains: [{name: a.example, stage: prod, certificateArn: mine}]\ncors:", "spec.domains[0].certificateArn", "must be the ARN of a certificate, such as"),
    // Fields that do not exist. AWS shows stage variables to readers: not from a Secret.
    ("{colour: red}", "{}, variablesFrom: {colour: {secretKeyRef: {name: a, key: b}}}", "spec.stages[0].variablesFrom.colour.secretKeyRef", "unknown field"),
    ("cors:", "corss:", "spec.corss", "unknown field"),
    ("authorization:", "authorisation:", "spec.methods[0].authorisation", "unknown field"),
    // The endpoint.
    ("tags:", "endpoint: {vpcEndpointIds: [vpce-1]}\ntags:", "spec.endpoint.vpcEndpointIds", "only an API of type Private has VPC endpoints"),
    ("tags:", "endpoint: {type: Private}\ntags:", "spec.endpoint.policy", "AWS deploys none without"),
    ("tags:", "endpoint: {type: Private, policy: {}, ipAddressType: IPv4}\ntags:", "spec.endpoint.ipAddressType", "a Private API is always DualStack"),
    ("tags:", "endpoint: {type: Private, policy: {}, vpcEndpointIds: [vpc-1]}\ntags:", "spec.endpoint.vpcEndpointIds[0]", "such as vpce-01234567abcdef012"),
    ("tags:", "endpoint: {accessMode: Strict}\ntags:", "spec.endpoint.accessMode", "give both or neither"),
    ("tags:", "endpoint: {securityPolicy: SecurityPolicy_TLS13_1_3_2025_09}\ntags:", "spec.endpoint.accessMode", "give both or neither"),
    ("tags:", "endpoint: {securityPolicy: SecurityPolicy_TLS13_2025_EDGE, accessMode: Basic}\ntags:", "spec.endpoint.securityPolicy", "policies that end in _EDGE are for type Edge"),
    ("tags:", "endpoint: {securityPolicy: TLS_1_3}\ntags:", "spec.endpoint.securityPolicy", "Unsupported value"),
    ("tags:", "endpoint: {binaryMediaTypes: [application/json]}\ntags:", "spec.endpoint.binaryMediaTypes[0]", "would get base64: leave it out"),
    ("tags:", "endpoint: {binaryMediaTypes: ['*/*']}\ntags:", "spec.endpoint.binaryMediaTypes[0]", "must be a content type, such as image/png"),
    ("tags:", "endpoint: {minimumCompressionSize: -1}\ntags:", "spec.endpoint.minimumCompressionSize", "greater than or equal to 0"),
];

#[rustfmt::skip]
const INVALID: &[Case] = &[
    (RUN, "type: None}, arguments: {nam: {query: a}}}", "spec.methods[POST /run].arguments.nam", "did you mean name?"),
    (RUN, "type: None}, arguments: {zzz: {query: a}}}", "spec.methods[POST /run].arguments.zzz", "It has stateMachineArn, name, input, traceHeader"),
    (", arguments: {executionArn: {query: a}}", "", "spec.methods[GET /state].arguments.executionArn", "say where it comes from, such as {query: executionArn}"),
    ("{query: a}", "{query: a}, includedData: {value: ALL}", "spec.methods[GET /state].arguments.includedData.value", "\"ALL\" is not one of ALL_DATA, METADATA_ONLY"),
    (RUN, "type: None}, arguments: {input: {value: '{a'}}}", "spec.methods[POST /run].arguments.input.value", "input has to be JSON text"),
    (RUN, "type: None}, arguments: {stateMachineArn: {query: a}}}", "spec.methods[POST /run].arguments.stateMachineArn", "remove one of them"),
    (RUN, "type: None}, arguments: {name: {path: id}}}", "spec.methods[POST /run].arguments.name.path", "the path has no {id}; write it there"),
    (RUN, "type: None}, arguments: {name: {context: nope}}}", "spec.methods[POST /run].arguments.name.context", "there are accountId"),
    (RUN, "type: None}, arguments: {name: {stageVariable: nope}}}", "spec.stages[prod].variables.nope", "spec.methods[POST /run].arguments.name reads it"),
    // Types and limits of arguments.
    ("{query: a}", "{query: a, type: String}", "spec.methods[GET /state].arguments.executionArn.type", "has a type of its own; remove this"),
    (RUN, "type: None}, arguments: {name: {value: NAME}}}", "spec.methods[POST /run].arguments.name.value", "has 129 characters, and Step Functions takes 1 to 80"),
    (RUN, "type: None}, arguments: {name: {object: {a: {query: a}}}}}", "spec.methods[POST /run].arguments.name.object", "is for arguments that are JSON"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "ListExecutions, stateMachine: hello, arguments: {maxResults: {value: abc}}", "spec.methods[GET /state].arguments.maxResults.value", "\"abc\" is not a whole number from 0 to 1000"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "ListExecutions, stateMachine: hello, arguments: {maxResults: {value: \"1001\"}}", "spec.methods[GET /state].arguments.maxResults.value", "from 0 to 1000"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "ListExecutions, stateMachine: hello, arguments: {statusFilter: {value: DONE}}", "spec.methods[GET /state].arguments.statusFilter.value", "\"DONE\" is not one of RUNNING, SUCCEEDED"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "GetExecutionHistory, stateMachine: hello, arguments: {executionArn: {query: a}, reverseOrder: {value: \"yes\"}}", "spec.methods[GET /state].arguments.reverseOrder.value", "\"yes\" is neither true nor false"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "ListExecutions, arguments: {maxResults: {query: n2}}", "spec.methods[GET /state].arguments.stateMachineArn", "missing: ListExecutions needs stateMachineArn or mapRunArn"),
    ("DescribeExecution, stateMachine: hello", "ListExecutions, stateMachine: fast", "spec.methods[GET /state].arguments.executionArn", "ListExecutions has no such argument"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "ListExecutions, stateMachine: fast", "spec.methods[GET /state].action", "works on STANDARD state machines only"),
    ("DescribeExecution, stateMachine: hello", "RedriveExecution, stateMachine: fast", "spec.methods[GET /state].action", "works on STANDARD state machines only"),
    ("DescribeExecution, stateMachine: hello", "GetExecutionHistory, stateMachine: fast", "spec.methods[GET /state].action", "works on STANDARD state machines only"),
    ("DescribeExecution, stateMachine: hello", "ListMapRuns, stateMachine: fast", "spec.methods[GET /state].action", "works on STANDARD state machines only"),
    // Objects.
    (RUN, "type: None}, arguments: {input: {object: {a: {quary: b}}}}}", "spec.methods[POST /run].arguments.input.object.a.quary", "did you mean query?"),
    (RUN, "type: None}, arguments: {input: {object: {a: {query: b, header: c}}}}}", "spec.methods[POST /run].arguments.input.object.a", "give exactly one source: bodyField"),
    (RUN, "type: None}, arguments: {input: {object: {a: {query: b c}}}}}", "spec.methods[POST /run].arguments.input.object.a.query", "the name of a query parameter has"),
    (RUN, "type: None}, arguments: {input: {object: {a: text}}}}", "spec.methods[POST /run].arguments.input.object.a", "a fixed text is {value: ...}"),
    (RUN, "type: None}, arguments: {input: {object: {a: {value: 7}}}}}", "spec.methods[POST /run].arguments.input.object.a.value", "has to be a text; put it in quotes"),
    (RUN, "type: None}, arguments: {input: {object: {a: {value: x, type: Integer}}}}}", "spec.methods[POST /run].arguments.input.object.a.value", "\"x\" is not a whole number"),
    (RUN, "type: None}, arguments: {input: {object: {a: {query: x, type: JSON}}}}}", "spec.methods[POST /run].arguments.input.object.a.type", "leave type out, and let the workflow parse"),
    (RUN, "type: None}, arguments: {input: {object: {a: {value: \"{\", type: JSON}}}}}", "spec.methods[POST /run].arguments.input.object.a.value", "has to be JSON text"),
    (RUN, "type: None}, arguments: {input: {object: {a: {path: id}}}}}", "spec.methods[POST /run].arguments.input.object.a.path", "the path has no {id}"),
    (RUN, "type: None}, arguments: {input: {object: {a: {object: {b: {object: {c: {object: {d: {object: {e: {object: {f: {query: x}}}}}}}}}}}}}}}", "spec.methods[POST /run].arguments.input.object.a.object.b.object.c.object.d.object.e", "is deeper than the 5 objects"),
    (RUN, "type: None}, arguments: {name: {claim: sub}}}", "spec.methods[POST /run].arguments.name.claim", "give the method authorization by Cognito or Lambda"),
    // What the role cannot be limited to.
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "ListStateMachines", "spec.methods[GET /state].action", "If that is meant, list ListStateMachines in spec.role.unscopedActions"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "ListActivities, stateMachine: hello", "spec.methods[GET /state].stateMachine", "ListActivities has nothing to do with a state machine; remove this"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "DescribeActivity, arguments: {activityArn: {query: a}}", "spec.methods[GET /state].arguments.activityArn", "list the activities that callers may name in spec.role.activityArns"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "DescribeActivity, arguments: {activityArn: {value: x}}", "spec.methods[GET /state].arguments.activityArn.value", "\"x\" is not an ARN"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "DescribeActivity, arguments: {activityArn: {value: \"arn:aws:states:us-east-1:ACCOUNT:activity:a*\"}}", "spec.methods[GET /state].arguments.activityArn.value", "cannot have wildcards; name one"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "DescribeActivity, arguments: {activityArn: {stageVariable: colour}}", "spec.stages[prod].variables.colour", "\"red\" is not an ARN"),
    ("role: {", "role: {activityArns: [\"arn:aws:states:us-east-2:ACCOUNT:activity:a\"], ", "spec.role.activityArns[0]", "is in us-east-2, and spec.region is us-east-1"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "TestState, arguments: {definition: {value: '{}'}, roleArn: {query: r}}", "spec.methods[GET /state].arguments.roleArn", "a caller cannot choose the role"),
    ("DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: a}}", "TestState, arguments: {definition: {value: '{}'}, mock: {object: {resul: {query: r}}}}", "spec.methods[GET /state].arguments.mock.object.resul", "did you mean result?"),
    ("us-east-1:ACCOUNT:stateMachine:Hello", "us-east-2:ACCOUNT:stateMachine:Hello", "spec.stateMachines[hello].arn", "is in us-east-2, and spec.region is us-east-1"),
    (HELLO, "arn:aws-cn:states:us-east-1:ACCOUNT:stateMachine:Hello", "spec.stateMachines[hello].arn", "is in partition aws-cn, and spec.region us-east-1 is in aws"),
    (HELLO, "Hello", "spec.stateMachines[hello].arn", "\"Hello\" is not an ARN (arn:partition:service:region:account:resource)"),
    (HELLO, "arn:aws:states:us-east-1:ACCOUNT:activity:Hello", "spec.stateMachines[hello].arn", "is not the ARN of a state machine"),
    (HELLO, "arn:aws:states:us-east-1:ACCOUNT:stateMachine:Hel lo", "spec.stateMachines[hello].arn", "is not the ARN of a state machine"),
    (HELLO, "arn:aws:states:us-east-1:ACCOUNT:stateMachine:Hel*", "spec.stateMachines[hello].arn", "cannot have wildcards"),
    (HELLO, "arn:aws:states:us-east-1:999999999999:stateMachine:Hello", "spec.stateMachines[fast].arn", "have to be in one account"),
    ("arn: \"arn:aws:states:us-east-1:ACCOUNT:stateMachine:Hello\"", "stageVariable: colour", "spec.stages[prod].variables.colour", "\"red\" is not an ARN"),
    ("role: {stateMachineArns", "role: {arn: \"arn:aws:iam::999999999999:role/r\"}\n#", "spec.role.arn", "is in account 999999999999, and spec.stateMachines[hello].arn is in ACCOUNT"),
    ("role: {stateMachineArns", "role: {managedPolicyArns: [\"arn:aws-cn:iam::aws:policy/p\"]}\n#", "spec.role.managedPolicyArns[0]", "is in partition aws-cn"),
    ("us-east-1:ACCOUNT:stateMachine:Open", "us-east-3:ACCOUNT:stateMachine:Open", "spec.role.stateMachineArns[0]", "name one in this region"),
    ("role: {", "#role: {", "spec.methods[POST /mine].stateMachine", "the created role would allow nothing; name an entry of spec.stateMachines"),
    ("\"/run\"", "\"/{id}/{id}\"", "spec.methods[POST /{id}/{id}].path", "stands twice in the path; use two names"),
    ("\"/run\"", "\"/{id+}/x\"", "spec.methods[POST /{id+}/x].path", "nothing can follow {id+}"),
    ("\"/mine\"", "\"/a/{id}\", method: HEAD, action: StartExecution}\n  - {path: \"/a/{key}\"", "spec.methods[POST /a/{key}].path", "{key} and {id} stand at the same place; use one name"),
    ("$input.body", "${AWS::Region}", "spec.templates[plain].body", "when the template is imported; write it otherwise"),
    ("{name: plain}}", "{inline: \"${AWS::AccountId}\"}}", "spec.methods[POST /mine].request.template.inline", "write it otherwise"),
    ("action: StartExecution, stateMachine", "action: StartSyncExecution, stateMachine", "spec.methods[POST /run].action", "works on EXPRESS state machines only, and arn:aws:states:us-east-1:ACCOUNT:stateMachine:Hello is STANDARD; take another"),
    ("action: DescribeExecution, stateMachine: hello", "action: DescribeExecution, stateMachine: fast", "spec.methods[GET /state].action", "works on STANDARD state machines only"),
    (RUN, "type: None}, tests: [{name: t}]}", "spec.methods[POST /run].tests[t].startsExecution", "has to be true: StartExecution starts a real execution"),
    ("{query: a}}", "{query: a}}, tests: [{name: t, stage: nope}]", "spec.methods[GET /state].tests[t].stage", "is not an entry of spec.stages"),
    ("{query: a}}", "{query: a}}, tests: [{name: t, pathVariables: {id: x}}]", "spec.methods[GET /state].tests[t].pathVariables.id", "the path has no such variable"),
    ("\"/state\", method: GET,", "\"/state/{id}\", method: GET, tests: [{name: t}],", "spec.methods[GET /state/{id}].tests[t].pathVariables.id", "missing: the path has it"),
    ("cors:", "usagePlans: [{name: p, stages: [{name: prod, methods: [{path: /run, method: PUT, throttling: {rateLimit: 1, burstLimit: 1}}]}]}]\ncors:", "spec.usagePlans[p].stages[prod].methods[PUT /run]", "there is no such method; name path and method of an entry of spec.methods"),
    ("cors:", "usagePlans: [{name: p, stages: [{name: prod}], apiKeys: [{name: k, secret: {name: s, key: k}}]}, {name: q, stages: [{name: prod}], apiKeys: [{name: k, secret: {name: t, key: k}}]}]\ncors:", "spec.usagePlans[q].apiKeys[k]", "usage plan p has a key of this name, too; use two names"),
    ("cors:", "domains: [{name: a.example, stage: prod, certificateArn: \"arn:aws:acm:eu-west-1:ACCOUNT:certificate/1\"}]\ncors:", "spec.domains[a.example/].certificateArn", "is in eu-west-1, and has to be in us-east-1 for this"),
    ("cors:", "domains: [{name: a.example, stage: prod, endpointType: Edge, certificateArn: \"arn:aws:acm:us-east-2:ACCOUNT:certificate/1\"}]\ncors:", "spec.domains[a.example/].certificateArn", "is in us-east-2, and has to be in us-east-1 for this"),
    ("cors:", "domains: [{name: a.example, stage: prod, certificateArn: \"arn:aws-cn:acm:us-east-1:ACCOUNT:certificate/1\"}]\ncors:", "spec.domains[a.example/].certificateArn", "is in partition aws-cn"),
    ("cors:", "domains: [{name: a.example, stage: prod, certificateArn: \"arn:aws:acm:us-east-1:ACCOUNT:certificate/1\"}, {name: a.example, basePath: x, stage: prod, certificateArn: \"arn:aws:acm:us-east-1:ACCOUNT:certificate/2\"}]\ncors:", "spec.domains[a.example/x]", "differs from spec.domains[a.example/] in certificateArn"),
    ("PATHS", "", "spec.methods", "304 resources, and API Gateway allows 300; make two APIs"),
    ("MACHINES", "", "spec.role", "and IAM allows 10240; name fewer"),
    // The resource policy.
    ("tags:", "endpoint: {policy: {Version: 2012-10-17, Statement: [{Effect: Deny, Principal: '*', Action: '*', Resource: '*'}], Statements: []}}\ntags:", "spec.endpoint.policy.Statements", "Version, Id and Statement only"),
    ("tags:", "endpoint: {policy: {Statement: {Effect: Deny, Principal: '*', Action: '*', Resource: '*'}}}\ntags:", "spec.endpoint.policy.Version", "in quotes"),
    ("tags:", "endpoint: {policy: {Version: '2012-10-17'}}\ntags:", "spec.endpoint.policy.Statement", "a list of statements"),
    ("tags:", "endpoint: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*'}, {Effect: allow, Principal: '*', Action: '*', Resource: '*'}]}}\ntags:", "spec.endpoint.policy.Statement[1].Effect", "has to be Allow or Deny"),
    ("tags:", "endpoint: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*'}, {Effect: Deny, Action: '*', Resource: '*'}]}}\ntags:", "spec.endpoint.policy.Statement[1].Principal", "give exactly one of Principal and NotPrincipal"),
    ("tags:", "endpoint: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*'}, {Effect: Deny, Principal: '*', Action: 'states:StartExecution', Resource: '*'}]}}\ntags:", "spec.endpoint.policy.Statement[1].Action", "has to be execute-api:Invoke"),
    ("tags:", "endpoint: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*'}, {Effect: Deny, Principal: '*', Action: '*', Resource: 'arn:aws:states:us-east-1:1:x'}]}}\ntags:", "spec.endpoint.policy.Statement[1].Resource", "has to be execute-api:/*"),
    ("tags:", "endpoint: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*'}, {Effect: Deny, Principal: '*', Action: '*', Resource: '*', Conditions: {}}]}}\ntags:", "spec.endpoint.policy.Statement[1].Conditions", "a statement has Sid, Effect"),
    ("tags:", "endpoint: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*'}, {Effect: Deny, Principal: '*', Action: '*', Resource: '*', Sid: '${AWS::Region}'}]}}\ntags:", "spec.endpoint.policy", "write it otherwise"),
    ("POLICY", "", "spec.endpoint.policy", "and API Gateway allows 8192"),
    (RUN, "type: None}, response: {errors: {InvalidNam: {status: 422}}}}", "spec.methods[POST /run].response.errors.InvalidNam", "did you mean InvalidName?"),
    ("{name: plain}}", "{name: plain}}, response: {location: true}", "spec.methods[POST /mine].response.location", "no method of this API tells about the execution; add one, such as {path:"),
    ("\"/run\", method: POST, action: StartExecution,", "\"/{all+}\", method: POST, action: StartExecution, response: {location: true},", "spec.methods[POST /{all+}].response.location", "take another path"),
    (RUN, "type: None}, response: {templates: [{status: 400, template: {inline: '#set($context.responseOverride.header.Vary = 1)'}}]}}", "spec.methods[POST /run].response.templates[400].template", "which is set already"),
    (RUN, "type: None}, response: {templates: [{status: 500, template: {inline: '${AWS::Region}'}}]}}", "spec.methods[POST /run].response.templates[500].template.inline", "write it otherwise"),
    ("{query: a}}", "{query: a}, includedData: {value: METADATA_ONLY}}, response: {unwrap: output}", "spec.methods[GET /state].response.unwrap", "there is no output; remove one of them"),
];

/// The good spec with a change. Some changes are too long to write down.
fn changed(account: &str, (from, to, ..): &Case) -> String {
    let spec = match *from {
        "PATHS" => {
            let method =
                |n| format!("  - {{path: /a/b{n}, method: POST, action: StartExecution, stateMachine: hello}}\n");
            GOOD.replace("cors:", &format!("{}cors:", (0..299).map(method).collect::<String>()))
        }
        "MACHINES" => {
            let arn = |n| format!("\"arn:aws:states:us-east-1:ACCOUNT:stateMachine:{n:0>80}\", ");
            GOOD.replace("stateMachineArns: [", &format!("stateMachineArns: [{}", (0..90).map(arn).collect::<String>()))
        }
        "POLICY" => {
            let resources = vec!["'execute-api:/*'"; 150].join(", ");
            let statement = format!("{{Effect: Allow, Principal: '*', Action: '*', Resource: [{resources}]}}");
            let policy = format!("{{Version: '2012-10-17', Statement: {statement}}}");
            GOOD.replace("tags:", &format!("endpoint: {{policy: {policy}}}\ntags:"))
        }
        _ => GOOD.replacen(from, &to.replace("NAME", LONG), 1),
    };
    assert_ne!(spec, GOOD, "{from} is not in the good spec");
    spec.replace("ACCOUNT", account)
}

/// A world with the machines of the good spec.
async fn world(name: &str) -> World {
    let world = World::new(name).await;
    for (name, kind) in
        [("Hello", MachineKind::Standard), ("Open", MachineKind::Standard), ("Fast", MachineKind::Express)]
    {
        world.aws.machine("us-east-1", name, kind).await;
    }
    world.aws.forget_calls().await;
    world
}

#[tokio::test]
async fn manifest_that_schema_or_cel_can_refuse_is_refused_with_field_and_remedy() {
    let world = &World::new("refused").await;
    let try_it = |case: &'static Case| async move {
        let (from, to, field, says) = *case;
        let answer = world.kube.apply_spec("api", &changed(&world.aws.id, case)).await;
        match answer {
            Err(text) if text.contains(&format!("{field}: ")) && text.contains(says) => None,
            Err(text) if says == "unknown field" && text.contains(&format!("unknown field \"{field}\"")) => None,
            other => Some(format!("{from} -> {to}\n  wanted {field}: {says}\n  but {other:?}")),
        }
    };
    let wrong: Vec<String> =
        futures::stream::iter(REFUSED).map(try_it).buffer_unordered(4).filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), REFUSED.len(), wrong.join("\n"));
    let long = world.kube.apply_spec(&LONG[..101], &GOOD.replace("ACCOUNT", &world.aws.id)).await.unwrap_err();
    assert!(long.contains("metadata.name must have at most 100 characters"), "{long}");
}

#[tokio::test]
async fn region_changed_is_refused_and_a_new_object_advised() {
    let world = World::new("region").await;
    let good = GOOD.replace("ACCOUNT", &world.aws.id);
    world.kube.apply_spec("api", &good).await.expect("the good spec applies");
    let refused = world.kube.apply_spec("api", &good.replace("us-east-1", "us-east-2")).await.unwrap_err();
    assert!(refused.contains("spec.region: ") && refused.contains("cannot be changed; make a new object"), "{refused}");
}

#[tokio::test]
async fn spec_that_only_the_controller_can_refuse_stalls_with_field_and_remedy_and_writes_nothing() {
    let world = world("invalid").await;
    let _controller = world.controller().await;
    let indented = |spec: String| spec.lines().map(|line| format!("  {line}\n")).collect::<String>();
    let manifest = |(n, case): (usize, &Case)| {
        let head = "apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata";
        format!("---\n{head}: {{name: case-{n}}}\nspec:\n{}", indented(changed(&world.aws.id, case)))
    };
    let manifests: String = INVALID.iter().enumerate().map(manifest).collect();
    world.kube.apply(&manifests).await.expect("schema and CEL take them");
    let mut wrong = Vec::new();
    for (n, (from, _, field, says)) in INVALID.iter().enumerate() {
        let name = format!("case-{n}");
        let object = world.kube.wait(&name, "False", "Invalid").await;
        let is = |kind: &str| condition(&object, kind).map(|condition| condition.status.clone()).unwrap_or_default();
        assert_eq!([is("Stalled"), is("Reconciling"), is("Accepted")], ["True", "False", "False"], "{from}");
        let generation = object.metadata.generation;
        let conditions = object.status.iter().flat_map(|status| &status.conditions);
        assert!(conditions.into_iter().all(|condition| condition.observed_generation == generation), "{from}");
        let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
        if !message.contains(&format!("{field}: ")) || !message.contains(&says.replace("ACCOUNT", &world.aws.id)) {
            wrong.push(format!("{from}\n  wanted {field}: {says}\n  but {message}"));
        }
        // It is published after the status is written.
        eventually("an event that says the same", || async {
            let events = world.kube.events(&name).await;
            let same = |(reason, note): &(String, String)| reason == "Invalid" && message.starts_with(&note[..40]);
            if events.iter().any(same) { Ok(()) } else { Err(format!("{events:?}")) }
        })
        .await;
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), INVALID.len(), wrong.join("\n"));
    assert_eq!(world.aws.writes().await, Vec::new());
    assert_eq!(world.aws.leftovers("us-east-1").await, Vec::<String>::new());
}

#[tokio::test]
async fn several_mistakes_are_all_named_at_once() {
    let world = world("several").await;
    let _controller = world.controller().await;
    let spec = changed(&world.aws.id, &INVALID[0]).replace("$input.body", "${AWS::Region}");
    world.kube.apply_spec("api", &spec).await.expect("schema and CEL take it");
    let object = world.kube.wait("api", "False", "Invalid").await;
    let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    for field in ["spec.methods[POST /run].arguments.nam: ", "spec.templates[plain].body: "] {
        assert!(message.contains(field), "{message}");
    }
}

#[tokio::test]
async fn good_resource_made_bad_keeps_serving_and_heals_when_corrected() {
    let world = world("made-bad").await;
    let _controller = world.controller().await;
    let good = GOOD.replace("ACCOUNT", &world.aws.id);
    world.kube.apply_spec("api", &good).await.expect("the good spec applies");
    let before = world.kube.wait_ready("api").await.status.expect("a status");
    let run = before.endpoints.iter().find(|endpoint| endpoint.url.ends_with("/run")).expect("an endpoint").url.clone();
    let start = || post(&run, "application/json", r#"{"order": 7}"#);
    Answer::until(200, start).await;
    world.aws.forget_calls().await;

    // One that the API server refuses, one that the controller refuses, one that AWS tells to be wrong.
    world.kube.apply_spec("api", &changed(&world.aws.id, &REFUSED[0])).await.expect_err("refused");
    let of_wrong_type = INVALID.iter().find(|case| case.3.starts_with("works on EXPRESS")).expect("such a case");
    for bad in [INVALID[0], *of_wrong_type] {
        world.kube.apply_spec("api", &changed(&world.aws.id, &bad)).await.expect("schema and CEL take it");
        let status = world.kube.wait("api", "False", "Invalid").await.status.expect("a status");
        assert_eq!((&status.revision, &status.stages), (&before.revision, &before.stages));
        assert_eq!(Answer::of(start()).await.status, 200);
        assert_eq!(world.aws.writes().await, Vec::new());
    }

    world.kube.apply_spec("api", &good).await.expect("the good spec applies");
    let after = world.kube.wait_ready("api").await;
    assert_eq!(condition(&after, "Stalled").map(|stalled| stalled.status.as_str()), Some("False"));
    assert_eq!(after.status.expect("a status").stages, before.stages);
    assert_eq!(world.aws.writes().await, Vec::new());
    assert_eq!(Answer::of(start()).await.status, 200);
}

#[tokio::test]
async fn object_that_no_controller_has_seen_is_not_taken_for_healthy() {
    let world = World::new("unseen").await;
    world.kube.apply_spec("api", &GOOD.replace("ACCOUNT", &world.aws.id)).await.expect("the good spec applies");
    let status = world.kube.get("api").await.status.expect("a defaulted status");
    assert_eq!((status.observed_generation, status.conditions.len()), (-1, 0));
    // kubectl wait, and with it every tool that reads conditions, waits on.
    let waited = world.kube.kubectl(&["wait", "sfnapi/api", "--for=condition=Ready", "--timeout=1s"]).await;
    assert!(waited.unwrap_err().contains("timed out"));
}
