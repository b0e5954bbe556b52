"""Chunks: the passages of a document, which queries find."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative import names, translation
from gemini_grpc.generative._async.sending import async_send
from gemini_grpc.generative._sync.sending import send as sync_send
from gemini_grpc.generative.custom_metadata import CustomMetadata, from_metadata, to_metadata
from gemini_grpc.generative.default import backend_of
from gemini_grpc.generative.editable import Editable, changes, mask
from gemini_grpc.generative.plan import Plan, nothing, page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.wires import HasWires, Wires
    from gemini_grpc.v1beta.types import ChunkData

BATCH = 100
"""How many chunks one call takes."""


class ChunkState(enum.IntEnum):
    """How far a chunk is."""

    STATE_UNSPECIFIED = 0
    STATE_PENDING_PROCESSING = 1
    STATE_ACTIVE = 2
    """Queries find it."""
    STATE_FAILED = 10


class Chunk(Editable):
    """A passage of a document."""

    __slots__ = ()
    _ENUMS = {"state": ChunkState}  # noqa: RUF012  # a constant of the class
    EDITABLE = ("data", "custom_metadata")

    name: str
    data: ChunkData
    """The passage; `text` is the same as `data.string_value`."""
    state: ChunkState
    create_time: datetime | None
    update_time: datetime | None

    @property
    def text(self) -> str:
        """The passage."""
        return str(self._pb.data.string_value)

    @property
    def custom_metadata(self) -> Sequence[CustomMetadata]:
        """The facts that filters ask for."""
        return from_metadata(self._pb.custom_metadata)

    def _updating(self, backend: Backend, changed: dict[str, Any]) -> Plan[Self]:
        return Plan(backend.method("UpdateChunk"), _update(backend, self.name, changed), self.of)

    def delete(self, *, client: HasWires | None = None, request_options: Options = None) -> None:
        """Delete it."""
        client = self._from(client)
        sync_send(deleting(backend_of(client), self), client, request_options)

    async def delete_async(
        self, *, client: HasWires | None = None, request_options: Options = None
    ) -> None:
        """Delete it."""
        client = self._from(client)
        await async_send(deleting(backend_of(client), self), client, request_options)


def creating(
    backend: Backend, document: str, data: object, name: object, custom_metadata: object
) -> Plan[Chunk]:
    """Decide the call that adds a passage to a document."""
    method = backend.method("CreateChunk")
    given = {"name": name, "data": data, "custom_metadata": custom_metadata}
    return Plan(
        method, {"parent": document, "chunk": _chunk(given, backend, "chunk", document)}, Chunk.of
    )


def creating_all(backend: Backend, document: str, chunks: object) -> Plan[Sequence[Chunk]]:
    """Decide the call that adds several.

    Raises:
        ArgumentError: There are none or too many, or one of them cannot be used.
    """
    method = backend.method("BatchCreateChunks")
    if isinstance(chunks, Mapping):
        chunks = chunks.items()
    requests = [
        {"parent": document, "chunk": _chunk(item, backend, f"chunks[{index}]", document)}
        for index, item in enumerate(_batch(chunks))
    ]
    return Plan(method, {"parent": document, "requests": requests}, _all)


def getting(backend: Backend, name: object, document: str = "") -> Plan[Chunk]:
    """Decide the call that gets one."""
    method = backend.method("GetChunk")
    return Plan(method, {"name": names.CHUNK.full(name, "name", parent=document)}, Chunk.of)


def listing(backend: Backend, document: str, page_size: int | None) -> Plan[Chunk]:
    """Decide the call that lists those of a document."""
    method = backend.method("ListChunks")
    return Plan(method, {"parent": document, **page(page_size)}, Chunk.of)


def updating_all(backend: Backend, document: str, chunks: object) -> Plan[Sequence[Chunk]]:
    """Decide the call that changes several.

    Raises:
        ArgumentError: There are none or too many, or one cannot be changed so.
    """
    method = backend.method("BatchUpdateChunks")
    whole: Any = translation.pb_of(chunks)
    if whole is not None and whole.DESCRIPTOR.name == "BatchUpdateChunksRequest":
        chunks = whole.requests
    if isinstance(chunks, Mapping):
        chunks = chunks.items()
    requests: list[Any] = []
    for index, item in enumerate(_batch(chunks)):
        where = f"chunks[{index}]"
        if translation.pb_of(item) is not None:
            request = translation.message("UpdateChunkRequest", item, backend, where)
            names.CHUNK.full(request.chunk.name, f"{where}.chunk.name", parent=document)
            requests.append(request)
            continue
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise ArgumentError(f"{where}: expected a name and its updates, got {item!r:.80}")
        name = names.CHUNK.full(item[0], where, parent=document)
        requests.append(_update(backend, name, changes(Chunk.EDITABLE, item[1])))
    return Plan(method, {"parent": document, "requests": requests}, _all)


def deleting(backend: Backend, name: object, document: str = "") -> Plan[None]:
    """Decide the call that deletes one."""
    method = backend.method("DeleteChunk")
    return Plan(method, {"name": names.CHUNK.full(name, "name", parent=document)}, nothing)


def deleting_all(backend: Backend, document: str, chunks: object) -> Plan[None]:
    """Decide the call that deletes several.

    Raises:
        ArgumentError: There are none or too many, or one is no name of a chunk.
    """
    method = backend.method("BatchDeleteChunks")
    requests = [
        {"name": names.CHUNK.full(item, f"chunks[{index}]", parent=document)}
        for index, item in enumerate(_batch(chunks))
    ]
    return Plan(method, {"parent": document, "requests": requests}, nothing)


def _all(answer: Any, wires: Wires) -> Sequence[Chunk]:
    return [Chunk.of(message, wires) for message in answer.chunks]


def _batch(chunks: object) -> Sequence[Any]:
    if isinstance(chunks, (str, bytes)) or not isinstance(chunks, Iterable):
        raise ArgumentError(f"chunks: expected a list, got {chunks!r:.80}")
    batch = list(chunks)
    if not 0 < len(batch) <= BATCH:
        raise ArgumentError(f"chunks: there are {len(batch)}; one call takes 1 to {BATCH}")
    return batch


def _chunk(item: Any, backend: Backend, path: str, document: str) -> dict[str, object]:
    """Return the fields of a new chunk: from its text, a name and a text, fields or a message."""
    if isinstance(item, str):
        item = {"data": item}
    elif isinstance(item, (tuple, list)) and len(item) in (2, 3):
        item = dict(zip(("name", "data", "custom_metadata"), item, strict=False))
    elif (pb := translation.pb_of(item)) is not None:
        known: Any = translation.message("Chunk", pb, backend, path)
        item = {name: getattr(known, name) for name in ("name", "data", "custom_metadata")}
    if not isinstance(item, Mapping):
        raise ArgumentError(
            f"{path}: expected a text, a name and a text, or the fields of a chunk, got {item!r:.80}"
        )
    fields = dict(item)
    if fields.get("name"):
        fields["name"] = names.CHUNK.full(fields["name"], f"{path}.name", parent=document)
    return {**fields, **_contents({"data": None, **fields}, backend, path)}


def _update(backend: Backend, name: str, changed: Mapping[str, Any]) -> dict[str, object]:
    return {
        "chunk": {"name": name, **_contents(changed, backend, "updates")},
        "update_mask": mask(changed),
    }


def _contents(fields: Mapping[str, Any], backend: Backend, path: str) -> dict[str, object]:
    """Return those of `data` and `custom_metadata` that are among some fields, as the proto has them."""
    found: dict[str, object] = {}
    if "data" in fields:
        data = fields["data"]
        if not data:
            raise ArgumentError(f"{path}: data is {data!r}; expected the text of the chunk")
        data = {"string_value": data} if isinstance(data, str) else data
        found["data"] = translation.message("ChunkData", data, backend, f"{path}.data")
    if "custom_metadata" in fields:
        found["custom_metadata"] = to_metadata(
            fields["custom_metadata"], backend, f"{path}.custom_metadata"
        )
    return found
