"""Cached contents: the beginning of prompts, kept ready on the server, on Gemini and on Vertex AI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative import names
from gemini_grpc.generative._async.sending import async_items, async_send
from gemini_grpc.generative._sync.sending import items as sync_items
from gemini_grpc.generative._sync.sending import send as sync_send
from gemini_grpc.generative.contents import async_read, to_content, to_contents
from gemini_grpc.generative.default import backend_of, client_of
from gemini_grpc.generative.editable import mask
from gemini_grpc.generative.expiration import expiration
from gemini_grpc.generative.plan import Plan, nothing, page
from gemini_grpc.generative.resource import Resource
from gemini_grpc.generative.tools import Toolbox, to_tool_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from datetime import datetime, timedelta

    from gemini_grpc.generative.argument_types import (
        ContentsType,
        ContentType,
        ToolConfigType,
        ToolsType,
    )
    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.wires import HasWires
    from gemini_grpc.v1beta.types import CachedContent as Message

LONGEST_LABEL = 128
"""How many characters a `display_name` has at most."""


class CachedContent(Resource):
    """A beginning of prompts that the server keeps; only its end can be changed.

    What is cached is not told again: contents, instruction and tools of a cache that was fetched are
    empty. Requests with it must be of the model it was made for, and have no instruction and tools of
    their own.
    """

    __slots__ = ()

    name: str
    """Its name, which requests give to use it."""
    display_name: str
    model: str
    """The model it was made for."""
    usage_metadata: Message.UsageMetadata
    """How large it is."""
    create_time: datetime | None
    update_time: datetime | None
    expire_time: datetime | None
    """When it is dropped."""

    def __init__(
        self, name: str, *, client: HasWires | None = None, request_options: Options = None
    ) -> None:
        """Fetch a cache, as `get` does.

        Raises:
            ArgumentError: It is no name of a cached content.
            NotFound: There is none of that name.
        """
        found = self.get(name, client=client, request_options=request_options)
        self._message, self._wires = found._message, found._wires

    @classmethod
    def create(
        cls,
        model: str,
        *,
        display_name: str | None = None,
        system_instruction: ContentType | None = None,
        contents: ContentsType | None = None,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        ttl: float | timedelta | Mapping[str, int] | None = None,
        expire_time: datetime | float | Mapping[str, int] | None = None,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> CachedContent:
        """Cache the beginning of prompts; it lives for an hour if neither end is given.

        Args:
            model: The model it is for.
            display_name: A label for people, of at most 128 characters.
            system_instruction: What the model is told about its task.
            contents: What prompts begin with: what `generate_content` takes.
            tools: The tools of requests with it.
            tool_config: How these are used.
            ttl: How long it lives: seconds, a `timedelta` or `{"seconds": ..., "nanos": ...}`.
            expire_time: When it ends, instead of `ttl`: an aware `datetime`, seconds since 1970 or a
                mapping as above.
            client: The client to use, instead of the default one.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: An argument cannot be used, both ends are given, or there is nothing to cache.
            FieldError: Something is no content or no tool.
            UnsupportedError: The backend lacks something in it.
        """
        client = client_of(client)
        plan = creating(
            backend_of(client),
            model,
            display_name=display_name,
            system_instruction=system_instruction,
            contents=contents,
            tools=tools,
            tool_config=tool_config,
            ttl=ttl,
            expire_time=expire_time,
        )
        return sync_send(plan, client, request_options)

    @classmethod
    async def create_async(
        cls,
        model: str,
        *,
        display_name: str | None = None,
        system_instruction: ContentType | None = None,
        contents: ContentsType | None = None,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        ttl: float | timedelta | Mapping[str, int] | None = None,
        expire_time: datetime | float | Mapping[str, int] | None = None,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> CachedContent:
        """Cache the beginning of prompts; see `create`."""
        client = client_of(client)
        plan = creating(
            backend_of(client),
            model,
            display_name=display_name,
            system_instruction=system_instruction,
            contents=await async_read(contents),
            tools=tools,
            tool_config=tool_config,
            ttl=ttl,
            expire_time=expire_time,
        )
        return await async_send(plan, client, request_options)

    @classmethod
    def get(
        cls, name: str, *, client: HasWires | None = None, request_options: Options = None
    ) -> CachedContent:
        """Return a cache by its name or the last part of it.

        Raises:
            ArgumentError: It is no name of a cached content.
            NotFound: There is none of that name.
        """
        client = client_of(client)
        return sync_send(getting(backend_of(client), name), client, request_options)

    @classmethod
    async def get_async(
        cls, name: str, *, client: HasWires | None = None, request_options: Options = None
    ) -> CachedContent:
        """Return a cache by its name or the last part of it; see `get`."""
        client = client_of(client)
        return await async_send(getting(backend_of(client), name), client, request_options)

    @classmethod
    def list(
        cls,
        page_size: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Iterator[CachedContent]:
        """Return the caches one after the other; a call fetches `page_size` of them.

        Raises:
            ArgumentError: The page size cannot be used.
        """
        client = client_of(client)
        return sync_items(listing(backend_of(client), page_size), client, request_options)

    @classmethod
    def list_async(
        cls,
        page_size: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> AsyncIterator[CachedContent]:
        """Return the caches one after the other; see `list`."""
        client = client_of(client)
        return async_items(listing(backend_of(client), page_size), client, request_options)

    def update(
        self,
        *,
        ttl: float | timedelta | Mapping[str, int] | None = None,
        expire_time: datetime | float | Mapping[str, int] | None = None,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> CachedContent:
        """Move its end, and return this cache as it is now.

        Args:
            ttl: How long it lives from now on.
            expire_time: When it ends, instead of `ttl`.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: Both or neither is given, or the one that is cannot be used.
        """
        client = self._from(client)
        plan = updating(backend_of(client), self.name, ttl, expire_time)
        return self._replace(sync_send(plan, client, request_options))

    async def update_async(
        self,
        *,
        ttl: float | timedelta | Mapping[str, int] | None = None,
        expire_time: datetime | float | Mapping[str, int] | None = None,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> CachedContent:
        """Move its end, and return this cache as it is now; see `update`."""
        client = self._from(client)
        plan = updating(backend_of(client), self.name, ttl, expire_time)
        return self._replace(await async_send(plan, client, request_options))

    def delete(self, *, client: HasWires | None = None, request_options: Options = None) -> None:
        """Drop it; requests that name it fail from now on."""
        client = self._from(client)
        sync_send(deleting(backend_of(client), self), client, request_options)

    async def delete_async(
        self, *, client: HasWires | None = None, request_options: Options = None
    ) -> None:
        """Drop it; requests that name it fail from now on."""
        client = self._from(client)
        await async_send(deleting(backend_of(client), self), client, request_options)


def creating(
    backend: Backend,
    model: object,
    *,
    display_name: object,
    system_instruction: object,
    contents: object,
    tools: object,
    tool_config: object,
    ttl: object,
    expire_time: object,
) -> Plan[CachedContent]:
    """Decide the call that makes a cache.

    Raises:
        ArgumentError: An argument cannot be used, both ends are given, or there is nothing to cache.
        FieldError: Something is no content or no tool.
        UnsupportedError: The backend lacks something in it.
    """
    if display_name is not None and (
        not isinstance(display_name, str) or len(display_name) > LONGEST_LABEL
    ):
        raise ArgumentError(
            f"display_name is {display_name!r:.60}; expected a text of at most {LONGEST_LABEL} "
            "characters"
        )
    cached: dict[str, Any] = {
        "model": backend.model(model),
        "display_name": display_name,
        **expiration(ttl, expire_time),
    }
    if system_instruction is not None:
        cached["system_instruction"] = to_content(
            system_instruction, backend, path="system_instruction"
        )
    if contents is not None:
        cached["contents"] = to_contents(contents, backend)
    if tools is not None:
        cached["tools"] = Toolbox.of(tools, backend).messages
    if tool_config is not None:
        cached["tool_config"] = to_tool_config(tool_config, backend)
    if not any(cached.get(name) for name in ("system_instruction", "contents", "tools")):
        raise ArgumentError("there is nothing to cache; pass contents, system_instruction or tools")
    request = {**_parent(backend), "cached_content": cached}
    return Plan(backend.method("CreateCachedContent"), request, CachedContent.of)


def getting(backend: Backend, name: object) -> Plan[CachedContent]:
    """Decide the call that gets one."""
    method = backend.method("GetCachedContent")
    return Plan(method, {"name": full_name(backend, name)}, CachedContent.of)


def listing(backend: Backend, page_size: int | None) -> Plan[CachedContent]:
    """Decide the call that lists them."""
    method = backend.method("ListCachedContents")
    return Plan(method, {**_parent(backend), **page(page_size)}, CachedContent.of)


def updating(backend: Backend, name: str, ttl: object, expire_time: object) -> Plan[CachedContent]:
    """Decide the call that moves the end of one.

    Raises:
        ArgumentError: Both or neither is given, or the one that is cannot be used.
    """
    end = expiration(ttl, expire_time)
    if not end:
        raise ArgumentError("neither ttl nor expire_time is given; pass the one to change")
    request = {"cached_content": {"name": name, **end}, "update_mask": mask(end)}
    return Plan(backend.method("UpdateCachedContent"), request, CachedContent.of)


def deleting(backend: Backend, name: object) -> Plan[None]:
    """Decide the call that drops one."""
    method = backend.method("DeleteCachedContent")
    return Plan(method, {"name": full_name(backend, name)}, nothing)


def full_name(backend: Backend, name: object) -> str:
    """Return the full name of a cache, which may be given in full, as its last part, or as itself."""
    kind = names.VERTEX_CACHED_CONTENT if backend.is_vertex else names.CACHED_CONTENT
    return kind.full(name, "name", parent=backend.parent)


def _parent(backend: Backend) -> dict[str, object]:
    return {"parent": backend.parent} if backend.is_vertex else {}
