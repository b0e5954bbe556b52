"""The API as users write it; mypy --strict has to pass, and nothing here is run."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from google.api_core import retry as google_retry

import gemini_grpc as genai
from gemini_grpc import ClientOptions, RetryPolicy, aiplatform_v1, errors, types, v1alpha, v1beta
from gemini_grpc.emulator import Emulator
from gemini_grpc.vertexai.generative_models import Candidate, FinishReason, FunctionCall

if TYPE_CHECKING:
    from google.longrunning import operations_pb2
    from google.protobuf.message import Message

MODEL = "models/gemini-3.8-flash"


def messages() -> None:
    request = v1beta.GenerateContentRequest(
        model=MODEL,
        contents=[
            {"role": "user", "parts": [{"text": "Hi"}]},
            v1beta.Content(role="model", parts=[v1beta.Part(text="Hello")]),
        ],
        generation_config={"temperature": 0.5},
        safety_settings=[
            v1beta.SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold=3),
            v1beta.SafetySetting(category=v1beta.HarmCategory.HARM_CATEGORY_HARASSMENT),
        ],
    )
    text: str = request.contents[0].parts[0].text
    request.contents.append(v1beta.Content(role="user"))
    for content in request.contents:
        text += content.role
    request.model = "models/other"
    request.generation_config = v1beta.GenerationConfig(top_k=3, stop_sequences=["a"])
    request.generation_config = {"top_k": 3}
    del request.system_instruction
    limit: int = request.generation_config.max_output_tokens
    present: bool = "tools" in request or limit > 3 or bool(request)
    copied = v1beta.GenerateContentRequest(request, model="x")
    from_mapping = v1beta.GenerateContentRequest(
        {"model": "x", "nope": present}, ignore_unknown_fields=True
    )
    same: bool = copied == from_mapping
    schema = v1beta.Schema(
        type_="OBJECT",
        properties={"a": v1beta.Schema(type_=v1beta.Type.STRING), "b": {"title": str(same)}},
    )
    schema = v1beta.Schema(type="OBJECT", format="double", items=schema)
    kind: v1beta.Type = schema.items.properties["a"].type_
    name: str = kind.name
    call = v1beta.FunctionCall(name=name, args={"a": [1, None]})
    arguments = call.args
    value: object = arguments["a"] if arguments is not None else text
    cached = v1beta.CachedContent(
        ttl=datetime.timedelta(minutes=5),
        expire_time=datetime.datetime.now(),
        display_name=str(value),
    )
    moment: datetime.datetime | None = cached.expire_time
    print(moment)


def class_methods() -> None:
    content = v1beta.Content(role="user")
    data: bytes = v1beta.Content.serialize(content)
    again: v1beta.Content = v1beta.Content.deserialize(data)
    json: str = v1beta.Content.to_json(again, indent=None, use_integers_for_enums=False)
    from_json: v1beta.Content = v1beta.Content.from_json(json, ignore_unknown_fields=True)
    mapping = v1beta.Content.to_dict(from_json, always_print_fields_with_no_presence=False)
    protobuf: Message = v1beta.Content.pb(content)
    wrapped: v1beta.Content = v1beta.Content.wrap(protobuf)
    v1beta.Content.copy_from(wrapped, mapping)


def calls() -> None:
    print(ClientOptions(retry=google_retry.Retry()), ClientOptions(retry=google_retry.AsyncRetry()))
    print(ClientOptions(retry=RetryPolicy()), ClientOptions(retry=None))
    options = ClientOptions(api_endpoint="http://127.0.0.1:1", api_key="k")
    with v1beta.GenerativeServiceClient(client_options=options) as client:
        answer = client.generate_content(model=MODEL, contents=[{"parts": [{"text": "Hi"}]}])
        reason: v1beta.Candidate.FinishReason = answer.candidates[0].finish_reason
        tokens: int = answer.usage_metadata.total_token_count
        answer = client.generate_content(
            {"model": MODEL}, timeout=5.0, retry=RetryPolicy(attempts=2)
        )
        answer = client.generate_content(
            v1beta.GenerateContentRequest(), retry=None, metadata=[("a", "b")]
        )
        answer = client.generate_content(model=MODEL, retry=google_retry.Retry(timeout=5.0))
        answer = client.generate_content(model=MODEL, retry=google_retry.AsyncRetry())
        with client.stream_generate_content(model=MODEL) as stream:
            for chunk in stream:
                print(chunk.candidates[0].content.parts[0].text, reason, tokens)
        embedded: v1beta.EmbedContentResponse = client.embed_content(
            model=MODEL, content={"parts": []}
        )
        values: list[float] = list(embedded.embedding.values)
        for message in client.bidi_generate_content(session()):
            done: bool = message.server_content.turn_complete
            print(done, values)
        print(client.parse_model_path(client.model_path("x"))["model"])


def session() -> Iterator[v1beta.BidiGenerateContentClientMessage]:
    yield v1beta.BidiGenerateContentClientMessage(setup={"model": MODEL})


def pages_and_operations() -> None:
    with v1beta.ModelServiceClient(client_options={"api_key": "k"}) as client:
        names: list[str] = [model.name for model in client.list_models(page_size=2)]
        for page in client.list_models().pages:
            models: int = len(page.models)
            names.append(str(models))
        operation = client.create_tuned_model(tuned_model={"display_name": "x"})
        if not operation.done():
            operation.cancel()
        tuned: v1beta.TunedModel = operation.result(timeout=3.0)
        state: operations_pb2.Operation = client.get_operation(operation.name)
        client.delete_tuned_model(name=tuned.name + state.name)
        try:
            client.get_model(name="x")
        except errors.NotFound as error:
            print(error.message, error.details, error.attempts)


async def asynchronously() -> None:
    async with v1alpha.GenerativeServiceAsyncClient(client_options={"api_key": "k"}) as client:
        answer: v1alpha.GenerateContentResponse = await client.generate_content(model=MODEL)
        stream = await client.stream_generate_content(model=MODEL)
        async for chunk in stream:
            print(chunk.candidates[0].content, answer)
        async for message in await client.bidi_generate_content(asynchronous_session()):
            print(message.setup_complete)
    async with v1alpha.ModelServiceAsyncClient(client_options={"api_key": "k"}) as models:
        pager = await models.list_models()
        names: list[str] = [model.name async for model in pager]
        operation = await models.create_tuned_model(tuned_model={"display_name": names[0]})
        tuned: v1alpha.TunedModel = await operation.result()
        print(tuned.state.name, await operation.done())


async def asynchronous_session() -> AsyncIterator[v1alpha.BidiGenerateContentClientMessage]:
    yield v1alpha.BidiGenerateContentClientMessage(setup={"model": MODEL})


def vertex() -> None:
    with aiplatform_v1.PredictionServiceClient(client_options={"api_key": "k"}) as client:
        answer = client.generate_content(model="x", contents=[{"role": "user"}])
        print(answer.candidates[0].finish_reason is aiplatform_v1.Candidate.FinishReason.STOP)
    print(aiplatform_v1.LlmUtilityServiceClient, aiplatform_v1.GenAiCacheServiceAsyncClient)


def ask(
    contents: types.ContentsType,
    config: types.GenerationConfigType = None,
    options: types.RequestOptionsType = None,
) -> str:
    model = genai.GenerativeModel("m")
    response = model.generate_content(contents, generation_config=config, request_options=options)
    candidate: Candidate = response.candidates[0]
    if candidate.finish_reason == FinishReason.SAFETY:
        return ""
    if candidate.finish_reason == genai.protos.Candidate.FinishReason.BLOCKLIST:
        return ""
    if candidate.safety_ratings[0].probability >= types.HarmProbability.MEDIUM:
        return ""
    if response.prompt_feedback.block_reason == types.BlockedReason.SAFETY:
        return ""
    call: FunctionCall = candidate.content.parts[0].function_call
    return call.name


def everyday() -> None:
    ask("Hi", types.GenerationConfigDict(temperature=1), types.RequestOptions(timeout=3))
    modality = genai.GenerationConfig.Modality.TEXT
    ask("Hi", genai.GenerationConfig(response_modalities=[modality]), {"timeout": 3})
    ask("Hi", v1beta.GenerationConfig(temperature=1), dict(**types.RequestOptions(retry=None)))


def emulated() -> None:
    with Emulator(seed=1) as emulator:
        target: str = emulator.target
        print(target)
