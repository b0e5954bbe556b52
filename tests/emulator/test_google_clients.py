"""google-ai-generativelanguage's own clients go through the life of every resource of the emulator.

Each life is written once, for both versions and for the sync and the async clients: `settle` waits where
there is something to wait for, and `items` reads both kinds of pagers.
"""

from __future__ import annotations

import datetime
import inspect
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import google.ai.generativelanguage_v1alpha as v1alpha
import google.ai.generativelanguage_v1beta as v1beta
import grpc
import pytest
from google.api_core import exceptions
from google.protobuf import json_format, struct_pb2

from gemini_grpc.emulator import Emulator
from gemini_grpc.emulator.clock import VirtualClock

MODEL = "models/gemini-3.8-flash"
PROMPT = json_format.ParseDict({"prompt": "a tree"}, struct_pb2.Value())


async def settle(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def items(listing: Any) -> list[Any]:
    found = await settle(listing)
    if hasattr(found, "__aiter__"):
        return [item async for item in found]
    return list(found)


def said(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text}]}


class Google:
    """Google's clients of one version and colour."""

    def __init__(self, package: ModuleType, target: str, *, asynchronous: bool) -> None:
        self.package = package
        self.asynchronous = asynchronous
        self.channel = (
            grpc.aio.insecure_channel(target) if asynchronous else grpc.insecure_channel(target)
        )

    def client(self, service: str) -> Any:
        colour, transport = ("Async", "grpc_asyncio") if self.asynchronous else ("", "grpc")
        cls = getattr(self.package, f"{service}{colour}Client")
        return cls(transport=cls.get_transport_class(transport)(channel=self.channel))

    @property
    def is_beta(self) -> bool:
        return self.package is v1beta


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(
    params=[(v1alpha, False), (v1alpha, True), (v1beta, False), (v1beta, True)],
    ids=["v1alpha", "v1alpha-async", "v1beta", "v1beta-async"],
)
async def google(request: pytest.FixtureRequest, clock: VirtualClock) -> AsyncIterator[Google]:
    package, asynchronous = request.param
    with Emulator(clock=clock) as emulator:
        google = Google(package, emulator.target, asynchronous=asynchronous)
        yield google
        await settle(google.channel.close())


async def test_files_live(google: Google, clock: VirtualClock) -> None:
    files = google.client("FileService")
    made = await settle(files.create_file({"file": {"name": "files/one", "display_name": "One"}}))
    assert made.file.state.name == "ACTIVE"
    assert (await settle(files.get_file({"name": "files/one"}))).display_name == "One"
    assert [file.name for file in await items(files.list_files())] == ["files/one"]
    await settle(files.delete_file({"name": "files/one"}))
    assert await items(files.list_files()) == []


async def test_caches_live(google: Google, clock: VirtualClock) -> None:
    caches = google.client("CacheService")
    made = await settle(
        caches.create_cached_content(
            cached_content={
                "model": MODEL,
                "contents": [said("a tree grows " * 500)],
                "ttl": datetime.timedelta(minutes=5),
            }
        )
    )
    assert made.usage_metadata.total_token_count == 2000
    found = await settle(caches.get_cached_content(name=made.name))
    assert found.expire_time - found.create_time == datetime.timedelta(minutes=5)
    moved = await settle(
        caches.update_cached_content(
            cached_content={"name": made.name, "ttl": datetime.timedelta(hours=1)},
            update_mask={"paths": ["ttl"]},
        )
    )
    assert moved.expire_time > found.expire_time
    assert len(await items(caches.list_cached_contents())) == 1
    await settle(caches.delete_cached_content(name=made.name))
    with pytest.raises(exceptions.NotFound):
        await settle(caches.get_cached_content(name=made.name))


async def test_corpora_documents_and_chunks_live(google: Google) -> None:
    retriever = google.client("RetrieverService")
    corpus = await settle(retriever.create_corpus({"corpus": {"display_name": "Plants"}}))
    document = await settle(
        retriever.create_document({"parent": corpus.name, "document": {"display_name": "Trees"}})
    )
    texts = ("Oaks have acorns.", "Birches have white bark.")
    await settle(
        retriever.batch_create_chunks(
            {
                "parent": document.name,
                "requests": [
                    {"parent": document.name, "chunk": {"data": {"string_value": text}}}
                    for text in texts
                ],
            }
        )
    )
    hits = await settle(retriever.query_corpus({"name": corpus.name, "query": "white bark?"}))
    assert hits.relevant_chunks[0].chunk.data.string_value == texts[1]
    chunks = await items(retriever.list_chunks({"parent": document.name}))
    await settle(
        retriever.update_chunk(
            {
                "chunk": {"name": chunks[0].name, "data": {"string_value": "Oaks grow slowly."}},
                "update_mask": {"paths": ["data"]},
            }
        )
    )
    hits = await settle(retriever.query_document({"name": document.name, "query": "grow slowly"}))
    assert hits.relevant_chunks[0].chunk.name == chunks[0].name
    with pytest.raises(exceptions.FailedPrecondition):
        await settle(retriever.delete_corpus({"name": corpus.name}))
    await settle(retriever.delete_chunk({"name": chunks[0].name}))
    await settle(retriever.delete_document({"name": document.name, "force": True}))
    await settle(retriever.delete_corpus({"name": corpus.name}))
    assert await items(retriever.list_corpora({})) == []


