"""List the models and get one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.generative import catalog
from gemini_grpc.generative._async.sending import async_items, async_send
from gemini_grpc.generative._async.tuning import get_tuned_model_async
from gemini_grpc.generative.default import backend_of, client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gemini_grpc.generative.catalog import Model
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.tuning import TunedModel
    from gemini_grpc.generative.wires import HasWires


def list_models_async(
    *,
    page_size: int | None = 50,
    client: HasWires | None = None,
    request_options: Options = None,
) -> AsyncIterator[Model]:
    """Return the models that Google offers, one after the other.

    Args:
        page_size: How many one call fetches; the next is made when they are used up.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of each call.

    Raises:
        ArgumentError: The page size cannot be used.
        UnsupportedError: Vertex AI has no such list.
    """
    client = client_of(client)
    return async_items(catalog.listing(backend_of(client), page_size), client, request_options)


async def get_model_async(
    name: str | Model | TunedModel,
    *,
    client: HasWires | None = None,
    request_options: Options = None,
) -> Model | TunedModel:
    """Return a model: a `TunedModel` for `tunedModels/...`, else a `Model`.

    Args:
        name: Its name, as `models/gemini-3.8-flash`, `gemini-3.8-flash` or `tunedModels/mine`.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: It is no name of a model.
        NotFound: There is none of that name; the text tells the nearest that have been listed.
        UnsupportedError: Vertex AI does not describe its models.
    """
    if catalog.is_tuned(name):
        return await get_tuned_model_async(name, client=client, request_options=request_options)
    return await get_base_model_async(name, client=client, request_options=request_options)


async def get_base_model_async(
    name: str | Model | TunedModel,
    *,
    client: HasWires | None = None,
    request_options: Options = None,
) -> Model:
    """Return a model that Google offers; for a tuned model, given as such, the one it was made from.

    Args:
        name: Its name, as `models/gemini-3.8-flash` or `gemini-3.8-flash`.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: It is no name of such a model.
        NotFound: There is none of that name; the text tells the nearest that have been listed.
        UnsupportedError: Vertex AI does not describe its models.
    """
    client = client_of(client)
    return await async_send(catalog.getting_base(backend_of(client), name), client, request_options)
