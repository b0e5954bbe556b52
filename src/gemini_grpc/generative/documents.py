"""Documents: the texts of a corpus, in chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from gemini_grpc.generative import chunks as passages
from gemini_grpc.generative import names
from gemini_grpc.generative._async.sending import async_items, async_send
from gemini_grpc.generative._sync.sending import items as sync_items
from gemini_grpc.generative._sync.sending import send as sync_send
from gemini_grpc.generative.custom_metadata import (
    CustomMetadata,
    from_metadata,
    to_metadata,
)
from gemini_grpc.generative.default import backend_of
from gemini_grpc.generative.editable import mask
from gemini_grpc.generative.plan import Plan, nothing, page
from gemini_grpc.generative.searchable import Searchable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.chunks import Chunk
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.wires import HasWires


class Document(Searchable):
    """A text of a corpus; what is in it are its chunks."""

    __slots__ = ()
    EDITABLE = ("display_name", "custom_metadata")
    _QUERY = "QueryDocument"

    display_name: str
    create_time: datetime | None
    update_time: datetime | None

    @property
    def custom_metadata(self) -> Sequence[CustomMetadata]:
        """The facts that filters ask for."""
        return from_metadata(self._pb.custom_metadata)

    def _updating(self, backend: Backend, changed: dict[str, Any]) -> Plan[Self]:
        fields = {"name": self.name, **changed}
        if "custom_metadata" in changed:
            fields["custom_metadata"] = to_metadata(
                changed["custom_metadata"], backend, "updates: custom_metadata"
            )
        request = {"document": fields, "update_mask": mask(changed)}
        return Plan(backend.method("UpdateDocument"), request, self.of)

    def create_chunk(
        self,
        data: str | Mapping[str, Any] | object,
        name: str | None = None,
        custom_metadata: Mapping[str, Any]
        | Iterable[CustomMetadata | Mapping[str, Any]]
        | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Chunk:
        """Add a passage.

        Args:
            data: Its text.
            name: Its name or the last part of it; without one, the server makes one up.
            custom_metadata: Facts about it, as a mapping of keys to texts, numbers or lists of texts.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: The name or a fact cannot be used, or there is no text.
        """
        client = self._from(client)
        plan = passages.creating(backend_of(client), self.name, data, name, custom_metadata)
        return sync_send(plan, client, request_options)

    async def create_chunk_async(
        self,
        data: str | Mapping[str, Any] | object,
        name: str | None = None,
        custom_metadata: Mapping[str, Any]
        | Iterable[CustomMetadata | Mapping[str, Any]]
        | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Chunk:
        """Add a passage; see `create_chunk`."""
        client = self._from(client)
        plan = passages.creating(backend_of(client), self.name, data, name, custom_metadata)
        return await async_send(plan, client, request_options)

    def batch_create_chunks(
        self,
        chunks: Iterable[object] | Mapping[str, Any],
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Sequence[Chunk]:
        """Add up to 100 passages with one call: all of them or none.

        Args:
            chunks: Texts, pairs of a name and a text, mappings of the fields of a chunk, or a mapping of
                names to texts.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: There are none or too many, or one of them cannot be used.
        """
        client = self._from(client)
        plan = passages.creating_all(backend_of(client), self.name, chunks)
        return sync_send(plan, client, request_options)

    async def batch_create_chunks_async(
        self,
        chunks: Iterable[object] | Mapping[str, Any],
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Sequence[Chunk]:
        """Add up to 100 passages with one call: all of them or none; see `batch_create_chunks`."""
        client = self._from(client)
        plan = passages.creating_all(backend_of(client), self.name, chunks)
        return await async_send(plan, client, request_options)

    def get_chunk(
        self,
        name: str,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Chunk:
        """Return a passage.

        Args:
            name: Its name or the last part of it.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: It is no name of a chunk.
        """
        client = self._from(client)
        plan = passages.getting(backend_of(client), name, self.name)
        return sync_send(plan, client, request_options)

    async def get_chunk_async(
        self,
        name: str,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Chunk:
        """Return a passage; see `get_chunk`."""
        client = self._from(client)
        plan = passages.getting(backend_of(client), name, self.name)
        return await async_send(plan, client, request_options)

    def list_chunks(
        self,
        page_size: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Iterator[Chunk]:
        """Return the passages one after the other, the oldest first.

        Args:
            page_size: How many one call fetches; the next is made when they are used up.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: The page size cannot be used.
        """
        client = self._from(client)
        plan = passages.listing(backend_of(client), self.name, page_size)
        return sync_items(plan, client, request_options)

    def list_chunks_async(
        self,
        page_size: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> AsyncIterator[Chunk]:
        """Return the passages one after the other, the oldest first; see `list_chunks`."""
        client = self._from(client)
        plan = passages.listing(backend_of(client), self.name, page_size)
        return async_items(plan, client, request_options)

    def batch_update_chunks(
        self,
        chunks: Mapping[str, Mapping[str, Any]] | Iterable[tuple[str, Mapping[str, Any]]],
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Sequence[Chunk]:
        """Change up to 100 passages with one call: all of them or none.

        Args:
            chunks: For each name, or last part of it, the fields to change with their new values; or
                `UpdateChunkRequest`s.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: There are none or too many, or one cannot be changed so.
        """
        client = self._from(client)
        plan = passages.updating_all(backend_of(client), self.name, chunks)
        return sync_send(plan, client, request_options)

    async def batch_update_chunks_async(
        self,
        chunks: Mapping[str, Mapping[str, Any]] | Iterable[tuple[str, Mapping[str, Any]]],
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Sequence[Chunk]:
        """Change up to 100 passages with one call: all of them or none; see `batch_update_chunks`."""
        client = self._from(client)
        plan = passages.updating_all(backend_of(client), self.name, chunks)
        return await async_send(plan, client, request_options)

    def delete_chunk(
        self,
        name: str,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Delete a passage.

        Args:
            name: Its name or the last part of it.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: It is no name of a chunk.
        """
        client = self._from(client)
        plan = passages.deleting(backend_of(client), name, self.name)
        sync_send(plan, client, request_options)

    async def delete_chunk_async(
        self,
        name: str,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Delete a passage; see `delete_chunk`."""
        client = self._from(client)
        plan = passages.deleting(backend_of(client), name, self.name)
        await async_send(plan, client, request_options)

    def batch_delete_chunks(
        self,
        chunks: Iterable[str | Chunk],
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Delete up to 100 passages with one call: all of them or none.

        Args:
            chunks: Their names, or the last parts of them.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: There are none or too many, or one is no name of a chunk.
        """
        client = self._from(client)
        plan = passages.deleting_all(backend_of(client), self.name, chunks)
        sync_send(plan, client, request_options)

    async def batch_delete_chunks_async(
        self,
        chunks: Iterable[str | Chunk],
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Delete up to 100 passages with one call: all of them or none; see `batch_delete_chunks`."""
        client = self._from(client)
        plan = passages.deleting_all(backend_of(client), self.name, chunks)
        await async_send(plan, client, request_options)

    def delete(
        self,
        force: bool = False,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Delete it.

        Args:
            force: Delete the passages in it too; without, a document that has some is refused.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            FailedPrecondition: There are passages in it.
        """
        client = self._from(client)
        plan = deleting(backend_of(client), self, force)
        sync_send(plan, client, request_options)

    async def delete_async(
        self,
        force: bool = False,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Delete it; see `delete`."""
        client = self._from(client)
        plan = deleting(backend_of(client), self, force)
        await async_send(plan, client, request_options)


def creating(
    backend: Backend, corpus: str, name: object, display_name: object, custom_metadata: object
) -> Plan[Document]:
    """Decide the call that adds a document to a corpus."""
    method = backend.method("CreateDocument")
    fields = {
        "name": None if name is None else names.DOCUMENT.full(name, "name", parent=corpus),
        "display_name": display_name,
        "custom_metadata": to_metadata(custom_metadata, backend),
    }
    return Plan(method, {"parent": corpus, "document": fields}, Document.of)


def getting(backend: Backend, name: object, corpus: str = "") -> Plan[Document]:
    """Decide the call that gets one."""
    method = backend.method("GetDocument")
    return Plan(method, {"name": names.DOCUMENT.full(name, "name", parent=corpus)}, Document.of)


def listing(backend: Backend, corpus: str, page_size: int | None) -> Plan[Document]:
    """Decide the call that lists those of a corpus."""
    method = backend.method("ListDocuments")
    return Plan(method, {"parent": corpus, **page(page_size)}, Document.of)


def deleting(backend: Backend, name: object, force: bool, corpus: str = "") -> Plan[None]:
    """Decide the call that deletes one."""
    method = backend.method("DeleteDocument")
    full = names.DOCUMENT.full(name, "name", parent=corpus)
    return Plan(method, {"name": full, "force": force}, nothing)
