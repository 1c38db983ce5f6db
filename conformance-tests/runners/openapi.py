"""Prints an OpenAPI 3.0 description of the SCIM endpoints at BASE_URL, made from the server's own /Schemas,
/ResourceTypes and /ServiceProviderConfig (asked with TOKEN)."""

import json
import sys
import urllib.request

MEDIA_TYPE = "application/scim+json"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
# RFC 7644 section 3.12, table 9.
SCIM_TYPES = [
    "invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax",
    "invalidPath", "noTarget", "invalidValue", "invalidVers", "sensitive",
]
# What any endpoint may answer to a request that is malformed as HTTP.
ANYWHERE = (401, 405, 406, 413, 414, 415, 431)


def text(longest=None, **more):
    """A string, with a maximum length where we are the ones who write it."""
    return {"type": "string", **({"maxLength": longest} if longest else {}), **more}


def whole(lowest, highest):
    return {"type": "integer", "minimum": lowest, "maximum": highest}


def listed(items, **more):
    return {"type": "array", "items": items, **more}


def record(required=(), **properties):
    schema = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def message(name, required=(), **properties):
    """A SCIM message with exactly one schema URI."""
    only = listed({"type": "string", "enum": [MESSAGES + name]}, minItems=1, maxItems=1)
    return record(("schemas", *required), schemas=only, **properties)


def reference(name):
    return {"$ref": f"#/components/schemas/{name}"}


def content(name):
    return {MEDIA_TYPE: {"schema": reference(name)}}


def body(name):
    return {"required": True, "content": content(name)}


def responses(good, *errors):
    """Answers by status; every error has a SCIM error body."""
    bad = {str(status): {"description": "error", "content": content("Error")} for status in (*ANYWHERE, *errors)}
    return {**good, **bad}


def query(name, schema):
    return {"name": name, "in": "query", "schema": schema}


# RFC 7643 section 2.3: data types, as they are written and as they are read.
DATA_TYPES = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "decimal": {"type": "number"},
    "dateTime": {"type": "string", "format": "date-time"},
    "binary": {"type": "string", "format": "byte"},
    "reference": {"type": "string"},
}


class Attributes:
    """JSON schemas of attributes: for requests without the read-only ones, for answers without those never returned."""

    def __init__(self, writing):
        self.writing = writing

    def one(self, attribute):
        kind = attribute.get("type", "string")
        if kind == "complex":
            schema = self.all(attribute.get("subAttributes") or [])
        else:
            schema = DATA_TYPES.get(kind) or text(200 if self.writing else None)
        if not attribute.get("multiValued"):
            return schema
        return listed(schema, maxItems=3) if self.writing else listed(schema)

    def all(self, attributes):
        shown = [attribute for attribute in attributes if self.is_shown(attribute)]
        required = [a["name"] for a in shown if self.writing and a.get("required")]
        return record(required, **{a["name"]: self.one(a) for a in shown})

    def is_shown(self, attribute):
        if self.writing:
            return attribute.get("mutability") != "readOnly"
        return attribute.get("returned") != "never"


def resource(resource_type, schemas, writing):
    """The JSON schema of a resource with its extensions and the common attributes (RFC 7643 section 3.1)."""
    attributes = Attributes(writing)
    core = resource_type["schema"]
    common = ("id", "externalId", "meta", "schemas")
    schema = attributes.all([a for a in schemas[core]["attributes"] if a["name"] not in common])
    extensions = [e["schema"] for e in resource_type.get("schemaExtensions") or [] if e["schema"] in schemas]
    properties = schema["properties"]
    for extension in extensions:
        properties[extension] = attributes.all(schemas[extension]["attributes"])
    urns = {"type": "string", "enum": [core, *extensions]}
    properties["schemas"] = listed(urns, minItems=1, uniqueItems=True)
    properties["externalId"] = text(100 if writing else None)
    schema.setdefault("required", []).append("schemas")
    if not writing:
        time = {"type": "string", "format": "date-time"}
        meta = record(resourceType=text(), created=time, lastModified=time, location=text(), version=text())
        properties.update(id=text(minLength=1), meta=meta)
        schema["required"].append("id")
    return schema


