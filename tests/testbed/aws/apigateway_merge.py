"""PutRestApi mode=merge, which LocalStack takes for overwrite. Refers to internals of LocalStack 4.9.2: keep the pin."""


class Before:
    """An API before a merge, which leaves alone what the document does not have; LocalStack removes it.

    AWS: "Use the API Gateway API to update a REST API": a method that both have is taken whole from the document.
    """

    def __init__(self, rest_api, c):
        self.resources = {r.get_path(): r for r in rest_api.resources.values()}
        self.description, self.authorizers, self.validators = rest_api.description, dict(c.authorizers), dict(c.validators)

    def merge_into(self, rest_api, c, doc):
        new = {r.get_path(): r for r in rest_api.resources.values()}
        merged = {**new, **self.resources}  # what was there keeps its id
        for path, r in new.items():
            if merged[path] is not r:
                merged[path].resource_methods.update(r.resource_methods)
            elif path != "/":
                r.parent_id = merged[path.rsplit("/", 1)[0] or "/"].id
        rest_api.resources = {r.id: r for r in sorted(merged.values(), key=lambda r: bool(r.parent_id))}
        c.resource_children.clear()
        for r in merged.values():
            if r.parent_id:
                c.resource_children.setdefault(r.parent_id, []).append(r.id)
        if "description" not in doc["info"]:
            rest_api.description = self.description
        methods = [m for r in merged.values() for m in r.resource_methods.values()]
        for old, now, key in ((self.authorizers, c.authorizers, "authorizer_id"), (self.validators, c.validators, "request_validator_id")):
            for name, ident in ((x["name"], i) for i, x in old.items()):
                again = next((i for i, x in now.items() if x["name"] == name and i != ident), None)
                if again:  # taken from the document
                    del now[ident]
                    for m in methods:
                        if getattr(m, key, None) == ident:
                            setattr(m, key, again)
