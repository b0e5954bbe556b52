"""What users add to the channels of grpcio: interceptors and channel options. Both are checked early."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio

from gemini_grpc.errors import ArgumentError

SYNC = (
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
)
"""The classes of interceptors of synchronous channels."""
ASYNC = (grpc.aio.ClientInterceptor,)
"""The class of interceptors of asynchronous channels."""
_NAMES = {"grpc": "grpc.UnaryUnaryClientInterceptor", "grpc_asyncio": "grpc.aio.ClientInterceptor"}

ChannelOptions = Sequence[tuple[str, str | int | bytes]]
"""Options of grpcio's channels, such as `[("grpc.lb_policy_name", "round_robin")]`."""


def of_kind(interceptors: Sequence[object], kind: str) -> list[Any]:
    """Return the interceptors that a kind of channel takes: `grpc` or `grpc_asyncio`."""
    classes: tuple[Any, ...] = SYNC if kind == "grpc" else ASYNC
    return [each for each in interceptors if isinstance(each, classes)]


def check_interceptors(interceptors: object) -> None:
    """Refuse what is no sequence of interceptors of grpc or grpc.aio.

    Raises:
        ArgumentError: There is something else.
    """
    if isinstance(interceptors, (str, bytes)) or not isinstance(interceptors, Sequence):
        raise ArgumentError(
            f"interceptors is {type(interceptors).__name__}; expected a list of interceptors"
        )
    for each in interceptors:
        if not isinstance(each, (*SYNC, *ASYNC)):
            kind = f"the class {each.__name__}" if isinstance(each, type) else type(each).__name__
            raise ArgumentError(
                f"interceptors has {kind}; expected objects of a subclass of "
                "grpc.UnaryUnaryClientInterceptor (or its kin), or of grpc.aio.ClientInterceptor"
            )


def check_kind(interceptors: Sequence[object], kind: str, *, mixed: bool = False) -> None:
    """Refuse interceptors of another kind than the client; `mixed` if a client has calls of both kinds.

    Raises:
        ArgumentError: One is of the other kind only, or, if `mixed`, all are.
    """
    fitting = of_kind(interceptors, kind)
    other = [each for each in interceptors if each not in fitting]
    if other and not (mixed and fitting):
        which = "a synchronous" if kind == "grpc" else "an asynchronous"
        raise ArgumentError(
            f"interceptors has {type(other[0]).__name__}, which does not intercept the calls of "
            f"{which} client; expected a {_NAMES[kind]} or its kin"
        )


def check_channel_options(options: object) -> None:
    """Refuse channel options that grpcio does not take.

    Raises:
        ArgumentError: They are no pairs of a name and a string, bytes or a 32-bit integer.
    """
    pairs = not isinstance(options, (str, bytes)) and isinstance(options, Sequence)
    for pair in options if pairs else (options,):  # type: ignore[attr-defined]
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise ArgumentError(
                "channel_options: expected pairs of a name and a value, such as "
                f"[('grpc.lb_policy_name', 'round_robin')], got {type(pair).__name__}"
            )
        name, value = pair
        if not isinstance(value, (str, bytes, int)):
            raise ArgumentError(
                f"{name!r} of channel_options is {type(value).__name__}; expected a str, bytes or an int"
            )
        if name == "grpc.enable_retries" and value:
            raise ArgumentError(
                "channel_options has grpc.enable_retries; the retries of this library exclude those of "
                "grpc core, pass retry= instead"
            )
        if isinstance(value, int) and not -(2**31) <= value < 2**31:
            raise ArgumentError(f"{name!r} of channel_options is {value}; expected 32 bits")
