"""A Python function that the model can call.

- What the model is told comes from the signature and the docstring; what it sends is checked against
  them before the function is called.
- Hidden from the model are parameters that a `functools.partial` has given by name, and those with a
  leading underscore and a default.
- Everything is worked out once, when the function is given, and wrong signatures fail there.
"""

from __future__ import annotations

import copy
import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gemini_grpc.errors import ArgumentError, nearest
from gemini_grpc.functions import docstring
from gemini_grpc.functions.conversion import members
from gemini_grpc.functions.record import resolve
from gemini_grpc.functions.result import response_of
from gemini_grpc.functions.schema import schema_of_shape
from gemini_grpc.functions.shape import Nullable, Shape, accepts_null, described, shape_of

Data = dict[str, Any]

BEHAVIORS = ("BLOCKING", "NON_BLOCKING")
"""Whether a live conversation waits for the function."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function, as the model sees it."""

    name: str
    """Its name."""
    required: bool
    """It has no default, so the model has to give it."""
    description: str
    """What the docstring or `Annotated` says about it."""
    shape: Shape = field(repr=False, compare=False)
    """What its annotation means."""
    schema: Data = field(repr=False, compare=False)
    """The Schema of its values."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the model can call; make one with `Function.of`."""

    name: str
    """What the model calls it by."""
    description: str
    """What the model is told about it."""
    call: Callable[..., object] = field(repr=False)
    """The callable itself."""
    parameters: tuple[Parameter, ...] = ()
    """The parameters the model may give, in order."""
    behavior: str | None = None
    """`BLOCKING` or `NON_BLOCKING` in live sessions; None leaves it to the model."""

    @classmethod
    def of(
        cls,
        function: Callable[..., object] | Function,
        *,
        name: str | None = None,
        description: str | None = None,
        behavior: str | None = None,
    ) -> Function:
        """Return the function of a callable.

        Args:
            function: A function, bound method, partial, object with `__call__`, class, or a `Function`
                to change, also that of a FunctionDeclaration.
            name: What the model calls it by; the name of the callable if not given.
            description: What the model is told; if not given, the docstring as far as its first section.
            behavior: `BLOCKING` or `NON_BLOCKING`.

        Raises:
            ArgumentError: The name or the signature cannot be used; the text names the parameter.
        """
        held = getattr(function, "function", None)
        if isinstance(function, Function):
            made = function
        elif isinstance(held, Function):
            made = held
        elif callable(function):
            made = _read(function, name)
        else:
            kind = type(function).__name__
            raise ArgumentError(f"function: expected a callable or a Function, got {kind}")
        made = replace(
            made,
            name=made.name if name is None else name,
            description=made.description if description is None else description,
            behavior=_behavior(behavior) or made.behavior,
        )
        if not _NAME.fullmatch(made.name):
            raise ArgumentError(
                f"the function name {made.name!r} cannot be used; expected a letter or underscore, then "
                "letters, digits, underscores, dots, colons or dashes, at most 64: give one with name="
            )
        return made

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call the function as it is, with Python values."""
        return self.call(*args, **kwargs)

    @property
    def is_async(self) -> bool:
        """Whether calling it gives an awaitable or an asynchronous iterator."""
        return inspect.iscoroutinefunction(_target(self.call)) or inspect.isasyncgenfunction(
            _target(self.call)
        )

    @property
    def is_generator(self) -> bool:
        """Whether calling it gives an iterator of results, synchronous or asynchronous."""
        return inspect.isgeneratorfunction(_target(self.call)) or inspect.isasyncgenfunction(
            _target(self.call)
        )

    def declaration(self) -> Data:
        """Return the FunctionDeclaration as a dictionary of your own."""
        told: Data = {"name": self.name, "description": self.description}
        if self.parameters:
            told["parameters"] = {
                "type": "OBJECT",
                "properties": {each.name: copy.deepcopy(each.schema) for each in self.parameters},
                "property_ordering": [each.name for each in self.parameters],
            }
        if required := [each.name for each in self.parameters if each.required]:
            told["parameters"]["required"] = required
        if self.behavior:
            told["behavior"] = self.behavior
        return told

    def bind(self, arguments: Mapping[str, object]) -> Data:
        """Return the arguments of a call as keyword arguments of the types that the function wants.

        Raises:
            MisfitError: An argument is unknown, missing or does not fit.
        """
        wanted = [(each.name, each.required, each.shape) for each in self.parameters]
        return members(arguments, wanted)

    def result(self, value: object) -> Data:
        """Return what the function returned as a response for the model.

        Raises:
            ArgumentError: The value cannot be JSON.
        """
        try:
            return response_of(value)
        except ArgumentError as error:
            raise ArgumentError(f"the function {self.name!r}: {error}") from error


def _behavior(behavior: str | None) -> str | None:
    word = behavior if behavior is None else str(behavior).upper()
    if word is None or word in BEHAVIORS:
        return word
    hint = nearest(word, BEHAVIORS)
    raise ArgumentError(f"behavior: expected {' or '.join(BEHAVIORS)}, got {behavior!r}{hint}")


def _read(function: Callable[..., object], name: str | None) -> Function:
    plain, given = _without_partials(function)
    target = _target(function)
    called = name or str(getattr(plain, "__name__", type(plain).__name__))
    # `__call__` would inherit what object says about it
    text = inspect.getdoc(plain) if target is plain else target.__doc__ or inspect.getdoc(plain)
    told = docstring.read(text)
    try:
        signature = inspect.signature(function)
    except ValueError as error:
        raise ArgumentError(
            f"the function {called!r} has no signature that can be read: {error}; wrap it in a function"
        ) from error
    names = _names(target)
    parameters = tuple(
        _parameter(called, parameter, names, told.parameters)
        for parameter in signature.parameters.values()
        if _visible(called, parameter, given)
    )
    return Function(
        name=called,
        description=told.description or called.replace("_", " "),  # it must not be empty
        call=function,
        parameters=parameters,
    )


def _without_partials(function: Any) -> tuple[Any, set[str]]:
    """Return the callable inside partials, and the names they have given arguments for."""
    given: set[str] = set()
    while isinstance(function, functools.partial):
        given |= function.keywords.keys()
        function = function.func
    return function, given


def _target(function: Any) -> Any:
    """Return the function or class that runs: the `__call__` of an object."""
    plain, _ = _without_partials(function)
    if isinstance(plain, type) or inspect.isroutine(plain):
        return plain
    return plain.__call__


def _names(target: Any) -> Data:
    """Return the global names that annotations of a function or class refer to."""
    inner = inspect.unwrap(target)
    module = sys.modules.get(getattr(inner, "__module__", None) or "")
    found: Data = getattr(inner, "__globals__", None) or getattr(module, "__dict__", {})
    return found


_REFUSED: dict[object, str] = {
    inspect.Parameter.POSITIONAL_ONLY: (
        "is positional-only, but the model gives arguments by name; remove the / from the signature"
    ),
    inspect.Parameter.VAR_POSITIONAL: "takes any number of arguments; take one list instead",
    inspect.Parameter.VAR_KEYWORD: (
        "takes arguments of any name; name them in the signature, and if it is a decorator's, use "
        "functools.wraps there"
    ),
}


def _visible(called: str, parameter: inspect.Parameter, given: set[str]) -> bool:
    """Return whether the model is shown a parameter."""
    if parameter.name in given:
        return False
    wrong = _REFUSED.get(parameter.kind, "")
    bare = parameter.default is parameter.empty
    if parameter.name == "self" and bare and parameter.annotation is parameter.empty:
        wrong = "belongs to a method without its object; give object.method"
    elif parameter.name.startswith("_") and not wrong:
        if not bare:
            return False
        wrong = "is hidden by its underscore but has no default; give it one or rename it"
    if wrong:
        raise ArgumentError(f"the function {called!r}: the parameter {parameter.name!r} {wrong}")
    return True


def _parameter(
    called: str, parameter: inspect.Parameter, names: Data, texts: Mapping[str, str]
) -> Parameter:
    try:
        shape = shape_of(resolve(parameter.annotation, names))
        if parameter.default is None and not accepts_null(shape):
            shape = Nullable(shape)  # `city: str = None` means that
        shape = described(shape, texts.get(parameter.name, ""))
        schema = schema_of_shape(shape)
    except ArgumentError as error:
        where = f"the function {called!r}, parameter {parameter.name!r}"
        raise ArgumentError(f"{where}: {error}") from error
    return Parameter(
        name=parameter.name,
        required=parameter.default is parameter.empty,
        description=schema.get("description", ""),
        shape=shape,
        schema=schema,
    )
