"""How one call is made: the time it has, how it is tried again, what metadata it carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError, nearest
from gemini_grpc.rpc.metadata import check_metadata
from gemini_grpc.rpc.policy import DEFAULT, settled

if TYPE_CHECKING:
    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.policy import Default, Retry

CallOptions = tuple["float | Default | None", "Retry", "Metadata"]
"""Timeout, retry and metadata, as channels take them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptions(Mapping[str, object]):
    """How one call is made; what is not given is the client's.

    It is a mapping, too, so that `**options` gives the timeout, retry and metadata of a generated client.
    """

    timeout: float | Default | None = DEFAULT
    """Seconds for the call with all its attempts; None for no limit."""
    retry: Retry = DEFAULT
    """When to try again: a `RetryPolicy`, None for one attempt, or a `Retry` of google.api_core."""
    metadata: Metadata = ()
    """More metadata: pairs of a key and a value, or a mapping."""

    def __getitem__(self, name: str) -> object:
        if name not in _NAMES:
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


_NAMES = tuple(field.name for field in fields(RequestOptions))
_NOTHING_SAID: CallOptions = (DEFAULT, DEFAULT, ())


def call_options(value: object) -> CallOptions:
    """Return the timeout, retry and metadata of `request_options`.

    Args:
        value: A `RequestOptions`, a mapping of its fields, or None.

    Raises:
        ArgumentError: It is something else, or an option does not exist or cannot be used.
    """
    if value is None:
        return _NOTHING_SAID
    if isinstance(value, RequestOptions):
        return _options(value.timeout, value.retry, value.metadata)
    if not isinstance(value, Mapping):
        raise ArgumentError(
            "request_options: expected RequestOptions or a mapping of its fields, "
            f"got {type(value).__name__}"
        )
    for name in value:
        if name not in _NAMES:
            known = ", ".join(_NAMES)
            raise ArgumentError(
                f"request_options has no {name!r}{nearest(name, _NAMES)}; there are {known}"
            )
    return _options(
        value.get("timeout", DEFAULT), value.get("retry", DEFAULT), value.get("metadata", ())
    )


def _options(timeout: object, retry: object, metadata: object) -> CallOptions:
    policy, seconds = settled(retry, timeout, "request_options.")
    return seconds, policy, _metadata(metadata)


def _metadata(value: Any) -> Metadata:
    if not value:
        return ()
    pairs = value.items() if isinstance(value, Mapping) else value
    check_metadata(pairs, "request_options.metadata")
    return tuple(pairs)
