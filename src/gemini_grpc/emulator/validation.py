"""Check requests as the API does, from their descriptors and from `rules`.

- Everything that is wrong is told at once, up to `LIMIT` places: INVALID_ARGUMENT with a `BadRequest`
  that has the path of each field, `contents[0].parts[1]` or `generation_config.temperature`.
- Required fields must have a value other than the default one; messages only have to be there. In an
  update, what is required of the resource is its name alone, since the mask says what else counts.
  A request of a batch may leave to the batch what the batch gives.
- Fields that only the server sets are emptied, whatever the caller put there (AIP-203).
- Enum values, times and numbers are checked in any case, and so is whatever `rules` calls needed,
  because handlers rely on it. Unknown fields, names, limits and relations are refused only if strict.
- Descriptors are read once: what has to be looked at in a message is compiled into a plan, and fields
  with nothing to check cost nothing.
"""

from __future__ import annotations

import enum
import importlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from google.api import field_behavior_pb2, resource_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.unknown_fields import UnknownFieldSet

from gemini_grpc.emulator import rules, status
from gemini_grpc.emulator.constraints import Constraint, Names, Required
from gemini_grpc.emulator.convert import plain_name
from gemini_grpc.rpc.codec import pb_class
from gemini_grpc.rpc.plain import is_repeated

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from gemini_grpc.emulator.relations import Relation

LIMIT = 20
"""How many violations one answer names at most."""

Descriptor = Any  # the stubs tell the Python and the C class apart
Path = tuple[Any, ...]
"""The way to a value: the path of the message, the name, and the index or key if there is one."""


def check(message: Message, *, strict: bool = True) -> None:
    """Empty the fields of a request that only the server sets, and refuse what is wrong.

    Raises:
        StatusError: INVALID_ARGUMENT, with every field that is wrong.
    """
    found = _Findings()
    if strict and (size := message.ByteSize()) > rules.REQUEST_BYTES:
        text = f"makes the request {size} bytes long, expected at most {rules.REQUEST_BYTES}"
        found.add((None, _largest(message)), text)
    _walk(message, _plan(message.DESCRIPTOR, _Scope.WHOLE, strict), None, found)
    if found.violations:
        raise status.invalid_fields(found.violations)


class _Findings:
    """Collects violations; paths are only written out here, which is rare."""

    def __init__(self) -> None:
        self.violations: list[tuple[str, str]] = []

    def add(self, path: Path | None, text: str, *, inside: str = "") -> None:
        """Keep a violation of a value, or of a place inside it."""
        if len(self.violations) >= LIMIT:
            return
        place = _render(path)
        dot = "." if place and inside and not inside.startswith("[") else ""
        violation = (place + dot + inside, text)
        if violation not in self.violations:
            self.violations.append(violation)


def _render(path: Path | None) -> str:
    steps: list[str] = []
    while path is not None:
        parent, name, *key = path
        steps.append(name + "".join(f"[{item!r}]" for item in key))
        path = parent
    return ".".join(reversed(steps))


def _largest(message: Message) -> str:
    """Return the name of the field that takes most of a message."""
    sizes = {
        plain_name(field.name): _bytes_of(value, listed=is_repeated(field))
        for field, value in message.ListFields()
    }
    return max(sizes, key=lambda name: sizes[name])


def _bytes_of(value: Any, *, listed: bool) -> int:
    if listed:
        return sum(_bytes_of(item, listed=False) for item in value)
    if hasattr(value, "ByteSize"):
        return int(value.ByteSize())
    return len(value) if isinstance(value, (str, bytes)) else 8


class _Scope(enum.Enum):
    """Where a message stands, which decides what is required of it."""

    WHOLE = enum.auto()
    """Everything that is declared as required."""
    UPDATED = enum.auto()
    """The resource of an update: its name."""
    PARTIAL = enum.auto()
    """A message within such a resource: nothing."""
    BATCHED = enum.auto()
    """One request of a batch: what the batch does not say."""


Check = Callable[[Any, Path, _Findings], None]
"""Looks at the value of one field."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What has to be looked at in a message of one type."""

    ignored: tuple[str, ...]
    """The fields to empty."""
    checks: dict[int, tuple[str, Check]]
    """The name of a field and what looks at its value, by number."""
    required: tuple[tuple[str, Callable[[Any], bool]], ...]
    """The names of fields that must be set, and what tells that one is not."""
    relations: tuple[Relation, ...]
    closed: bool
    """Unknown fields are refused."""


