"""The server: one emulator on one port, from its options to its end."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import grpc

from gemini_grpc import checks
from gemini_grpc.emulator import catalog, script_file
from gemini_grpc.emulator.certificates import Certificates
from gemini_grpc.emulator.clock import Clock, SystemClock
from gemini_grpc.emulator.http.server import HttpServer
from gemini_grpc.emulator.journal import Journal
from gemini_grpc.emulator.models import Models
from gemini_grpc.emulator.quota import Quota, Quotas
from gemini_grpc.emulator.route import Conditions, Router
from gemini_grpc.emulator.script import Outcome, Scripts
from gemini_grpc.emulator.shim import Shim
from gemini_grpc.emulator.workers import Workers
from gemini_grpc.emulator.world import World
from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc.endpoint import is_loopback

if TYPE_CHECKING:
    from gemini_grpc.emulator.authentication import Authentication
    from gemini_grpc.emulator.latency import Latency

TABLES = catalog.TABLES
"""The methods tables that are served."""

MAX_CALLS = 512
"""How many calls run at once; each has a thread, made when it is needed."""

_GRACE = 0.1
"""Seconds a call that is running has when the emulator closes; without any, clients log the GOAWAY."""


class Emulator:
    """Gemini on a loopback port, from `start` (or `with`) to `close`. Thread-safe.

    Args:
        port: The port to listen on; 0 for a free one.
        http_port: The port for uploads and downloads, which clients find out by themselves; 0 for a free one.
        seed: Changes all answers; the same seed gives the same answers.
        clock: The time it lives in; a `VirtualClock` makes tests quick.
        models: Names of more models, such as `my-model`. Gemini models need none: any plausible name of
            one is served, and what it can do is derived from it.
        strict: Refuse all that the API refuses; if false, only what handlers cannot work with.
        tls: Encrypt, with certificates made on the fly.
        mtls: Encrypt, and require a certificate of the client as well.
        certificates: Certificates to use instead, as `Certificates.read` gives them; with `tls` or `mtls`.
        quotas: What each project may ask of each model.
        latency: How long answers take.
        authentication: Which credentials are good; None for any or none.
        max_concurrent_streams: How many calls one connection may have at once; more of them wait.
        max_connection_age: Seconds after which a connection is sent GOAWAY.
        max_connection_age_grace: Seconds that calls have left then.
        max_receive_bytes: The largest request; None for no limit.
        max_send_bytes: The largest response; None for no limit.
        journal_entries: How many attempts the journal keeps.
        journal_bytes: How many bytes the journal keeps.
        host: The address to listen on.
        allow_non_loopback: Let `host` be an address that other machines reach.

    Raises:
        ArgumentError: An option cannot be used.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        http_port: int = 0,
        seed: int = 0,
        clock: Clock | None = None,
        models: Iterable[str] = (),
        strict: bool = True,
        tls: bool = False,
        mtls: bool = False,
        certificates: Certificates | None = None,
        quotas: Quota | Iterable[Quota] = (),
        latency: Latency | None = None,
        authentication: Authentication | None = None,
        max_concurrent_streams: int | None = None,
        max_connection_age: float | None = None,
        max_connection_age_grace: float | None = None,
        max_receive_bytes: int | None = None,
        max_send_bytes: int | None = None,
        journal_entries: int = 10_000,
        journal_bytes: int = 64 << 20,
        host: str = "127.0.0.1",
        allow_non_loopback: bool = False,
    ) -> None:
        if not allow_non_loopback and not is_loopback(host):
            raise ArgumentError(
                f"host is {host!r}, which other machines may reach; "
                "allow_non_loopback (--allow-non-loopback) lets it be"
            )
        checks.count("port", port, least=0)
        checks.count("http_port", http_port, least=0)
        encrypted = tls or mtls
        if certificates is not None and not encrypted:
            raise ArgumentError("certificates are used with tls=True or mtls=True only")
        self._host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        self._port = port
        self._mtls = mtls
        self._certificates = certificates or (Certificates.make(host) if encrypted else None)
        self._server: grpc.Server | None = None
        self._workers = Workers(MAX_CALLS)
        self._options = _server_options(
            max_concurrent_streams=max_concurrent_streams,
            max_connection_age=max_connection_age,
            max_connection_age_grace=max_connection_age_grace,
            max_receive_bytes=max_receive_bytes,
            max_send_bytes=max_send_bytes,
        )
        clock = clock or SystemClock()
        self._conditions = Conditions(
            world=World(
                seed=seed, clock=clock, models=Models(models), strict=strict, latency=latency
            ),
            scripts=Scripts(),
            journal=Journal(clock, max_entries=journal_entries, max_bytes=journal_bytes),
            quotas=Quotas([quotas] if isinstance(quotas, Quota) else quotas, clock),
            authentication=authentication,
        )
        self.http = HttpServer(self._conditions, self._host, http_port, self._certificates)
        """What the API does over HTTP: its address and its faults."""

    @property
    def target(self) -> str:
        """The address, as `127.0.0.1:PORT`."""
        return f"{self._host}:{self._port}"

    @property
    def world(self) -> World:
        """The state that handlers share; `reset` puts a new one in its place."""
        return self._conditions.world

    @property
    def journal(self) -> Journal:
        """Every call and attempt, in order."""
        return self._conditions.journal

    @property
    def certificates(self) -> Certificates:
        """The certificates, with what a client needs.

        Raises:
            ArgumentError: The connection is not encrypted.
        """
        if self._certificates is None:
            raise ArgumentError("there are no certificates without tls=True or mtls=True")
        return self._certificates

    def script(self, method: str, outcomes: Sequence[Outcome], *, strict: bool = False) -> None:
        """Say what the next calls of a method are answered with.

        Args:
            method: The method, `GenerateContent` or `GenerativeService.GenerateContent`.
            outcomes: `Reply` and `Fault` values; they come after those that the method has already.
            strict: Fail every call that no outcome is for, instead of answering it by the rules.

        Raises:
            ArgumentError: The method does not exist, or an outcome does not fit it.
        """
        self._conditions.scripts.add(method, outcomes, strict=strict)

    def load_script(self, path: str | Path) -> None:
        """Add the scripts of a YAML or JSON file.

        Raises:
            ArgumentError: It cannot be read, or something in it is not right.
        """
        script_file.load(self._conditions.scripts, path)

    def clear_scripts(self) -> None:
        """Forget every script; state and journal stay."""
        self._conditions.scripts.clear()
        self.http.clear_scripts()

    def reset_journal(self) -> None:
        """Forget every call; state and scripts stay."""
        self._conditions.journal.clear()

    def reset(self) -> None:
        """Forget every file, corpus, tuned model and so on, and what was used of quotas.

        Scripts and journal stay. Calls that are running go on in the state they began in.
        """
        old = self._conditions.world
        self._conditions.world = World(
            seed=old.seed,
            clock=old.clock,
            models=old.models,
            strict=old.strict,
            latency=old.latency,
            live=old.live.fresh(),
        )
        self._conditions.quotas.clear()

    def shim(self) -> Shim:
        """Return a TCP proxy in front of this emulator, to be used with `with`."""
        if self._server is None:
            raise ArgumentError("the emulator is not running; start it before its shim")
        return Shim(self.target)

    def start(self) -> Self:
        """Start listening.

        Raises:
            OSError: The port is in use.
        """
        self._check_port()
        workers = Workers(MAX_CALLS)
        server = grpc.server(workers, options=self._options)
        self.http.start(mtls=self._mtls)
        server.add_generic_rpc_handlers((Router(self._conditions, self.http.port),))
        try:
            self._port = self._bind(server)
        except RuntimeError as cause:
            self.http.close()
            raise OSError(f"{self.target} cannot be used: another program may have it") from cause
        server.start()
        self._server, self._workers = server, workers
        return self

    def close(self) -> None:
        """Stop at once: calls that are running end with UNAVAILABLE. Closing twice is fine."""
        self.http.close()
        if self._server is not None:
            self._server.stop(_GRACE).wait()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _check_port(self) -> None:
        """Find out whether the port is free before grpcio does, which would write to the log."""
        address = (self._host.strip("[]"), self._port)
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            socket.create_server(address, family=family).close()
        except OSError as cause:
            number = cause.errno or 0
            reason = os.strerror(number) if number > 0 else cause.strerror
            raise OSError(f"{self.target} cannot be used: {reason}") from cause

    def _bind(self, server: grpc.Server) -> int:
        if self._certificates is None:
            return int(server.add_insecure_port(self.target))
        credentials = grpc.ssl_server_credentials(
            [(self._certificates.server_key, self._certificates.server)],
            root_certificates=self._certificates.ca if self._mtls else None,
            require_client_auth=self._mtls,
        )
        return int(server.add_secure_port(self.target, credentials))


def _server_options(**given: float | None) -> list[tuple[str, Any]]:
    """Return the options of grpcio for those of ours."""
    for name in ("max_connection_age", "max_connection_age_grace"):
        if given[name] is not None:
            checks.seconds(name, given[name])
    for name in ("max_concurrent_streams", "max_receive_bytes", "max_send_bytes"):
        checks.count(name, given[name], none="no limit")
    options = dict(_DEFAULTS)
    for name, (key, scale) in _GRPC.items():
        value = given[name]
        if value is not None:
            options[key] = round(value * scale)
    return list(options.items())


_DEFAULTS: Mapping[str, int] = {
    "grpc.so_reuseport": 0,
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
}
"""The options of grpcio in any case: a port is one server's, and an image may be of any size."""

_GRPC: Mapping[str, tuple[str, int]] = {
    "max_concurrent_streams": ("grpc.max_concurrent_streams", 1),
    "max_connection_age": ("grpc.max_connection_age_ms", 1000),
    "max_connection_age_grace": ("grpc.max_connection_age_grace_ms", 1000),
    "max_receive_bytes": ("grpc.max_receive_message_length", 1),
    "max_send_bytes": ("grpc.max_send_message_length", 1),
}
"""The name that grpcio has for an option, and its unit."""
