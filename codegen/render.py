"""Fill the templates. They loop, test a boolean and call a docs macro; nothing is decided in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import jinja2

from codegen import docs, ir

SOURCE = "src/gemini_grpc"

COLOURS = (("clients", False), ("async_clients", True))
"""The folder of each colour of client."""


def render(packages: Iterable[ir.Package]) -> dict[str, str]:
    """Return the files of all packages, path to text."""
    environment = _environment()
    texts: dict[str, str] = {}
    for package in packages:
        root = f"{SOURCE}/{package.name}"
        for template in ("__init__.py", "methods.py", "paths.py", "servicers.py"):
            texts[f"{root}/{template}"] = _fill(environment, template, package=package)
        texts[f"{root}/types/__init__.py"] = _fill(environment, "types_init.py", package=package)
        for module in package.modules:
            for template, suffix in (("types.py", "py"), ("types.pyi", "pyi")):
                text = _fill(environment, template, package=package, module=module)
                texts[f"{root}/types/{module.name}.{suffix}"] = text
        for folder, asynchronous in COLOURS:
            doc = "Asynchronous" if asynchronous else "Synchronous"
            init = f'"""{doc} clients, one module for each service."""\n'
            texts[f"{root}/{folder}/__init__.py"] = init
            for service in package.services:
                texts[f"{root}/{folder}/{service.module}.py"] = _fill(
                    environment,
                    "client.py",
                    package=package,
                    service=service,
                    asynchronous=asynchronous,
                )
    return texts


def _fill(environment: jinja2.Environment, template: str, **values: object) -> str:
    return environment.get_template(f"{template}.j2").render(**values)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # Python, not HTML
    )
    environment.filters.update(
        message_doc=_message_doc, enum_doc=_enum_doc, rpc_doc=_rpc_doc, doc=docs.docstring
    )
    return environment


def _message_doc(message: ir.Message, indent: int) -> str:
    fields = tuple((field.name, f"{field.traits} {field.doc}".strip()) for field in message.fields)
    return docs.docstring(message.doc, indent, (("Attributes", fields),))


def _enum_doc(enum: ir.Enum, indent: int) -> str:
    values = tuple((value.name, value.doc) for value in enum.values)
    return docs.docstring(enum.doc, indent, (("Values", values),))


CALL_ARGUMENTS = (
    ("timeout", "Seconds for the whole call, attempts and pauses included; None for no limit."),
    ("retry", "A `RetryPolicy`, or None to try once."),
    ("metadata", "More metadata to send, as pairs."),
)
_BIDI_ARGUMENTS = {
    "timeout": "Seconds for the whole call; no limit if not given.",
    "retry": "Only None: requests that were sent cannot be sent again, so there is one attempt.",
}
"""The arguments that mean something else where the client streams."""

_OUTCOMES = (
    ("ArgumentError, FieldError", "The arguments do not make a request; nothing was sent."),
    ("RpcError", "The call failed; the class tells the status."),
)


def _rpc_doc(rpc: ir.Rpc, asynchronous: bool) -> str:
    """Return the docstring of a client method."""
    arguments: tuple[tuple[str, str], ...]
    if rpc.shape in {"bidi", "client_stream"}:
        which = "an iterable or asynchronous iterable" if asynchronous else "an iterable"
        sent = f"The messages to send, {which} of {rpc.request_type} or mappings."
        arguments = (("requests", sent),)
    else:
        arguments = (
            ("request", "The whole request as a message or mapping, instead of the keywords."),
            *(
                (field.parameter, f"{field.traits} {docs.summary(field.doc)}".strip())
                for field in rpc.fields
            ),
        )
    if rpc.shape in {"bidi", "client_stream"}:
        more = tuple((name, _BIDI_ARGUMENTS.get(name, text)) for name, text in CALL_ARGUMENTS)
    else:
        more = CALL_ARGUMENTS
    sections = (
        ("Args", (*arguments, *more)),
        ("Returns", (("", _returns(rpc)),) if rpc.response_type != "None" else ()),
        ("Raises", _OUTCOMES),
    )
    return docs.docstring(rpc.doc, 8, sections)


def _returns(rpc: ir.Rpc) -> str:
    if rpc.items:
        return f"A pager over {rpc.item_type} items, which fetches the next page when it is needed."
    if rpc.operation_type:
        return f"A long-running operation whose result is {rpc.operation_type}."
    if rpc.shape in {"server_stream", "bidi"}:
        return f"A stream of {rpc.response_type}; leaving it early cancels the call."
    return f"The response, {rpc.response_type}."