def _walk(message: Any, plan: _Plan, path: Path | None, found: _Findings) -> None:
    for name in plan.ignored:
        message.ClearField(name)
    checks = plan.checks
    for field, value in message.ListFields():
        known = checks.get(field.number)
        if known is not None:
            known[1](value, (path, known[0]), found)
    for name, missing in plan.required:
        if missing(message):
            found.add((path, name), "is required")
    for relation in plan.relations:
        for inside, text in relation.problems(message):
            found.add(path, text, inside=".".join(map(plain_name, inside.split("."))))
    if plan.closed and len(unknown := UnknownFieldSet(message)):
        for number in sorted({unknown[index].field_number for index in range(len(unknown))}):
            found.add((path, str(number)), f"is no field of {message.DESCRIPTOR.name}")


@cache
def _plan(descriptor: Descriptor, scope: _Scope, strict: bool) -> _Plan:
    fields = [(field, plain_name(field.name)) for field in descriptor.fields]
    checks = {field.number: (name, _check(field, scope, strict)) for field, name in fields}
    # a resource that is updated need not be whole, and what a batch leaves out it says itself
    related = strict and scope is not _Scope.UPDATED
    keys = _keys(descriptor)
    return _Plan(
        ignored=tuple(field.name for field, _ in fields if _is_ignored(field, scope)),
        checks={number: (name, check) for number, (name, check) in checks.items() if check},
        required=tuple(
            (name, _missing(field)) for field, name in fields if _is_required(field, scope, strict)
        ),
        relations=tuple(rule for key in keys for rule in rules.MESSAGES.get(key, ()) if related),
        closed=strict,
    )


def _keys(descriptor: Descriptor) -> tuple[str, str]:
    """Return the keys of a message in the tables: its name, and with the version before it."""
    package = descriptor.file.package
    name = ".".join(map(plain_name, descriptor.full_name.removeprefix(f"{package}.").split(".")))
    return name, f"{package.rpartition('.')[2]}/{name}"


def constraints(field: Any) -> Iterator[Constraint]:
    """Yield what `rules` and the descriptor say about the values of a field."""
    name = plain_name(field.name)
    given = [
        constraint
        for key in (*_keys(field.containing_type), "*")
        for constraint in rules.FIELDS.get(f"{key}.{name}", ())
    ]
    yield from given
    if not any(isinstance(constraint, Names) for constraint in given):
        patterns = _patterns(field)
        if patterns:
            yield Names(patterns)


def _patterns(field: Any) -> tuple[str, ...]:
    """Return the shapes of the names that a field refers to, or that its own resource has."""
    holder = field.containing_type
    reference = _options(field).Extensions[resource_pb2.resource_reference]
    if reference.child_type:
        children = _resource(holder, reference.child_type)
        return tuple(pattern.rsplit("/", 2)[0] for pattern in children)
    if reference.type:
        return _resource(holder, reference.type)
    return _declared(holder) if field.name == "name" else ()


def _resource(descriptor: Descriptor, kind: str) -> tuple[str, ...]:
    """Return the shapes of the names of a kind of resource."""
    if kind == "*" or kind in rules.RESOURCES:
        return rules.RESOURCES.get(kind, ())
    package = importlib.import_module(descriptor.file.package)
    return _declared(pb_class(getattr(package, kind.rpartition("/")[2])).DESCRIPTOR)


def _declared(descriptor: Descriptor) -> tuple[str, ...]:
    """Return the shapes of the names of a resource, none if a message is no resource."""
    options = descriptor_pb2.MessageOptions.FromString(descriptor.GetOptions().SerializeToString())
    return tuple(
        "/".join("*" if part.startswith("{") else part for part in pattern.split("/"))
        for pattern in options.Extensions[resource_pb2.resource].pattern
    )


def _options(field: Any) -> Any:
    """Return the options of a field; parsed again, since extensions may have been unknown before."""
    return descriptor_pb2.FieldOptions.FromString(field.GetOptions().SerializeToString())


def _behaves(field: Any, behavior: int) -> bool:
    return behavior in _options(field).Extensions[field_behavior_pb2.field_behavior]


def _is_ignored(field: Any, scope: _Scope) -> bool:
    """Tell whether a field belongs to the server; the name of a resource that is updated does not."""
    named = scope is _Scope.UPDATED and field.name == "name"
    kept = f"{_keys(field.containing_type)[0]}.{field.name}" in rules.KEPT
    return not (named or kept) and _behaves(field, field_behavior_pb2.OUTPUT_ONLY)