def messages():
    """The messages of RFC 7644, with sizes that a generator can fill."""
    verbs = {"type": "string", "enum": ["add", "remove", "replace", "Add", "Remove", "Replace"]}
    methods = {"type": "string", "enum": ["POST", "PUT", "PATCH", "DELETE"]}
    patch = record(("op",), op=verbs, path=text(60), value={})
    bulk = record(("method", "path"), method=methods, path=text(60), bulkId=text(20), data={"type": "object"})
    done = record(("status",), method={}, status=text())
    return {
        "Error": message("Error", ("status",), status=text(pattern="^[45][0-9][0-9]$"), detail=text(),
                         scimType={"type": "string", "enum": SCIM_TYPES}),
        "PatchOp": message("PatchOp", ("Operations",), Operations=listed(patch, minItems=1, maxItems=4)),
        "SearchRequest": message("SearchRequest", filter=text(120), attributes=listed(text(40), maxItems=3),
                                 startIndex=whole(-5, 100_000), count=whole(-5, 200), sortBy=text(40)),
        "BulkRequest": message("BulkRequest", ("Operations",), failOnErrors=whole(1, 3),
                               Operations=listed(bulk, minItems=1, maxItems=4)),
        "BulkResponse": message("BulkResponse", ("Operations",), Operations=listed(done)),
    }


def page_of(items):
    """A ListResponse (RFC 7644 section 3.4.2)."""
    natural = {"type": "integer", "minimum": 0}
    return message("ListResponse", ("totalResults",), totalResults=natural, itemsPerPage=natural,
                   startIndex={"type": "integer", "minimum": 1}, Resources=listed(items))


PROJECTION = [query("attributes", text(60)), query("excludedAttributes", text(60))]
LISTING = [
    query("filter", text(120, example="id pr")),
    query("startIndex", whole(-5, 2_000_000_000)),
    query("count", whole(-5, 200)),
    query("sortBy", text(40)),
    query("sortOrder", {"type": "string", "enum": ["ascending", "descending"]}),
    *PROJECTION,
]


def endpoint(resource_type):
    """The paths of one resource type; what POST creates is linked to what can be done with it afterwards."""
    name, path = resource_type["name"], resource_type["endpoint"]
    single = {"description": name, "content": content(name)}
    several = {"description": "a page", "content": content(f"{name}Page")}
    nothing = {"description": "no content"}
    links = {verb: {"operationId": verb + name, "parameters": {"id": "$response.body#/id"}}
             for verb in ("get", "put", "patch", "delete")}
    key = {"name": "id", "in": "path", "required": True,
           "schema": text(60, minLength=1, pattern="^[A-Za-z0-9_-]+$")}

    def operation(verb, answers, **more):
        return {"operationId": verb + name, "responses": answers, **more}

    return {
        path: {
            "get": operation("list", responses({"200": several}, 400), parameters=LISTING),
            "post": operation("create", responses({"201": {**single, "links": links}}, 400, 409),
                              requestBody=body(f"{name}Input")),
        },
        f"{path}/.search": {
            "post": operation("search", responses({"200": several}, 400, 404), requestBody=body("SearchRequest")),
        },
        f"{path}/{{id}}": {
            "parameters": [key],
            "get": operation("get", responses({"200": single}, 400, 404), parameters=PROJECTION),
            "put": operation("put", responses({"200": single}, 400, 404, 409, 412), requestBody=body(f"{name}Input")),
            "patch": operation("patch", responses({"200": single, "204": nothing}, 400, 403, 404, 409, 412),
                               requestBody=body("PatchOp")),
            "delete": operation("delete", responses({"204": nothing}, 404, 412)),
        },
    }


def discovery(path):
    """A discovery endpoint; it may be read without a token, and refuses a filter (RFC 7644 section 4)."""
    anything = {MEDIA_TYPE: {"schema": record(("schemas",))}}
    good = {"200": {"description": "ok", "content": anything}}
    return {"get": {"operationId": f"read{path[1:]}", "security": [], "responses": responses(good, 403)}}


def describe(base_url, token):
    """The whole description of the server at a base URL."""
    def read(path):
        headers = {"Authorization": f"Bearer {token}", "Accept": MEDIA_TYPE}
        with urllib.request.urlopen(urllib.request.Request(base_url + path, headers=headers)) as answer:
            return json.load(answer)

    schemas = {schema["id"]: schema for schema in read("/Schemas")["Resources"]}
    components, paths = messages(), {}
    for resource_type in read("/ResourceTypes")["Resources"]:
        name = resource_type["name"]
        components[name] = resource(resource_type, schemas, writing=False)
        components[f"{name}Input"] = resource(resource_type, schemas, writing=True)
        # A projection may leave out everything but the id.
        components[f"{name}Page"] = page_of(record(("id",)))
        paths.update(endpoint(resource_type))
    for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas"):
        paths[path] = discovery(path)
    if read("/ServiceProviderConfig")["bulk"]["supported"]:
        good = {"200": {"description": "ok", "content": content("BulkResponse")}}
        paths["/Bulk"] = {"post": {"operationId": "bulk", "requestBody": body("BulkRequest"),
                                   "responses": responses(good, 400, 409)}}
    bearer = {"bearer": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "SCIM", "version": "2.0"},
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": bearer},
    }


if __name__ == "__main__":
    json.dump(describe(*sys.argv[1:]), sys.stdout, indent=1)
