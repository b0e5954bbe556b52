"""The models of a client: what there is, and asking one without keeping it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc.generative._async.catalog import get_model_async, list_models_async
from gemini_grpc.generative._async.embedding import embed_content_async
from gemini_grpc.generative.model import GenerativeModel
from gemini_grpc.rpc.shared import Shared

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gemini_grpc.generative._async.response import AsyncGenerateContentResponse
    from gemini_grpc.generative.argument_types import (
        ContentsType,
        ContentType,
        GenerationConfigType,
        RequestOptionsType,
        SafetySettingsType,
        ToolConfigType,
        ToolsType,
    )
    from gemini_grpc.generative.catalog import Model
    from gemini_grpc.generative.rounds import AutomaticFunctionCalling
    from gemini_grpc.generative.tuning import TunedModel
    from gemini_grpc.generative.wires import HasWires
    from gemini_grpc.v1beta.types import CountTokensResponse


class AsyncModels(Shared):
    """The models of a client. For more than one question make a model: it keeps its settings."""

    def __init__(self, client: HasWires) -> None:
        self._client = client

    def __call__(self, model_name: str, **settings: Any) -> GenerativeModel:
        """Return a model of this client; it takes what `GenerativeModel` takes."""
        return GenerativeModel(model_name, **settings, client=self._client)

    def list(
        self, *, page_size: int | None = 50, request_options: RequestOptionsType | None = None
    ) -> AsyncIterator[Model]:
        """Return the models there are, one after the other; see `list_models`."""
        return list_models_async(
            page_size=page_size, client=self._client, request_options=request_options
        )

    async def get(
        self, name: str | Model | TunedModel, *, request_options: RequestOptionsType | None = None
    ) -> Model | TunedModel:
        """Return a model by its name; see `get_model`."""
        return await get_model_async(name, client=self._client, request_options=request_options)

    async def generate_content(
        self,
        model: str,
        contents: ContentsType,
        *,
        stream: bool = False,
        generation_config: GenerationConfigType | None = None,
        safety_settings: SafetySettingsType | None = None,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        system_instruction: ContentType | None = None,
        automatic_function_calling: bool | AutomaticFunctionCalling = False,
        request_options: RequestOptionsType | None = None,
    ) -> AsyncGenerateContentResponse:
        """Ask a model; see `GenerativeModel.generate_content`."""
        chosen = self(
            model,
            generation_config=generation_config,
            safety_settings=safety_settings,
            tools=tools,
            tool_config=tool_config,
            system_instruction=system_instruction,
        )
        return await chosen.generate_content_async(
            contents,
            stream=stream,
            automatic_function_calling=automatic_function_calling,
            request_options=request_options,
        )

    async def count_tokens(
        self,
        model: str,
        contents: ContentsType,
        *,
        request_options: RequestOptionsType | None = None,
    ) -> CountTokensResponse:
        """Count the tokens of contents; see `GenerativeModel.count_tokens`."""
        return await self(model).count_tokens_async(contents, request_options=request_options)

    async def embed_content(
        self, model: str, content: ContentsType, **settings: Any
    ) -> dict[
        str, Any
    ]:  # its types depend on the settings, which `embed_content` itself spells out
        """Return `{"embedding": ...}` of contents; takes what `embed_content` takes."""
        embed: Any = embed_content_async
        found: dict[str, Any] = await embed(model, content, **settings, client=self._client)
        return found