def _is_required(field: Any, scope: _Scope, strict: bool) -> bool:
    name = plain_name(field.name)
    if scope is _Scope.UPDATED:
        return name == "name"
    if scope is _Scope.PARTIAL or (scope is _Scope.BATCHED and name in {"model", "parent"}):
        return False
    if any(isinstance(rule, Required) and (strict or rule.needed) for rule in constraints(field)):
        return True
    waived = rules.WAIVED.get(f"{_keys(field.containing_type)[0]}.{name}") == ""
    return not waived and _behaves(field, field_behavior_pb2.REQUIRED)


def _missing(field: Any) -> Callable[[Any], bool]:
    """Return what tells that a required field has no value."""
    name = field.name
    if field.message_type is not None and not is_repeated(field):
        return lambda message: not message.HasField(name)
    instead = rules.WAIVED.get(f"{_keys(field.containing_type)[0]}.{plain_name(name)}")
    if instead and instead in field.containing_type.fields_by_name:
        return lambda message: not (getattr(message, name) or getattr(message, instead))
    return lambda message: not getattr(message, name)


def _check(field: Any, scope: _Scope, strict: bool) -> Check | None:
    """Return what looks at the value of a field, None if nothing has to."""
    entry = field.message_type
    mapped = entry is not None and entry.GetOptions().map_entry
    value = _check_value(entry.fields_by_name["value"] if mapped else field, scope, strict)
    if value is not None and is_repeated(field):
        value = _of_map(value) if mapped else _of_list(value)
    held = [rule for rule in constraints(field) if strict or rule.needed]
    checks = [value] if value else []
    checks += [_constraint(rule) for rule in held if not isinstance(rule, Required)]
    return _all(checks) if len(checks) > 1 else next(iter(checks), None)


def _check_value(field: Any, scope: _Scope, strict: bool) -> Check | None:
    """Return what looks at one value of a field, for what its type asks."""
    if field.message_type is not None:
        well_known = rules.WELL_KNOWN.get(field.message_type.full_name)
        inner = _message(field.message_type, _inner_scope(field, scope), strict)
        return _all([_constraint(well_known), inner]) if well_known else inner
    if field.enum_type is not None:
        return _enum(field.enum_type)
    if field.type in {FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE}:
        return _finite
    return None


def _inner_scope(field: Any, scope: _Scope) -> _Scope:
    """Return where the messages of a field stand (AIP-134, AIP-231)."""
    holder, repeated = field.containing_type.name, is_repeated(field)
    if holder.startswith("Batch") and field.name == "requests":
        return _Scope.BATCHED
    if holder.startswith("Update") and "name" in field.message_type.fields_by_name:
        return _Scope.UPDATED
    if scope in {_Scope.UPDATED, _Scope.PARTIAL} and not repeated:
        return _Scope.PARTIAL
    return _Scope.WHOLE


def _message(descriptor: Descriptor, scope: _Scope, strict: bool) -> Check:
    # the plan is looked up when it is used: messages may contain themselves
    return lambda value, path, found: _walk(value, _plan(descriptor, scope, strict), path, found)


def _enum(descriptor: Any) -> Check:
    known = frozenset(descriptor.values_by_number)

    def look(value: int, path: Path, found: _Findings) -> None:
        if value not in known:
            found.add(path, f"is {value}, which is no value of {descriptor.name}")

    return look


def _finite(value: float, path: Path, found: _Findings) -> None:
    if not math.isfinite(value):
        found.add(path, f"is {value}, expected a number")


def _constraint(constraint: Constraint) -> Check:
    def look(value: Any, path: Path, found: _Findings) -> None:
        for inside, text in constraint.problems(value):
            found.add(path, text, inside=inside)

    return look


def _of_list(check: Check) -> Check:
    def look(values: Any, path: Path, found: _Findings) -> None:
        for index, value in enumerate(values):
            check(value, (*path, index), found)

    return look


def _of_map(check: Check) -> Check:
    def look(values: Any, path: Path, found: _Findings) -> None:
        for key in values:
            check(values[key], (*path, key), found)

    return look


def _all(checks: list[Check]) -> Check:
    def look(value: Any, path: Path, found: _Findings) -> None:
        for check in checks:
            check(value, path, found)

    return look
