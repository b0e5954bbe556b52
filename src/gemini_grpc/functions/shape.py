"""What an annotation means: a small tree that schemas and conversions are both made from.

- Annotations are taken apart here and nowhere else.
- The members of a class are looked at when they are needed, so that a class may contain itself; only a
  schema cannot.
- pydantic is never imported: where no pydantic has been loaded, nobody can have a model of it.
"""

from __future__ import annotations

import collections
import collections.abc
import datetime
import decimal
import enum
import inspect
import sys
import types
import typing
import uuid
from dataclasses import dataclass
from typing import Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.functions.choice import Words, enum_words, literal_words
from gemini_grpc.functions.limits import Limits, limits_of
from gemini_grpc.functions.record import Member, is_record, members_of

ACCEPTED = (
    "str, int, float, bool, bytes, None, Any, list, tuple, set, dict[str, X], unions, Literal, Enum "
    "classes, dataclasses, TypedDict, NamedTuple, pydantic models, datetime, date, time, timedelta, "
    "UUID, Decimal, and Annotated of these"
)


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Null and nothing else."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value of a type that has a form of its own in JSON."""

    kind: type
    """The type."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed set of values."""

    words: Words
    """The words of the schema and what they stand for."""


@dataclass(frozen=True, slots=True)
class Many:
    """Any number of values of one kind."""

    kind: type
    """What they are gathered in: list, tuple, set, frozenset or deque."""
    item: Shape
    """What each one is."""