async def test_permissions_live(google: Google) -> None:
    retriever, permissions = google.client("RetrieverService"), google.client("PermissionService")
    corpus = await settle(retriever.create_corpus({"corpus": {}}))
    made = await settle(
        permissions.create_permission(
            parent=corpus.name,
            permission={"grantee_type": "USER", "email_address": "a@example.com", "role": "READER"},
        )
    )
    changed = await settle(
        permissions.update_permission(
            permission={"name": made.name, "role": "WRITER"}, update_mask={"paths": ["role"]}
        )
    )
    assert changed.role.name == "WRITER"
    assert len(await items(permissions.list_permissions(parent=corpus.name))) == 2
    await settle(permissions.delete_permission(name=made.name))
    with pytest.raises(exceptions.NotFound):
        await settle(permissions.get_permission(name=made.name))


async def test_tuned_models_live(google: Google, clock: VirtualClock) -> None:
    models = google.client("ModelService")
    examples = {"examples": [{"text_input": str(n), "output": str(n + 1)} for n in range(8)]}
    operation = await settle(
        models.create_tuned_model(
            tuned_model_id="counter",
            tuned_model={
                "base_model": "models/gemini-1.5-flash-001-tuning",
                "tuning_task": {"training_data": {"examples": examples}},
            },
        )
    )
    assert operation.metadata.tuned_model == "tunedModels/counter"
    assert operation.metadata.total_steps == 10
    clock.advance(1)
    tuned = await settle(operation.result(timeout=5))
    assert tuned.state.name == "ACTIVE"
    assert len(tuned.tuning_task.snapshots) == 10
    changed = await settle(
        models.update_tuned_model(
            tuned_model={"name": tuned.name, "description": "Counts"},
            update_mask={"paths": ["description"]},
        )
    )
    assert changed.description == "Counts"
    answers = google.client("GenerativeService")
    answer = await settle(answers.generate_content(model=tuned.name, contents=[said("Hello")]))
    assert answer.candidates
    permissions = google.client("PermissionService")
    await settle(permissions.transfer_ownership({"name": tuned.name, "email_address": "b@c.de"}))
    with pytest.raises(exceptions.PermissionDenied):
        await settle(models.delete_tuned_model(name=tuned.name))
    assert len(await items(models.list_tuned_models())) == 1


async def test_operations_live(google: Google, clock: VirtualClock) -> None:
    if not google.is_beta:
        pytest.skip("v1alpha has no PredictLongRunning")
    prediction = google.client("PredictionService")
    operation = await settle(
        prediction.predict_long_running(model="models/veo-3.0-generate-001", instances=[PROMPT])
    )
    name = operation.operation.name
    found = await settle(prediction.get_operation({"name": name}))
    assert not found.done
    clock.advance(1)
    made = await settle(operation.result(timeout=5))
    assert made.generate_video_response.generated_samples[0].video.uri
    parent = "models/veo-3.0-generate-001"
    listed = await settle(prediction.list_operations({"name": parent}))
    assert [each.name for each in listed.operations] == [name]
    files = google.client("FileService")
    (video,) = await items(files.list_files())
    await settle(files.download_file({"name": video.name}))
    await settle(prediction.cancel_operation({"name": name}))
    await settle(prediction.delete_operation({"name": name}))
    with pytest.raises(exceptions.NotFound):
        await settle(prediction.get_operation({"name": name}))


async def test_every_other_service_answers(google: Google) -> None:
    generative = google.client("GenerativeService")
    counted = await settle(generative.count_tokens(model=MODEL, contents=[said("Hello there")]))
    assert counted.total_tokens == 4
    chunks = await items(
        generative.stream_generate_content({"model": MODEL, "contents": [said("Tell me of trees")]})
    )
    assert chunks[-1].candidates[0].finish_reason.name == "STOP"
    embedded = await settle(
        generative.embed_content(model="models/gemini-embedding-2", content=said("a tree"))
    )
    assert len(embedded.embedding.values) == 3072
    answer = await settle(
        generative.generate_answer(
            {
                "model": "models/aqa",
                "contents": [said("What colour is the bark?")],
                "answer_style": "EXTRACTIVE",
                "inline_passages": {
                    "passages": [{"id": "1", "content": said("The bark has the colour white.")}]
                },
            }
        )
    )
    assert answer.answerable_probability > 0.9
    spoken = await settle(
        google.client("DiscussService").generate_message(
            {"model": "models/chat-bison-001", "prompt": {"messages": [{"content": "Hello"}]}}
        )
    )
    assert spoken.candidates[0].author == "1"
    written = await settle(
        google.client("TextService").generate_text(
            {"model": "models/text-bison-001", "prompt": {"text": "A tree"}}
        )
    )
    assert written.candidates[0].output
    drawn = await settle(
        google.client("PredictionService").predict(
            model="models/imagen-4.0-generate-001", instances=[PROMPT]
        )
    )
    assert drawn.predictions[0]["mimeType"] == "image/png"
    listed = await items(google.client("ModelService").list_models())
    assert MODEL in [model.name for model in listed]


async def test_a_live_session_is_held(google: Google) -> None:
    if not google.asynchronous:
        pytest.skip("one colour is enough here")
    package = google.package

    async def messages() -> AsyncIterator[Any]:
        message = package.BidiGenerateContentClientMessage
        yield message(setup={"model": "models/gemini-3.8-live"})
        yield message(client_content={"turns": [said("Hello")], "turn_complete": True})

    generative = google.client("GenerativeService")
    session = await generative.bidi_generate_content(requests=messages())
    kinds = [type(message).pb(message).WhichOneof("message_type") async for message in session]
    assert kinds[0] == "setup_complete"
    assert kinds[-1] == "server_content"
