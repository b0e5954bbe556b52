"""Requests and answers of HTTP as values."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

from google.protobuf import json_format

from gemini_grpc.rpc.metadata import API_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gemini_grpc.emulator.journal import Metadata
    from gemini_grpc.emulator.status import StatusError

STATUSES = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
"""The status of HTTP for each code (google.rpc.Code)."""

CODES = {416: "OUT_OF_RANGE", 500: "INTERNAL", 404: "NOT_FOUND", 410: "NOT_FOUND"} | {
    number: code
    for code, number in STATUSES.items()
    if code not in {"UNKNOWN", "DATA_LOSS", "FAILED_PRECONDITION", "OUT_OF_RANGE", "ABORTED"}
}
"""The code for each status, as far as there is one."""

_KEPT = ("x-goog-upload-", "range", "content-length", "content-type")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as the journal has it: without credentials, and without the bytes of a file."""

    method: str
    """`POST` or `GET`."""
    target: str
    """The path and the query, without a key."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers that say what to do, by their names in lower case."""
    body: str = ""
    """What was said about the file, as JSON."""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Return the request that `to_bytes` has written."""
        return cls(**json.loads(data)) if data else cls("", "")

    def to_bytes(self) -> bytes:
        """Return it as bytes, the same for the same request."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def of(cls, method: str, target: str, headers: Metadata, body: bytes) -> Self:
        """Return what is kept of a request."""
        parts = urlsplit(target)
        asked = [f"{key}={value}" for key, value in parse_qsl(parts.query) if key != "key"]
        kept = {key: str(value) for key, value in headers if key.startswith(_KEPT)}
        shown = "?".join([parts.path, *(["&".join(asked)] if asked else [])])
        return cls(method, shown, kept, body.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def code(self) -> str:
        """The name of the code that it stands for."""
        return "OK" if self.status < 300 else CODES.get(self.status, "UNKNOWN")


def as_json(value: object) -> bytes:
    """Return a value as the body of an answer."""
    return json.dumps(value, indent=2).encode()


def refusal(
    error: StatusError, headers: Mapping[str, str] | None = None, *, number: int | None = None
) -> HttpReply:
    """Return the answer that refuses a request, in the form that Google's JSON has."""
    number = number or STATUSES[error.code.name]
    body: dict[str, Any] = {
        "code": number,
        "message": error.message,
        "status": error.code.name,
    }
    if error.details:
        body["details"] = [
            {"@type": f"type.googleapis.com/{detail.DESCRIPTOR.full_name}"}
            | json_format.MessageToDict(detail)
            for detail in error.details
        ]
    kinds = {"content-type": "application/json; charset=UTF-8"}
    return HttpReply(number, {**kinds, **(headers or {})}, as_json({"error": body}))


def with_key(headers: Metadata, target: str) -> dict[str, str | bytes]:
    """Return headers as metadata; a key in the query counts as well."""
    found = dict(headers)
    key = dict(parse_qsl(urlsplit(target).query)).get("key")
    return {API_KEY: key, **found} if key else found