@dataclass(frozen=True, slots=True)
class Row:
    """A tuple of values, each of its own kind."""

    items: tuple[Shape, ...]
    """What each one is."""


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary with names of any kind."""

    value: Shape
    """What is under each name."""


@dataclass(frozen=True, slots=True)
class Record:
    """A dataclass, TypedDict or NamedTuple."""

    kind: type
    """The class."""
    arguments: tuple[tuple[object, Any], ...] = ()
    """What the type variables of a generic class stand for."""

    def members(self) -> list[tuple[Member, Shape]]:
        """Return the members and their shapes; an error names class and member."""
        return [(member, self._shape(member)) for member in members_of(self.kind)]

    def _shape(self, member: Member) -> Shape:
        annotation = _substitute(member.annotation, dict(self.arguments))
        try:
            shape = shape_of(annotation)
        except ArgumentError as error:
            raise ArgumentError(f"{self.kind.__name__}.{member.name}: {error}") from error
        return described(shape, member.description)


@dataclass(frozen=True, slots=True)
class Either:
    """One of several kinds."""

    shapes: tuple[Shape, ...]
    """The kinds, in the order they are written."""


@dataclass(frozen=True, slots=True)
class Nullable:
    """A value or null."""

    shape: Shape
    """What it is if it is not null."""


@dataclass(frozen=True, slots=True)
class Limited:
    """A value with a description or bounds."""

    shape: Shape
    """What it is."""
    limits: Limits
    """The description and the bounds."""


@dataclass(frozen=True, slots=True)
class Model:
    """A pydantic model, or another class that pydantic takes care of."""

    kind: type
    """The class."""


Shape = (
    Anything
    | Nothing
    | Scalar
    | Choice
    | Many
    | Row
    | Table
    | Record
    | Either
    | Nullable
    | Limited
    | Model
)

_SCALARS = frozenset(
    {
        *(str, int, float, bool, bytes, uuid.UUID, decimal.Decimal),
        *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta),
    }
)
_COLLECTIONS: dict[object, type] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.deque: collections.deque,
    collections.abc.Iterable: list,
    collections.abc.Collection: list,
    collections.abc.Sequence: list,
    collections.abc.MutableSequence: list,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
}
_TABLES = (dict, collections.abc.Mapping, collections.abc.MutableMapping)

Arguments = tuple[Any, ...]
Inside = tuple[object, ...]


def shape_of(annotation: Any, *, inside: Inside = ()) -> Shape:
    """Return what an annotation means.

    Args:
        annotation: A resolved annotation.
        inside: The type aliases that are being looked into.

    Raises:
        ArgumentError: The annotation has no counterpart in JSON; the text says what is accepted.
    """
    if isinstance(annotation, typing.TypeVar):
        return _variable(annotation, inside)
    if hasattr(annotation, "__supertype__"):  # NewType
        return shape_of(annotation.__supertype__, inside=inside)
    arguments = typing.get_args(annotation)
    target = typing.get_origin(annotation) or annotation
    if isinstance(target, typing.Hashable) and (make := _FORMS.get(target)):
        return make(target, arguments, inside)
    if type(target).__name__ == "TypeAliasType":  # typing and typing_extensions have each their own
        return _alias(target, arguments, inside)
    if isinstance(target, type):
        return _class(target, arguments)
    raise _unsupported(annotation)


def described(shape: Shape, text: str) -> Shape:
    """Return a shape with a description, unless `Annotated` gave it one or there is none."""
    inner = shape
    while isinstance(inner, Limited | Nullable):
        if isinstance(inner, Limited) and inner.limits.description is not None:
            return shape
        inner = inner.shape
    return Limited(shape, Limits(description=text)) if text else shape


def accepts_null(shape: Shape) -> bool:
    """Return whether null is a value of the shape."""
    while isinstance(shape, Limited):
        shape = shape.shape
    return isinstance(shape, Nothing | Nullable | Anything)


def _class(kind: type, arguments: Arguments) -> Shape:
    if issubclass(kind, enum.Enum):
        return Choice(enum_words(kind))
    if kind in _SCALARS:
        return Scalar(kind)
    if "pydantic" in sys.modules and hasattr(kind, "__get_pydantic_core_schema__"):
        return Model(kind)
    if "pydantic" in sys.modules and hasattr(kind, "__pydantic_core_schema__"):
        return Model(kind)  # a dataclass of pydantic
    if is_record(kind):
        variables = getattr(kind, "__parameters__", ())
        return Record(kind, tuple(zip(variables, arguments, strict=False)))
    raise _unsupported(kind)


def _anything(*_: object) -> Shape:
    return Anything()


def _nothing(*_: object) -> Shape:
    return Nothing()


def _annotated(_: object, arguments: Arguments, inside: Inside) -> Shape:
    shape = shape_of(arguments[0], inside=inside)
    limits = limits_of(arguments[1:])
    return shape if limits == Limits() else Limited(shape, limits)


def _union(_: object, arguments: Arguments, inside: Inside) -> Shape:
    """Return one of several kinds: nested unions laid flat, null apart, no kind twice."""
    nullable = False
    kinds: list[Shape] = []
    pending = [shape_of(each, inside=inside) for each in arguments]
    while pending:
        shape = pending.pop(0)
        if isinstance(shape, Nothing | Nullable):
            nullable = True
        if isinstance(shape, Nullable):
            pending.insert(0, shape.shape)
        elif isinstance(shape, Either):
            pending[:0] = shape.shapes
        elif not isinstance(shape, Nothing) and shape not in kinds:
            kinds.append(shape)
    if Anything() in kinds:
        return Anything()
    if not kinds:
        return Nothing()
    union = kinds[0] if len(kinds) == 1 else Either(tuple(kinds))
    return Nullable(union) if nullable else union


def _literal(_: object, values: Arguments, inside: Inside) -> Shape:
    others = tuple(value for value in values if value is not None)
    if not others:
        return Nothing()
    choice = Choice(literal_words(others))
    return choice if len(others) == len(values) else Nullable(choice)


def _alias(alias: Any, arguments: Arguments, inside: Inside) -> Shape:
    if (alias, arguments) in inside:
        raise recursive(alias.__name__)
    value = _substitute(alias.__value__, dict(zip(alias.__type_params__, arguments, strict=False)))
    return shape_of(value, inside=(*inside, (alias, arguments)))


def _variable(variable: typing.TypeVar, inside: Inside) -> Shape:
    """Return what a type variable may be: its constraints, its bound or anything."""
    if variable.__constraints__:
        return _union(None, variable.__constraints__, inside)
    return shape_of(variable.__bound__ or Any, inside=inside)


def _collection(form: object, arguments: Arguments, inside: Inside) -> Shape:
    kind = _COLLECTIONS[form]
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        return Row(tuple(shape_of(each, inside=inside) for each in arguments))
    return Many(kind, shape_of(arguments[0] if arguments else Any, inside=inside))


def _table(_: object, arguments: Arguments, inside: Inside) -> Shape:
    key, value = arguments or (str, Any)
    if shape_of(key) not in (Scalar(str), Anything()):
        raise ArgumentError(
            f"a dictionary with keys of {_name(key)} cannot be used; the names in JSON are texts: "
            f"expected dict[str, {_name(value)}]"
        )
    return Table(shape_of(value, inside=inside))


def _substitute(annotation: Any, arguments: dict[object, Any]) -> Any:
    """Return an annotation with type variables replaced by what they stand for."""
    if isinstance(annotation, typing.TypeVar):
        return arguments.get(annotation, annotation)
    variables = getattr(annotation, "__parameters__", ())
    if not arguments or not variables or isinstance(annotation, type):
        return annotation
    return annotation[tuple(arguments.get(each, each) for each in variables)]


def recursive(name: str) -> ArgumentError:
    """Return the error for a type that contains itself."""
    return ArgumentError(
        f"{name} contains itself, which a Schema cannot express; expected a type of limited depth, Any "
        "for the inner values, or the JSON Schema as response_json_schema or parameters_json_schema"
    )


def _unsupported(annotation: object) -> ArgumentError:
    if isinstance(annotation, str | typing.ForwardRef):
        return ArgumentError(
            f"the annotation {annotation!r} is a string, which is resolved only in the signature of a "
            "function or the body of a class; expected the type itself"
        )
    return ArgumentError(
        f"the annotation {_name(annotation)} cannot be used; accepted are {ACCEPTED}"
    )


def _name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


_FORMS: dict[object, typing.Callable[[object, Arguments, Inside], Shape]] = {
    Any: _anything,
    object: _anything,
    inspect.Parameter.empty: _anything,
    None: _nothing,
    types.NoneType: _nothing,
    typing.Annotated: _annotated,
    typing.Union: _union,
    types.UnionType: _union,
    typing.Literal: _literal,
    **dict.fromkeys(_COLLECTIONS, _collection),
    **dict.fromkeys(_TABLES, _table),
}
"""What is made from an annotation by its origin."""
