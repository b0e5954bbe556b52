"""Code written for the modules of google-generativeai runs after its imports are changed."""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_grpc import answer, errors, permission, retriever
from gemini_grpc.emulator import Emulator
from gemini_grpc.generative import caching, default
from gemini_grpc.generative._sync import catalog, operations, tuning
from gemini_grpc.generative.caching import CachedContent
from gemini_grpc.generative.default import configure
from gemini_grpc.generative.permissions import Permissions


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    monkeypatch.setattr(default, "_default", default._Default())
    with Emulator() as running:
        configure(api_key="k", client_options={"api_endpoint": f"http://{running.target}"})
        yield running
        default.wires_of().channel.close()


@pytest.mark.parametrize("name", ["retriever", "permission", "answer"])
def test_every_name_is_there_in_both_colours(name: str) -> None:
    module = importlib.import_module(f"gemini_grpc.{name}")
    functions = {each for each in module.__all__ if each.islower()}
    assert {f"{each}_async" for each in functions if not each.endswith("_async")} <= functions
    assert all(hasattr(module, each) for each in module.__all__)


def test_models(emulator: Emulator) -> None:
    for model in catalog.list_models():
        if "createTunedModel" in model.supported_generation_methods:
            break
    operation = tuning.create_tuned_model(
        source_model=model.name,
        training_data=[{"text_input": "1", "output": "2"}, {"text_input": "3", "output": "4"}],
        id="increment",
        display_name="increment",
        epoch_count=20,
        batch_size=4,
        learning_rate=0.001,
    )
    for status in operation.wait_bar(every=0.05):
        assert status.total_steps
    result = operation.result()
    assert [snapshot.mean_loss for snapshot in result.tuning_task.snapshots]
    info = catalog.get_model("tunedModels/increment")
    public = info.permissions.create(role="READER", grantee_type="EVERYONE")  # type: ignore[union-attr]  # tuned
    assert Permissions.get(public.name) == public
    for each in info.permissions.list():  # type: ignore[union-attr]  # tuned
        if each.role.name != "OWNER":
            each.delete()
    for found in operations.list_operations():
        assert found.done()
    tuning.update_tuned_model("tunedModels/increment", {"description": "adds one"})
    tuning.delete_tuned_model("tunedModels/increment")
    unnamed = tuning.create_tuned_model(model.name, [("1", "2")])
    assert unnamed.metadata.tuned_model.startswith("tunedModels/tuned-")


def test_corpora(emulator: Emulator) -> None:
    corpus = retriever.create_corpus(display_name="demo")
    document = corpus.create_document(display_name="doc")
    document.batch_create_chunks(["This is a chunk.", "This is another."])
    document.create_chunk(name=f"{document.name}/chunks/third", data="Something else.")
    found = corpus.query(query="Which chunk is this?", results_count=1)
    assert found[0].chunk.data.string_value == "This is a chunk."
    assert document.update(updates={"display_name": "doc_1"}).display_name == "doc_1"
    given = permission.create_permission(corpus.name, "writer", "user", "a@example.com")
    assert permission.get_permission(name=given.name).update({"role": "reader"}).role == 3
    assert len(list(permission.list_permissions(corpus.name))) == 2
    reply = answer.generate_answer(
        model="models/aqa",
        contents=["Which chunk is this?"],
        semantic_retriever=corpus,
        answer_style="EXTRACTIVE",
    )
    assert reply.answer.content.parts
    assert [each.name for each in retriever.list_corpora(page_size=1)] == [corpus.name]
    retriever.delete_corpus(name=corpus.name, force=True)


def test_caches(emulator: Emulator) -> None:
    cache = caching.CachedContent.create(
        model="models/gemini-3.8-flash",
        system_instruction="You know the book.",
        contents=["word " * 2000],
        ttl=datetime.timedelta(minutes=5),
    )
    cache.update(ttl=datetime.timedelta(hours=2))
    same = CachedContent.get(cache.name)
    assert same.expire_time == cache.expire_time
    assert CachedContent(name=cache.name) == cache
    assert [each.name for each in CachedContent.list()] == [cache.name]
    cache.delete()


def test_what_is_wrong_is_found_without_credentials(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(default, "_default", default._Default())
    for variable in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GEMINI_EMULATOR_HOST"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    wrong: list[Any] = [
        lambda: catalog.list_models(page_size=-1),
        lambda: retriever.get_corpus("a/b"),
        lambda: CachedContent.create("gemini-3.8-flash", contents="x", ttl=-1),
        lambda: answer.generate_answer(contents="x"),
    ]
    for call in wrong:
        with pytest.raises(errors.ArgumentError):
            call()
    with pytest.raises(errors.CredentialsError):
        catalog.list_models()
