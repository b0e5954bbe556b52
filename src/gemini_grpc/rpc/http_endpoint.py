"""Where a service speaks HTTP: at the host of its channel, an emulator on a port of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc.rpc.method import Method

if TYPE_CHECKING:
    from gemini_grpc.rpc.options import Settings

PORT: Method[Any, Any] = Method(
    path="/gemini_grpc.emulator.Http/GetPort",
    shape="unary",
    request="google.protobuf.empty_pb2:Empty",
    response="google.protobuf.wrappers_pb2:Int32Value",
    repeatable=True,
    timeout=10.0,
)
"""Asks a server for its HTTP port. Google serves HTTP and gRPC on one port; an emulator has two."""


def may_be_emulator(settings: Settings) -> bool:
    """Return whether a server may be an emulator, which has to be asked for its HTTP port."""
    host = settings.endpoint.host
    return not host.endswith(f".{settings.universe}")


def root_url(settings: Settings, port: int = 0) -> str:
    """Return the root of the URLs of a service: its endpoint, or another port of the same host."""
    endpoint = settings.endpoint
    scheme = "http" if endpoint.plaintext else "https"
    host, _, own = endpoint.target.rpartition(":")
    return f"{scheme}://{host}:{port or own}"
