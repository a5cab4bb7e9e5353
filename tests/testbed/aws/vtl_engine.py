"""The emulator's template engine alone: a JSON object a line in, its output a line out. No server, no API.

It is the engine that deployed APIs of the bed run, with the bed's fixes: `bed vtl` starts it. In: template, body, path,
query, headers, stageVariables, context. Out: {"text", "overrides"} or {"error"}.
"""

import functools
import json
import os
import sys

for _name, _value in {"LS_LOG": "error", "DISABLE_EVENTS": "1"}.items():
    os.environ.setdefault(_name, _value)

from localstack.services.apigateway.next_gen.execute_api import template_mapping  # noqa: E402

import airspeed  # noqa: E402
import apigateway_fixes  # noqa: E402, F401  they patch LocalStack when imported

# Parsing is most of the time, and many calls share templates and paths. What is parsed keeps nothing of a run.
airspeed.Template = functools.lru_cache(maxsize=4096)(airspeed.Template)
template_mapping.parse = functools.lru_cache(maxsize=4096)(template_mapping.parse)

ENGINE = template_mapping.ApiGatewayVtlTemplate()
OVERRIDES = {"requestOverride": {"header": {}, "path": {}, "querystring": {}}, "responseOverride": {"header": {}}}


def run(call):
    variables = {
        "context": call["context"],
        "input": {
            "body": call["body"],
            "params": {"path": call["path"], "querystring": call["query"], "header": call["headers"]},
        },
        "stageVariables": call["stageVariables"],
    }
    text, overrides = ENGINE.render_request(call["template"], variables, json.loads(json.dumps(OVERRIDES)))
    return {"text": text, "overrides": {name: dict(value) for name, value in overrides.items()}}


for line in sys.stdin:
    try:
        answer = run(json.loads(line))
    except Exception as broken:  # what a template does not survive is an answer, too
        answer = {"error": f"{type(broken).__name__}: {broken}"[:300]}
    print(json.dumps(answer, default=str), flush=True)
