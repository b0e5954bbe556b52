# Derived by `python -m codegen` from src/gemini_grpc/generative/_async/files.py. Do not edit.
"""Files that prompts refer to: send, look at, list, remove and fetch them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from gemini_grpc import checks, errors
from gemini_grpc.generative import files
from gemini_grpc.generative._sync.download import fetch
from gemini_grpc.generative._sync.sending import items, send
from gemini_grpc.generative._sync.upload import transfer
from gemini_grpc.generative.default import backend_of, client_of
from gemini_grpc.generative.files import File
from gemini_grpc.generative.progress import Watch
from gemini_grpc.generative.request_options import call_options
from gemini_grpc.generative.sink import open_sink
from gemini_grpc.generative.source import open_source
from gemini_grpc.generative.upload import Retries, describe
from gemini_grpc.keywords import explain_keywords
from gemini_grpc.rpc import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.progress import Progress
    from gemini_grpc.generative.request_options import CallOptions
    from gemini_grpc.generative.source import Source
    from gemini_grpc.generative.wires import HasWires, Wires


@explain_keywords
def upload_file(
    path: str | os.PathLike[str] | bytes | IO[bytes],
    *,
    mime_type: str | None = None,
    name: str | None = None,
    display_name: str | None = None,
    resumable: bool = True,
    wait: bool | float = True,
    progress: Progress = "auto",
    client: HasWires | None = None,
    request_options: Options = None,
) -> File:
    """Upload a file and return it, ready to be put into prompts.

    It is sent in chunks and read as they go; a connection that breaks is taken up where the server
    is. A timeout, Ctrl-C, or cancelling the task ends the upload on the server too, which may take a
    second more. A file object is read from where it stands, by a thread if this is asynchronous.

    Args:
        path: A path, bytes, or a binary file object.
        mime_type: What it is; found out for a path or a file, needed for bytes. UTF-8 text of no other
            type is `text/plain`.
        name: The id it shall have, `files/` in front or not: 1 to 40 of a-z, 0-9 and -. Made up if not
            given.
        display_name: What people call it; the name of the file if not given.
        resumable: Accepted because google's function has it; uploads always are.
        wait: Wait until it is ready: for ten minutes at most, or for so many seconds.
        progress: A function of the bytes sent and of all; `auto` for a bar if stderr is a terminal. After
            a failure it may tell fewer bytes than before.
        client: A client; the default one if not given.
        request_options: The timeout is that of sending it all, with every attempt; no limit if not given.

    Raises:
        ArgumentError: It cannot be read, is empty or larger than 2 GB, or an argument cannot be used.
        UnsupportedError: The backend has no files.
        AlreadyExists: The name is taken.
        DataLoss: It has arrived damaged.
        FileFailedError: The service could not prepare it.
        RpcError: It could not be sent, or was not ready in time.
    """
    client = client_of(client)
    files.require(backend_of(client))
    seconds = files.seconds_to_wait(wait)
    options = call_options(request_options)
    source = wire.call(lambda _: open_source(path, mime_type=mime_type), None)
    try:
        described = describe(name, display_name or source.display_name)
        watch = Watch(progress, source.display_name or described["name"])
        file = _send(source, described, watch, client.wires, options)
    finally:
        source.close()
    if not seconds:
        return file
    return _wait(file, seconds, file, request_options)


def get_file(name: str, *, client: HasWires | None = None, request_options: Options = None) -> File:
    """Return a file by its name, `files/` in front or not.

    Raises:
        ArgumentError: It is no name of a file.
        NotFound, PermissionDenied: There is no such file.
        RpcError: The call failed.
    """
    client = client_of(client)
    plan = files.get(backend_of(client), name)
    return send(plan, client, request_options)


def list_files(
    page_size: int | None = 100,
    *,
    client: HasWires | None = None,
    request_options: Options = None,
) -> Iterator[File]:
    """Return the files of the project, the pages fetched as they are needed.

    Raises:
        ArgumentError: The size of the pages is not 1 to 100.
        RpcError: A call failed; raised by the iteration.
    """
    client = client_of(client)
    plan = files.listed(backend_of(client), page_size)
    return items(plan, client, request_options)


def delete_file(
    name: str | File, *, client: HasWires | None = None, request_options: Options = None
) -> None:
    """Remove a file and its content.

    Raises:
        ArgumentError: It is no name of a file.
        NotFound, PermissionDenied: There is no such file.
        RpcError: The call failed.
    """
    client = files.origin(name, client)
    plan = files.delete(backend_of(client), name)
    send(plan, client, request_options)


def wait_for_file(
    name: str | File,
    *,
    timeout: float = files.WAIT,
    client: HasWires | None = None,
    request_options: Options = None,
) -> File:
    """Wait until a file can be put into prompts, and return it as it is then.

    Args:
        name: The file.
        timeout: Seconds to wait; 0 looks once.
        client: A client; the default one if not given.
        request_options: How each look at it is made.

    Raises:
        ArgumentError: It is no name of a file, or the timeout is not a finite number of at least 0.
        FileFailedError: The service could not prepare it.
        DeadlineExceeded: It was not ready in time.
        RpcError: A call failed.
    """
    checks.seconds("timeout", timeout)
    seconds = float(timeout)
    client = files.origin(name, client)
    plan = files.get(backend_of(client), name)
    file = send(plan, client, request_options)
    return _wait(file, seconds, client, request_options)


def download_file(
    file: str | File,
    path: str | os.PathLike[str] | IO[bytes] | None = None,
    *,
    progress: Progress = "auto",
    client: HasWires | None = None,
    request_options: Options = None,
) -> bytes | None:
    """Fetch the content of a file that a model made, such as a video.

    A connection that breaks is taken up where it was.

    Args:
        file: The file, or its name or address.
        path: Where to write it: a path, or a binary file object; if not given, the bytes are returned.
        progress: A function of the bytes that have come and of all; `auto` for a bar if stderr is a terminal.
        client: A client; the default one if not given.
        request_options: The timeout is that of all of it, with every attempt; no limit if not given.

    Returns:
        The bytes; None if they were written.

    Raises:
        ArgumentError: It is no file, or the path cannot be written.
        FailedPrecondition: It was uploaded, not made by a model, or is not ready.
        RpcError: It could not be fetched.
    """
    client = files.origin(file, client)
    files.require(backend_of(client))
    name = files.downloadable(file)
    options = call_options(request_options)
    watch = Watch(progress, name)
    wires = client.wires
    retries, metadata = Retries.of(options, wires.settings, clock=time.monotonic)
    sink = open_sink(path)
    try:
        fetch(wires, name, sink, retries=retries, metadata=metadata, watch=watch)
        return wire.call(lambda _: sink.finish(), None)
    finally:
        watch.end()
        sink.close()


def _send(
    source: Source, described: Mapping[str, str], watch: Watch, wires: Wires, options: CallOptions
) -> File:
    """Send a file, and see to it that it has arrived as it was."""
    retries, metadata = Retries.of(options, wires.settings, clock=time.monotonic)
    try:
        message = transfer(
            wires, source, described, retries=retries, metadata=metadata, watch=watch
        )
    finally:
        watch.end()
    file = File.of(message, wires)
    try:
        files.check_sum(file, source.digest())
    except errors.DataLoss:
        with contextlib.suppress(errors.RpcError):
            delete_file(file)
        raise
    return file


def _wait(file: File, seconds: float, client: HasWires, request_options: Options) -> File:
    """Look at a file again and again, until it is ready."""
    waiting = files.Waiting(seconds, clock=time.monotonic)
    while (pause := waiting.pause(file)) is not None:
        wire.sleep(pause)
        plan = files.get(backend_of(client), file.name)
        file = send(plan, client, request_options)
    return file
