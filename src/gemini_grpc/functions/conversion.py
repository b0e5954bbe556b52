"""JSON values that the model sent, turned into the Python types that were asked for.

- `convert` takes what a call brings: dictionaries, lists, texts and the floats of a Struct, also as
  proto-plus gives them.
- `parse` takes the text of a response.
- Both are strict where a guess could hide a mistake: unknown and missing members are misfits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar, overload

from gemini_grpc.errors import nearest
from gemini_grpc.functions.misfit import MisfitError, describe, misfit, short
from gemini_grpc.functions.model import validated
from gemini_grpc.functions.scalar import expected_for, scalar, whole
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
    shape_of,
)

T = TypeVar("T")


@overload
def convert(value: object, annotation: type[T]) -> T: ...
@overload
def convert(value: object, annotation: object) -> object: ...
def convert(value: object, annotation: object) -> object:
    """Return a JSON value as the type of an annotation.

    Raises:
        MisfitError: The value does not fit; the text can be given to the model as it is.
        ArgumentError: The annotation has no counterpart in JSON.
    """
    return fit(value, shape_of(annotation))


@overload
def parse(text: str, annotation: type[T]) -> T: ...
@overload
def parse(text: str, annotation: object) -> object: ...
def parse(text: str, annotation: object) -> object:
    """Return the JSON text of a response as the type of an annotation.

    The word of an Enum or a Literal may also stand there bare, as it does with `text/x.enum`.

    Raises:
        MisfitError: The text is not JSON, or does not fit.
        ArgumentError: The annotation has no counterpart in JSON.
    """
    shape = shape_of(annotation)
    if isinstance(shape, Choice) and text.strip() in dict(shape.words):
        return dict(shape.words)[text.strip()]
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        got = f"{describe(text)}: {error}" if text.strip() else "an empty text"
        raise MisfitError("", expected="JSON", got=got) from error
    try:
        return fit(value, shape)
    except RecursionError:
        got = f"{describe(text)}, which is nested too deeply"
        raise MisfitError("", expected="JSON", got=got) from None


def fit(value: object, shape: Shape, path: str = "") -> Any:
    """Return a JSON value as what a shape says.

    Args:
        value: The value.
        shape: What it should be.
        path: Where it is, for errors.
    """
    return _FITTING[type(shape)](value, shape, path)


def members(
    value: Mapping[str, object], wanted: Sequence[tuple[str, bool, Shape]], path: str = ""
) -> dict[str, Any]:
    """Return the members of an object, each converted.

    Args:
        value: The object.
        wanted: Name, whether it must be there, and shape of each member.
        path: Where the object is.

    Raises:
        MisfitError: A member is unknown, missing or does not fit.
    """
    inside = f"{path}." if path else ""
    names = [name for name, _, _ in wanted]
    for name in value:
        if name not in names:
            known = f"one of {', '.join(names)}" if names else "nothing"
            got = f"an unknown name{nearest(str(name), names)}"
            raise MisfitError(f"{inside}{name}", expected=known, got=got)
    found: dict[str, Any] = {}
    for name, required, shape in wanted:
        if name in value:
            found[name] = fit(value[name], shape, f"{inside}{name}")
        elif required:
            raise MisfitError(f"{inside}{name}", expected=expectation(shape), got="nothing")
    return found


def expectation(shape: Shape) -> str:
    """Return in words what a shape takes."""
    return _EXPECTED[type(shape)](shape)


def _words(choice: Choice) -> str:
    values = (value if type(value) in (int, bool) else word for word, value in choice.words)
    listed = ", ".join(json.dumps(value, ensure_ascii=False) for value in values)
    return f"one of {listed}"


_EXPECTED: dict[type, Callable[[Any], str]] = {
    Anything: lambda _: "a value",
    Nothing: lambda _: "null",
    Scalar: lambda shape: expected_for(shape.kind),
    Choice: _words,
    Many: lambda _: "a list",
    Row: lambda shape: f"a list of {len(shape.items)}",
    Table: lambda _: "an object",
    Record: lambda _: "an object",
    Model: lambda _: "an object",
    Either: lambda shape: " or ".join(map(expectation, shape.shapes)),
    Nullable: lambda shape: f"{expectation(shape.shape)} or null",
    Limited: lambda shape: expectation(shape.shape),
}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _anything(value: object, shape: Anything, path: str) -> object:
    return whole(value)


def _nothing(value: object, shape: Nothing, path: str) -> None:
    if value is not None:
        raise misfit(path, expectation(shape), value)


def _scalar(value: object, shape: Scalar, path: str) -> object:
    return scalar(value, shape.kind, path)


def _choice(value: object, shape: Choice, path: str) -> object:
    """Return the value of a word; the number or bool that a word stands for is as good."""
    meanings = dict(shape.words)
    if isinstance(value, str):
        if value in meanings:
            return meanings[value]
    else:
        for meant in meanings.values():
            raw = getattr(meant, "value", meant)
            if isinstance(raw, bool) == isinstance(value, bool) and raw == value:
                return meant
    raise misfit(path, expectation(shape), value)


def _list(value: object, path: str) -> Sequence[object]:
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return value
    raise misfit(path, "a list", value)


def _object(value: object, path: str) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    raise misfit(path, "an object", value)


def _many(value: object, shape: Many, path: str) -> object:
    found = [fit(each, shape.item, f"{path}[{at}]") for at, each in enumerate(_list(value, path))]
    return found if shape.kind is list else _built(shape.kind, (found,), {}, path, value)


def _row(value: object, shape: Row, path: str) -> tuple[object, ...]:
    found = _list(value, path)
    if len(found) != len(shape.items):
        raise misfit(path, expectation(shape), value)
    pairs = zip(found, shape.items, strict=True)
    return tuple(fit(each, item, f"{path}[{at}]") for at, (each, item) in enumerate(pairs))


def _table(value: object, shape: Table, path: str) -> dict[str, object]:
    inside = f"{path}." if path else ""
    return {
        str(name): fit(each, shape.value, f"{inside}{name}")
        for name, each in _object(value, path).items()
    }


def _record(value: object, record: Record, path: str) -> object:
    wanted = [(member.name, member.required, shape) for member, shape in record.members()]
    found = members(_object(value, path), wanted, path)
    return _built(record.kind, (), found, path, value)


def _built(
    kind: Callable[..., object],
    arguments: tuple[object, ...],
    keywords: dict[str, object],
    path: str,
    value: object,
) -> object:
    """Return an object of a class; what its own checks refuse is a misfit."""
    try:
        return kind(*arguments, **keywords)
    except (ValueError, TypeError) as error:
        name = getattr(kind, "__name__", str(kind))
        got = f"{describe(value)}: {short(str(error))}"
        raise MisfitError(path, expected=f"a valid {name}", got=got) from error


def _either(value: object, either: Either, path: str) -> object:
    """Return the first kind that fits, an int before a float.

    If none does and just one failed further inside, that is the one meant, and its misfit is told.
    """
    deeper: list[MisfitError] = []
    for shape in sorted(either.shapes, key=lambda shape: shape == Scalar(float)):
        try:
            return fit(value, shape, path)
        except MisfitError as error:
            if error.path != path:
                deeper.append(error)
    if len(deeper) == 1:
        raise deeper[0]
    raise misfit(path, expectation(either), value)


def _nullable(value: object, shape: Nullable, path: str) -> object:
    return None if value is None else fit(value, shape.shape, path)


def _limited(value: object, shape: Limited, path: str) -> object:
    converted = fit(value, shape.shape, path)
    if converted is not None:
        shape.limits.check(converted, path, value)
    return converted


def _model(value: object, shape: Model, path: str) -> object:
    return validated(whole(value), shape.kind, path)


_FITTING: dict[type, Callable[[Any, Any, str], object]] = {
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
