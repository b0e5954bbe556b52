"""Choose every name that appears in generated code."""

from __future__ import annotations

import keyword
import re

BUILTINS = frozenset(
    [
        "all",
        "any",
        "bool",
        "bytes",
        "copyright",
        "credits",
        "dict",
        "exit",
        "float",
        "format",
        "hash",
        "help",
        "int",
        "iter",
        "len",
        "license",
        "list",
        "max",
        "min",
        "next",
        "object",
        "open",
        "print",
        "quit",
        "range",
        "set",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "zip",
    ]
)
"""Builtins a field may not hide: such a field carries an underscore, as in google's types."""

CALL_KEYWORDS = frozenset({"self", "request", "timeout", "retry", "metadata"})
"""Parameters every client method has; a request field of that name gets an underscore."""

PACKAGES = {
    "google.ai.generativelanguage.v1alpha": "v1alpha",
    "google.ai.generativelanguage.v1beta": "v1beta",
    "google.cloud.aiplatform.v1": "aiplatform_v1",
}
"""The Python package below `gemini_grpc` for each proto package."""


def snake(name: str) -> str:
    """Return a CamelCase name in snake_case."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spaced).lower()


def constant(name: str) -> str:
    """Return a CamelCase name in CONSTANT_CASE."""
    return snake(name).upper()


def attribute(field: str) -> str:
    """Return the attribute of a field: its own name, with an underscore where that is taken."""
    return f"{field}_" if keyword.iskeyword(field) or field in BUILTINS else field


def keywords(field: str) -> tuple[str, ...]:
    """Return the keywords of a field in the constructor of its message: the attribute, and its own name.

    A word of the language cannot be a keyword.
    """
    name = attribute(field)
    return (name,) if name == field or keyword.iskeyword(field) else (name, field)


def parameter(field: str) -> str:
    """Return the keyword of a request field in a client method."""
    name = attribute(field)
    return f"{name}_" if name in CALL_KEYWORDS else name


def package(proto_package: str) -> str:
    """Return the Python package below `gemini_grpc` of a proto package.

    Packages that are not ours (the generator's own tests have some) are named after their last part.
    """
    return PACKAGES.get(proto_package, proto_package.rpartition(".")[2])


def registered(proto_package: str) -> str:
    """Return the proto package under which our messages are registered."""
    return f"gemini_grpc.{package(proto_package)}"


def module(source: str) -> str:
    """Return the module name of a `.proto` path."""
    return source.rpartition("/")[2].removesuffix(".proto")


def client(service: str, asynchronous: bool) -> str:
    """Return the class name of a client: `FileServiceClient`, `FileServiceAsyncClient`."""
    return f"{service}{'Async' if asynchronous else ''}Client"


def servicer(service: str) -> str:
    """Return the class name of a servicer."""
    return f"{service}Servicer"


def resource(type_name: str) -> str:
    """Return the name of a resource type in path helpers: `tuned_model` of `.../TunedModel`."""
    return snake(type_name.rpartition("/")[2])
