# Derived by `python -m codegen` from src/gemini_grpc/generative/_async/models.py. Do not edit.
"""The models of a client: what there is, and asking one without keeping it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc.generative._sync.catalog import get_model, list_models
from gemini_grpc.generative._sync.embedding import embed_content
from gemini_grpc.generative.model import GenerativeModel
from gemini_grpc.rpc.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gemini_grpc.generative._sync.response import GenerateContentResponse
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


class Models(Shared):
    """The models of a client. For more than one question make a model: it keeps its settings."""

    def __init__(self, client: HasWires) -> None:
        self._client = client

    def __call__(self, model_name: str, **settings: Any) -> GenerativeModel:
        """Return a model of this client; it takes what `GenerativeModel` takes."""
        return GenerativeModel(model_name, **settings, client=self._client)

    def list(
        self, *, page_size: int | None = 50, request_options: RequestOptionsType | None = None
    ) -> Iterator[Model]:
        """Return the models there are, one after the other; see `list_models`."""
        return list_models(
            page_size=page_size, client=self._client, request_options=request_options
        )

    def get(
        self, name: str | Model | TunedModel, *, request_options: RequestOptionsType | None = None
    ) -> Model | TunedModel:
        """Return a model by its name; see `get_model`."""
        return get_model(name, client=self._client, request_options=request_options)

    def generate_content(
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
    ) -> GenerateContentResponse:
        """Ask a model; see `GenerativeModel.generate_content`."""
        chosen = self(
            model,
            generation_config=generation_config,
            safety_settings=safety_settings,
            tools=tools,
            tool_config=tool_config,
            system_instruction=system_instruction,
        )
        return chosen.generate_content(
            contents,
            stream=stream,
            automatic_function_calling=automatic_function_calling,
            request_options=request_options,
        )

    def count_tokens(
        self,
        model: str,
        contents: ContentsType,
        *,
        request_options: RequestOptionsType | None = None,
    ) -> CountTokensResponse:
        """Count the tokens of contents; see `GenerativeModel.count_tokens`."""
        return self(model).count_tokens(contents, request_options=request_options)

    def embed_content(
        self, model: str, content: ContentsType, **settings: Any
    ) -> dict[
        str, Any
    ]:  # its types depend on the settings, which `embed_content` itself spells out
        """Return `{"embedding": ...}` of contents; takes what `embed_content` takes."""
        embed: Any = embed_content
        found: dict[str, Any] = embed(model, content, **settings, client=self._client)
        return found
