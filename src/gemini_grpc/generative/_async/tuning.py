"""Tune models, and keep the tuned ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc.generative import tuning
from gemini_grpc.generative._async.operations import AsyncCreateTunedModelOperation
from gemini_grpc.generative._async.sending import async_items, async_send
from gemini_grpc.generative.default import backend_of, client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.tuning import TunedModel
    from gemini_grpc.generative.wires import HasWires


def list_tuned_models_async(
    *,
    page_size: int | None = 50,
    filter: str | None = None,
    client: HasWires | None = None,
    request_options: Options = None,
) -> AsyncIterator[TunedModel]:
    """Return the tuned models that the caller may see, one after the other.

    Args:
        page_size: How many one call fetches; the next is made when they are used up.
        filter: Words of the name or description, and terms such as `owner:me`, `readers:everyone`.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of each call.

    Raises:
        ArgumentError: The page size cannot be used.
        UnsupportedError: Vertex AI has no such list.
    """
    client = client_of(client)
    plan = tuning.listing(backend_of(client), page_size, filter)
    return async_items(plan, client, request_options)


async def get_tuned_model_async(
    name: str | TunedModel,
    *,
    client: HasWires | None = None,
    request_options: Options = None,
) -> TunedModel:
    """Return a tuned model as it is now.

    Args:
        name: Its name, as `tunedModels/mine` or `mine`.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: It is no name of a tuned model.
        NotFound: There is none of that name.
        UnsupportedError: Vertex AI has no such models.
    """
    client = client_of(client)
    return await async_send(tuning.getting(backend_of(client), name), client, request_options)


async def create_tuned_model_async(
    source_model: str | TunedModel,
    training_data: object,
    *,
    id: str | None = None,
    display_name: str | None = None,
    description: str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    top_k: int | None = None,
    epoch_count: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    learning_rate_multiplier: float | None = None,
    input_key: str = "text_input",
    output_key: str = "output",
    client: HasWires | None = None,
    request_options: Options = None,
) -> AsyncCreateTunedModelOperation:
    """Start tuning a model, and return the operation that does it.

    Its `result()` waits for the `TunedModel`; `wait_bar()` tells the progress meanwhile.

    Args:
        source_model: What to start from: a model of Google or a tuned one.
        training_data: Examples as pairs, mappings or columns, or the path of a CSV or JSON file.
        id: The last part of the name it gets; without one, the server makes one up.
        display_name: A label for people.
        description: What it was tuned for.
        temperature: The temperature when a request has none; that of the source by default.
        top_p: The same for top_p.
        top_k: The same for top_k.
        epoch_count: How often tuning goes through the examples.
        batch_size: How many examples a step takes.
        learning_rate: How large a step is.
        learning_rate_multiplier: A factor of the server's choice, instead of `learning_rate`.
        input_key: What the examples call the input.
        output_key: What they call the output.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call that starts it.

    Raises:
        ArgumentError: A name or the examples cannot be used; the text tells which.
        UnsupportedError: Vertex AI does not tune here.
    """
    labels = {"display_name": display_name, "description": description}
    sampling = {"temperature": temperature, "top_p": top_p, "top_k": top_k}
    amounts = {"epoch_count": epoch_count, "batch_size": batch_size}
    rates = {"learning_rate": learning_rate, "learning_rate_multiplier": learning_rate_multiplier}
    plan = tuning.creating(
        backend_of(client := client_of(client)),
        source_model,
        training_data,
        AsyncCreateTunedModelOperation,
        id=id,
        keys=(input_key, output_key),
        fields={**labels, **sampling, **amounts, **rates},
    )
    return await async_send(plan, client, request_options)


async def update_tuned_model_async(
    tuned_model: str | TunedModel,
    updates: Mapping[str, Any] | None = None,
    *,
    client: HasWires | None = None,
    request_options: Options = None,
) -> TunedModel:
    """Change the label, description, sampling defaults or reader projects of a tuned model.

    Args:
        tuned_model: Its name; or a `TunedModel` message with the new values, without `updates`: then
            every field that is set in it is written.
        updates: The fields to change, with their new values; None or empty clears one.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Returns:
        The tuned model as it is now.

    Raises:
        ArgumentError: The name cannot be used, or a field does not exist or cannot be changed.
        UnsupportedError: Vertex AI has no such models.
    """
    client = client_of(client)
    plan = tuning.updating(backend_of(client), tuned_model, updates)
    return await async_send(plan, client, request_options)


async def delete_tuned_model_async(
    tuned_model: str | TunedModel,
    *,
    client: HasWires | None = None,
    request_options: Options = None,
) -> None:
    """Delete a tuned model; only its owner can.

    Args:
        tuned_model: Its name, or the model.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: It is no name of a tuned model.
        UnsupportedError: Vertex AI has no such models.
    """
    client = client_of(client)
    await async_send(tuning.deleting(backend_of(client), tuned_model), client, request_options)
