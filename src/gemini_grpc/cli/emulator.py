"""`gemini-grpc emulator`: serve the API on this machine until a signal comes."""

from __future__ import annotations

import argparse
import contextlib
import signal
import tempfile
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc.options import EMULATOR_HOST

if TYPE_CHECKING:
    from gemini_grpc.emulator import Certificates, Emulator, Quota

DESCRIPTION = (
    "Serve every RPC of the Gemini API on this machine, with no network and no key. "
    f"Clients of this library use it when {EMULATOR_HOST} is set."
)
_HIGHEST_PORT = 65_535


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add = parser.add_argument
    add("--port", type=_port, default=0, help="the port; a free one if left out")
    add("--http-port", type=_port, default=0, help="the port for uploads; clients find it out")
    add("--host", default="127.0.0.1", help="the address to listen on")
    add("--allow-non-loopback", action="store_true", help="let other machines reach --host")
    add("--seed", type=int, default=0, help="changes all answers")
    add("--model", action="append", default=[], metavar="NAME", help="another model to serve")
    add("--script", action="append", default=[], metavar="FILE", help="scripts, YAML or JSON")
    add("--quota", metavar="FILE", help="a quota or a list of them, YAML or JSON")
    add("--lenient", action="store_true", help="refuse only what cannot be worked with")
    add("--first-token", type=float, default=0.0, metavar="SECONDS", help="until an answer begins")
    add("--tokens-per-second", type=float, metavar="N", help="how fast an answer comes")
    add("--jitter", type=float, default=0.0, metavar="PART", help="how much times vary, 0 to 1")
    add(
        "--api-key",
        type=_key,
        action="append",
        metavar="KEY",
        help="a key that is good; any, if left out",
    )
    add("--max-concurrent-streams", type=int, metavar="N", help="calls on one connection")
    encryption = parser.add_argument_group("encryption")
    add = encryption.add_argument
    add("--tls", action="store_true", help="with certificates made on the fly")
    add("--mtls", action="store_true", help="the same, and the client has to show one")
    add("--tls-dir", metavar="DIR", help="where ca.pem (and a client's certificate) is written")
    add("--certificate", metavar="FILE", help="a server certificate to use instead, PEM")
    add("--key", metavar="FILE", help="its private key, PEM")
    add("--client-ca", metavar="FILE", help="the authority of the clients' certificates, PEM")


def run(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM.

    Raises:
        UsageError: An option or a file cannot be used.
        OSError: The port is in use.
    """
    emulator = _make(options)
    for path in options.script:
        emulator.load_script(path)
    with emulator, _signals() as stop, _directory(options) as directory:
        instructions = _instructions(emulator, options, directory)
        lines = [f"gemini-grpc emulator on {emulator.target}", *instructions]
        print("\n".join(lines), flush=True)
        while not stop.wait(1.0):  # with a limit, so that signals are handled on every system
            pass
    return 0


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """Catch SIGINT and SIGTERM for a while: the event is set when one comes."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _make(options: argparse.Namespace) -> Emulator:
    from gemini_grpc.emulator import Authentication, Emulator, Latency

    keys = options.api_key
    return Emulator(
        host=options.host,
        port=options.port,
        http_port=options.http_port,
        allow_non_loopback=options.allow_non_loopback,
        seed=options.seed,
        models=options.model,
        strict=not options.lenient,
        tls=options.tls,
        mtls=options.mtls,
        certificates=_certificates(options),
        quotas=_quotas(options.quota) if options.quota else (),
        latency=Latency(
            first=options.first_token,
            tokens_per_second=options.tokens_per_second,
            jitter=options.jitter,
        ),
        authentication=Authentication(api_keys=keys) if keys else None,
        max_concurrent_streams=options.max_concurrent_streams,
    )


def _certificates(options: argparse.Namespace) -> Certificates | None:
    """Return the certificates that the options name, if they do."""
    from gemini_grpc.emulator import Certificates

    encrypted = options.tls or options.mtls
    own = options.certificate or options.key or options.client_ca
    if not encrypted and (own or options.tls_dir):
        raise ArgumentError("--tls-dir, --certificate, --key and --client-ca need --tls or --mtls")
    if not own:
        return None
    if not (options.certificate and options.key):
        raise ArgumentError("--certificate and --key are given together")
    return Certificates.read(options.certificate, options.key, ca=options.client_ca)


def _quotas(path: str) -> list[Quota]:
    """Return the quotas of a file: one mapping, or a list of them."""
    from gemini_grpc.emulator import Quota, document

    value: Any = document.read(path)
    listed = value if isinstance(value, list) else [value]
    return [
        document.make(Quota, item, f"{path}: quota {number}")
        for number, item in enumerate(listed, start=1)
    ]


def _directory(options: argparse.Namespace) -> contextlib.AbstractContextManager[str]:
    """Return where the certificates are written; what is not the user's goes away at the end."""
    if options.tls_dir or not (options.tls or options.mtls):
        return contextlib.nullcontext(options.tls_dir or "")
    return tempfile.TemporaryDirectory(prefix="gemini-grpc-")


def _instructions(emulator: Emulator, options: argparse.Namespace, directory: str) -> list[str]:
    """Return what to do to use it."""
    if not directory:
        return [f"export {EMULATOR_HOST}={emulator.target}"]
    path = emulator.certificates.write(directory, client=options.mtls)
    lines = [f"the authority that clients need is in {path}"]
    if options.mtls and emulator.certificates.client:
        lines.append(f"a client's certificate is in {path.parent}/client.pem and client-key.pem")
    return [*lines, f"export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={path}"]


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to {_HIGHEST_PORT}")
    return int(text)


def _key(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("a key is empty; leave the option out to take any")
    return text
