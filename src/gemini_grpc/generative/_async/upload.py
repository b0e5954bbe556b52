"""Send a file: do what an `Upload` decides, until the file is there."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from gemini_grpc import errors
from gemini_grpc.generative._async.http_endpoint import AsyncHttpEndpoint
from gemini_grpc.generative.upload import Retries, Upload
from gemini_grpc.rpc import wire
from gemini_grpc.rpc.http_status import parse
from gemini_grpc.rpc.policy import remaining

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gemini_grpc.generative.progress import Watch
    from gemini_grpc.generative.source import Source
    from gemini_grpc.generative.upload import Request
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.rpc.metadata import Metadata

BLOCK = 1 << 18
"""Bytes that are handed to httpx at once."""

_FAREWELL = 1.0
"""Seconds that telling the server of the end of an upload may take."""


async def async_transfer(
    wires: Wires,
    source: Source,
    file: Mapping[str, str],
    *,
    retries: Retries,
    metadata: Metadata,
    watch: Watch,
) -> Any:
    """Upload a source and return the message of the file.

    Whatever ends it from this side (the deadline, Ctrl-C, a cancelled task, an error of the progress
    function) ends the session on the server as well.

    Raises:
        ArgumentError: The source cannot be read.
        RpcError: It failed for good, or the time is over.
    """
    sending = _Sending(wires, source, file, retries, metadata, watch)
    try:
        return await sending.run()
    except BaseException as error:
        if not isinstance(error, errors.RpcError) or isinstance(error, errors.DeadlineExceeded):
            await sending.cancel()
        raise
    finally:
        await sending.endpoint.close()


class _Sending:
    """One upload on its way."""

    def __init__(
        self,
        wires: Wires,
        source: Source,
        file: Mapping[str, str],
        retries: Retries,
        metadata: Metadata,
        watch: Watch,
    ) -> None:
        self._wires = wires
        self._backend = wires.backend
        self._source = source
        self._file = file
        self._retries = retries
        self._watch = watch
        self._upload: Upload | None = None
        self._metadata = metadata
        self._found: Any = None
        self.endpoint = AsyncHttpEndpoint(wires, self._backend.method("CreateFile"), metadata)

    async def run(self) -> Any:
        """Do it."""
        await self.endpoint.open(self._retries.left)
        self._upload = upload = Upload(
            self.endpoint.root,
            f"/upload/{self._backend.version}/files",
            self._file,
            size=self._source.size,
            mime_type=self._source.mime_type,
        )
        while upload.phase != "done":
            try:
                if self._retries.left == 0:
                    raise self._retries.late()
                await self._step(upload)
            except errors.RpcError as error:
                await self._failed(upload, error)
        return self._found

    async def cancel(self) -> None:
        """Tell the server that no more will come; whether it hears that does not matter."""
        if self._upload is not None and self._upload.session:
            with contextlib.suppress(errors.RpcError):
                await self.endpoint.post(self._upload.cancel(), b"", _FAREWELL)

    async def _step(self, upload: Upload) -> None:
        """Make one request and take in the answer."""
        if upload.phase == "look":
            await self._look(upload)
            return
        wanted = upload.wants
        if wanted is None:
            request = upload.request()
            content: Any = request.body
        else:
            data = await wire.async_call(lambda _: self._source.read(*wanted), None)
            request = upload.request(data)
            content = self._pieces(request, wanted[0], upload.size)
        response = await self.endpoint.post(request, content, self._retries.left)
        upload.receive(response)
        if upload.result is not None:
            message = self._backend.pb("File")()
            if parse(upload.result, message):
                self._found = self._backend.types.File.wrap(message)
            else:
                upload.reject_result()

    async def _pieces(
        self, request: Request, offset: int, total: int | None
    ) -> AsyncIterator[bytes]:
        """Yield the body of a request bit by bit, telling how far it is."""
        for start in range(0, len(request.body), BLOCK):
            if self._retries.left == 0:
                raise self._retries.late()
            piece = request.body[start : start + BLOCK]
            yield piece
            self._watch(offset + start + len(piece), total)

    async def _look(self, upload: Upload) -> None:
        """Look for the file by its name: the session that made it, or not, is gone."""
        request = {"name": self._file["name"]}
        method = self._backend.method("GetFile")
        try:
            self._found = await self._wires.async_channel.unary(
                method, request, None, remaining(self._retries.left), metadata=self._metadata
            )
        except (errors.NotFound, errors.PermissionDenied):  # the service says either
            upload.found(False)
        else:
            upload.found(True)

    async def _failed(self, upload: Upload, error: errors.RpcError) -> None:
        """Wait for the next try; raise the error if there is none."""
        upload.interrupted()
        self.endpoint.add_context(error)
        if self.endpoint.discard_refused_token(error):
            return
        await wire.async_sleep(self._retries.pause(error, upload.best))
