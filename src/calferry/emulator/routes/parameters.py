"""Query parameters held against Google's inventory before a method looks at them."""

from calferry.emulator import errors, field_mask
from calferry.emulator.call import Call, Json
from calferry.emulator.query import INT32_MAX, Query
from calferry.emulator.routes import inventory

QUOTA_USER_LENGTH_MAX = 40
LENIENT = frozenset({"alwaysIncludeEmail"})


def check(call: Call) -> None:
    """Refuses missing parameters and values of a wrong type, out of bounds or not among the choices.

    Parameters that the inventory does not know are ignored, and so is what Google says it ignores.
    """
    query = call.query
    for name, declared in inventory.query_parameters(call.method).items():
        if declared.get("required") and not query.text(name):
            raise errors.required("Required", ("parameter", name))
        if name in query and name not in LENIENT:
            _check_value(query, name, declared)
    if query.text("fields"):
        mask = field_mask.parse(query.text("fields"))
        _check_selection(mask, inventory.methods().get(call.method, {}).get("response"))
    if len(query.text("quotaUser")) > QUOTA_USER_LENGTH_MAX:
        raise errors.invalid_parameter("quotaUser", "Invalid value: quotaUser has at most 40 characters.")


def _check_selection(mask: field_mask.Mask, schema: Json | None) -> None:
    """Refuses names that the answer's schema does not have; maps and free values have any."""
    schema = _resolved(schema)
    properties = schema.get("properties")
    if properties is None:
        return
    for name, below in mask.items():
        if name == "*":
            continue
        if name not in properties:
            raise errors.invalid_parameter("fields", f"Invalid field selection {name}")
        _check_selection(below, properties[name])


def _resolved(schema: Json | None) -> Json:
    """What a schema, a reference to one, or a list of them describes."""
    while schema and ("$ref" in schema or "items" in schema):
        schema = inventory.document()["schemas"][schema["$ref"]] if "$ref" in schema else schema["items"]
    return schema or {}


def _check_value(query: Query, name: str, declared: Json) -> None:
    if "enum" in declared:
        query.choice(name, tuple(declared["enum"]))
    elif declared["type"] == "boolean":
        query.boolean(name)
    elif declared["type"] == "integer":
        query.within(name, int(declared.get("minimum", 1)), int(declared.get("maximum", INT32_MAX)))
    elif declared.get("format") == "date-time":
        query.moment(name)
