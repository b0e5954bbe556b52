"""The Schema of an annotation, as a dictionary in the words of the proto.

- Formats are only those that the service takes for texts, `enum` and `date-time`; it refuses a request
  with any other. What a format would say is in the description.
- A Schema needs a type or alternatives, so Any lists all kinds.
- `property_ordering` has the members in the order they are declared, since maps have none.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Collection
from typing import Any

from gemini_grpc.functions.json_schema import (
    HINTS,
    alternatives,
    anything,
    explained,
    from_json_schema,
    hinted,
    in_this_order,
    nothing,
    one_of,
    table,
)
from gemini_grpc.functions.model import json_schema_of
from gemini_grpc.functions.record import description_of
from gemini_grpc.functions.shape import (
    Anything,
    Choice,
    Either,
    Limited,
    Many,
    Model,
    Nothing,
    Nullable,
    Record,
    Row,
    Scalar,
    Shape,
    Table,
    recursive,
    shape_of,
)

Data = dict[str, Any]
Inside = tuple[Record, ...]

_SCALARS: dict[type, tuple[str, str]] = {
    str: ("STRING", ""),
    int: ("INTEGER", ""),
    float: ("NUMBER", ""),
    bool: ("BOOLEAN", ""),
    bytes: ("STRING", "bytes in base64"),
    uuid.UUID: ("STRING", HINTS["uuid"]),
    decimal.Decimal: ("STRING", "a decimal number as text"),
    datetime.datetime: ("STRING", ""),
    datetime.date: ("STRING", HINTS["date"]),
    datetime.time: ("STRING", HINTS["time"]),
    datetime.timedelta: ("NUMBER", "a duration in seconds"),
}
"""The type of each scalar, and what else there is to say."""


def schema_of(annotation: object) -> Data:
    """Return the Schema of an annotation.

    Args:
        annotation: A type as it is written in a signature, resolved: not a string.

    Raises:
        ArgumentError: The annotation has no Schema; the text says what is accepted.
    """
    return schema_of_shape(shape_of(annotation))


def schema_of_shape(shape: Shape, inside: Inside = ()) -> Data:
    """Return the Schema of a shape.

    Args:
        shape: The shape.
        inside: The classes that it is part of, to notice one that contains itself.
    """
    return _SCHEMAS[type(shape)](shape, inside)


def narrow(schema: Data, *, known: Collection[str]) -> Data:
    """Return a Schema with nothing but the fields that a version knows.

    v1alpha, for one, has neither `any_of` nor bounds. Where alternatives are not known, the first one
    stands for all.

    Args:
        schema: The Schema.
        known: The names of the fields, as in the proto or with an underscore as on our messages (`type_`).
    """
    known = {name.rstrip("_") for name in known}
    if "any_of" in schema and "any_of" not in known:
        schema = {**schema["any_of"][0], **{k: v for k, v in schema.items() if k != "any_of"}}
    narrowed = {name: value for name, value in schema.items() if name in known}
    if "items" in narrowed:
        narrowed["items"] = narrow(schema["items"], known=known)
    if "any_of" in narrowed:
        narrowed["any_of"] = [narrow(kind, known=known) for kind in schema["any_of"]]
    if "properties" in narrowed:
        members = schema["properties"].items()
        narrowed["properties"] = {name: narrow(member, known=known) for name, member in members}
    return narrowed


def _anything(shape: Anything, inside: Inside) -> Data:
    return anything()


def _nothing(shape: Nothing, inside: Inside) -> Data:
    return nothing()


def _scalar(scalar: Scalar, inside: Inside) -> Data:
    name, hint = _SCALARS[scalar.kind]
    schema: Data = {"type": name}
    if scalar.kind is datetime.datetime:
        schema["format"] = "date-time"
    return hinted(schema, hint) if hint else schema


def _choice(choice: Choice, inside: Inside) -> Data:
    """Return the Schema of a closed set; numbers and bools of a Literal stay what they are in JSON."""
    return one_of([value if type(value) in (int, bool) else word for word, value in choice.words])


def _many(many: Many, inside: Inside) -> Data:
    schema: Data = {"type": "ARRAY", "items": schema_of_shape(many.item, inside)}
    return hinted(schema, HINTS["unique"]) if many.kind in (set, frozenset) else schema


def _row(row: Row, inside: Inside) -> Data:
    places = [schema_of_shape(item, inside) for item in row.items]
    schema: Data = {
        "type": "ARRAY",
        "items": alternatives(places),
        "min_items": len(places),
        "max_items": len(places),
    }
    return hinted(schema, in_this_order(places))


def _table(shape: Table, inside: Inside) -> Data:
    return table(schema_of_shape(shape.value, inside))


def _record(record: Record, inside: Inside) -> Data:
    if record in inside:
        raise recursive(record.kind.__name__)
    members = record.members()
    schema: Data = {"type": "OBJECT"}
    if members:
        deeper = (*inside, record)
        schema["properties"] = {
            member.name: schema_of_shape(shape, deeper) for member, shape in members
        }
        schema["property_ordering"] = [member.name for member, _ in members]
    if required := [member.name for member, _ in members if member.required]:
        schema["required"] = required
    if description := description_of(record.kind):
        schema["description"] = description
    return schema


def _either(either: Either, inside: Inside) -> Data:
    return alternatives(schema_of_shape(shape, inside) for shape in either.shapes)


def _nullable(nullable: Nullable, inside: Inside) -> Data:
    return {**schema_of_shape(nullable.shape, inside), "nullable": True}


def _limited(limited: Limited, inside: Inside) -> Data:
    schema = schema_of_shape(limited.shape, inside)
    limited.limits.add_to(schema)
    text = limited.limits.description or ""
    if text and _explains_itself(limited.shape):
        schema.pop("description", "")
    return explained(schema, text)


def _explains_itself(shape: Shape) -> bool:
    """Return whether a description is prose of the class, which a nearer one replaces."""
    while isinstance(shape, Limited | Nullable):
        shape = shape.shape
    return isinstance(shape, Record | Model)


def _model(model: Model, inside: Inside) -> Data:
    return from_json_schema(json_schema_of(model.kind))


_SCHEMAS: dict[type, Callable[[Any, Inside], Data]] = {
    Anything: _anything,
    Nothing: _nothing,
    Scalar: _scalar,
    Choice: _choice,
    Many: _many,
    Row: _row,
    Table: _table,
    Record: _record,
    Either: _either,
    Nullable: _nullable,
    Limited: _limited,
    Model: _model,
}
