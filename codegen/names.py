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

CONSTRUCTOR = frozenset({"self", "mapping", "ignore_unknown_fields"})
"""Parameters of the constructor of every message, after which a field cannot be called there."""

FIELDS = (
    BUILTINS
    | CONSTRUCTOR
    | frozenset(
        [
            "DESCRIPTOR",
            "copy_from",
            "datetime",  # the module, in annotations of the stub
            "deserialize",
            "from_json",
            "meta",
            "mro",
            "pb",
            "serialize",
            "to_dict",
            "to_json",
            "wrap",
        ]
    )
)
"""Names that a message has besides its fields: a field of that name carries an underscore as well."""

CALL_KEYWORDS = frozenset({"self", "request", "timeout", "retry", "metadata"})
"""Parameters every client method has; a request field of that name gets an underscore."""

RPCS = frozenset(
    [
        "add_to",
        "api_endpoint",
        "cancel_operation",
        "close",
        "delete_operation",
        "from_service_account_file",
        "from_service_account_info",
        "from_service_account_json",
        "get_mtls_endpoint_and_cert_source",
        "get_operation",
        "get_transport_class",
        "host",
        "list_operations",
        "methods",
        "scopes",
        "transport",
        "universe_domain",
    ]
)
"""Names that a client, a servicer or a methods table has besides its RPCs: an RPC of that name carries
an underscore."""

CLASSES = frozenset(
    [
        "AsyncIterable",
        "AsyncOperation",
        "AsyncPager",
        "AsyncService",
        "AsyncStream",
        "Awaitable",
        "DEFAULT",
        "Default",
        "Iterable",
        "Iterator",
        "Mapping",
        "Method",
        "MethodTable",
        "MutableMapping",
        "MutableSequence",
        "Operation",
        "OperationTypes",
        "Pager",
        "Retry",
        "Sequence",
        "Service",
        "Servicer",
        "ServicerContext",
        "Stream",
        "TYPE_CHECKING",
    ]
)
"""Names that generated modules import: a message, enum or service of that name carries an underscore."""

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
    return f"{field}_" if keyword.iskeyword(field) or field in FIELDS else field


def keywords(field: str) -> tuple[str, ...]:
    """Return the keywords of a field in the constructor of its message: the attribute, and its own name.

    A word of the language cannot be a keyword, and what the constructor takes itself is no field.
    """
    name = attribute(field)
    alone = name == field or keyword.iskeyword(field) or field in CONSTRUCTOR
    return (name,) if alone else (name, field)


def parameter(field: str) -> str:
    """Return the keyword of a request field in a client method."""
    name = attribute(field)
    return f"{name}_" if name in CALL_KEYWORDS else name


def class_name(name: str) -> str:
    """Return the class of a message, an enum or the table of a service."""
    return f"{name}_" if keyword.iskeyword(name) or name in CLASSES else name


def is_value_taken(name: str) -> bool:
    """Tell whether no value of an enum can have a name."""
    return keyword.iskeyword(name) or name == "mro"  # which Python reserves


def rpc(name: str) -> str:
    """Return the method of an RPC."""
    method = snake(name)
    return f"{method}_" if keyword.iskeyword(method) or method in RPCS else method


def package(proto_package: str) -> str:
    """Return the Python package below `gemini_grpc` of a proto package."""
    return PACKAGES[proto_package]


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
