"""Every RPC of every version: it answers a valid request, refuses an empty one, and misses what is not there.

`REQUESTS` has the least valid request of each; `{corpus}` and the like stand for resources that are made
before the call, and for names that nothing has when it is about what is not found.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from gemini_grpc.emulator import Emulator, catalog, convert
from gemini_grpc.emulator.clock import VirtualClock
from gemini_grpc.rpc import method
from gemini_grpc.rpc.codec import pb_class

SAID = [{"role": "user", "parts": [{"text": "How tall is a tree?"}]}]
LONG = [{"role": "user", "parts": [{"text": "a tree grows " * 500}]}]
EXAMPLES = {"examples": {"examples": [{"text_input": "1", "output": "2"}] * 6}}
TUNED = {"base_model": "{tunable}", "tuning_task": {"training_data": EXAMPLES}}
CHUNK = {"data": {"string_value": "Trees are tall."}}
PASSAGES = {"passages": [{"id": "1", "content": {"parts": [{"text": "A tree is tall."}]}}]}
RENAMED = {"name": "{corpus}", "display_name": "New"}
MINUTE = datetime.timedelta(minutes=1)
LABEL = {"paths": ["display_name"]}

REQUESTS: dict[str, dict[str, Any]] = {
    "CacheService.CreateCachedContent": {"cached_content": {"model": "{model}", "contents": LONG}},
    "CacheService.GetCachedContent": {"name": "{cache}"},
    "CacheService.ListCachedContents": {},
    "CacheService.UpdateCachedContent": {
        "cached_content": {"name": "{cache}", "ttl": MINUTE},
        "update_mask": {"paths": ["ttl"]},
    },
    "CacheService.DeleteCachedContent": {"name": "{cache}"},
    "DiscussService.GenerateMessage": {
        "model": "{chat}",
        "prompt": {"messages": [{"content": "Hello"}]},
    },
    "DiscussService.CountMessageTokens": {
        "model": "{chat}",
        "prompt": {"messages": [{"content": "Hello"}]},
    },
    "FileService.CreateFile": {},
    "FileService.GetFile": {"name": "{file}"},
    "FileService.ListFiles": {},
    "FileService.DeleteFile": {"name": "{file}"},
    "FileService.DownloadFile": {"name": "{file}"},
    "GenerativeService.GenerateContent": {"model": "{model}", "contents": SAID},
    "GenerativeService.StreamGenerateContent": {"model": "{model}", "contents": SAID},
    "GenerativeService.GenerateAnswer": {
        "model": "{aqa}",
        "contents": SAID,
        "answer_style": "EXTRACTIVE",
        "inline_passages": PASSAGES,
    },
    "GenerativeService.EmbedContent": {"model": "{embedder}", "content": SAID[0]},
    "GenerativeService.BatchEmbedContents": {
        "model": "{embedder}",
        "requests": [{"model": "{embedder}", "content": SAID[0]}],
    },
    "GenerativeService.CountTokens": {"model": "{model}", "contents": SAID},
    "GenerativeService.BidiGenerateContent": {"setup": {"model": "{live}"}},
    "ModelService.GetModel": {"name": "{model}"},
    "ModelService.ListModels": {},
    "ModelService.CreateTunedModel": {"tuned_model": TUNED},
    "ModelService.GetTunedModel": {"name": "{tuned_model}"},
    "ModelService.ListTunedModels": {},
    "ModelService.UpdateTunedModel": {
        "tuned_model": {"name": "{tuned_model}", "description": "For trees"},
        "update_mask": {"paths": ["description"]},
    },
    "ModelService.DeleteTunedModel": {"name": "{tuned_model}"},
    "PermissionService.CreatePermission": {
        "parent": "{corpus}",
        "permission": {"grantee_type": "EVERYONE", "role": "READER"},
    },
    "PermissionService.GetPermission": {"name": "{permission}"},
    "PermissionService.ListPermissions": {"parent": "{corpus}"},
    "PermissionService.UpdatePermission": {
        "permission": {"name": "{permission}", "role": "WRITER"},
        "update_mask": {"paths": ["role"]},
    },
    "PermissionService.DeletePermission": {"name": "{permission}"},
    "PermissionService.TransferOwnership": {
        "name": "{tuned_model}",
        "email_address": "new@example.com",
    },
    "PredictionService.Predict": {"model": "{painter}", "instances": [{"prompt": "a tree"}]},
    "PredictionService.PredictLongRunning": {
        "model": "{filmer}",
        "instances": [{"prompt": "a tree"}],
    },
    "RetrieverService.CreateCorpus": {"corpus": {}},
    "RetrieverService.GetCorpus": {"name": "{corpus}"},
    "RetrieverService.UpdateCorpus": {"corpus": RENAMED, "update_mask": LABEL},
    "RetrieverService.DeleteCorpus": {"name": "{corpus}", "force": True},
    "RetrieverService.ListCorpora": {},
    "RetrieverService.QueryCorpus": {"name": "{corpus}", "query": "tall trees"},
    "RetrieverService.CreateDocument": {"parent": "{corpus}", "document": {}},
    "RetrieverService.GetDocument": {"name": "{document}"},
    "RetrieverService.UpdateDocument": {
        "document": {"name": "{document}", "display_name": "New"},
        "update_mask": LABEL,
    },
    "RetrieverService.DeleteDocument": {"name": "{document}", "force": True},
    "RetrieverService.ListDocuments": {"parent": "{corpus}"},
    "RetrieverService.QueryDocument": {"name": "{document}", "query": "tall trees"},
    "RetrieverService.CreateChunk": {"parent": "{document}", "chunk": CHUNK},
    "RetrieverService.BatchCreateChunks": {
        "parent": "{document}",
        "requests": [{"parent": "{document}", "chunk": CHUNK}],
    },
    "RetrieverService.GetChunk": {"name": "{chunk}"},
    "RetrieverService.ListChunks": {"parent": "{document}"},
    "RetrieverService.UpdateChunk": {
        "chunk": CHUNK | {"name": "{chunk}"},
        "update_mask": {"paths": ["data"]},
    },
    "RetrieverService.BatchUpdateChunks": {
        "requests": [{"chunk": CHUNK | {"name": "{chunk}"}, "update_mask": {"paths": ["data"]}}]
    },
    "RetrieverService.DeleteChunk": {"name": "{chunk}"},
    "RetrieverService.BatchDeleteChunks": {"requests": [{"name": "{chunk}"}]},
    "TextService.GenerateText": {"model": "{writer}", "prompt": {"text": "A tree"}},
    "TextService.EmbedText": {"model": "{gecko}", "text": "A tree"},
    "TextService.BatchEmbedText": {"model": "{gecko}", "texts": ["A tree", "A bush"]},
    "TextService.CountTextTokens": {"model": "{writer}", "prompt": {"text": "A tree"}},
    "Operations.GetOperation": {"name": "{operation}"},
    "Operations.ListOperations": {"name": "{tuned_model}"},
    "Operations.CancelOperation": {"name": "{operation}"},
    "Operations.DeleteOperation": {"name": "{operation}"},
}

VERTEX_REQUESTS: dict[str, dict[str, Any]] = {
    "GenAiCacheService.CreateCachedContent": {
        "parent": "projects/p/locations/l",
        "cached_content": {"model": "{vertex_model}", "contents": LONG},
    },
    "GenAiCacheService.GetCachedContent": {"name": "{vertex_cache}"},
    "GenAiCacheService.ListCachedContents": {"parent": "projects/p/locations/l"},
    "GenAiCacheService.UpdateCachedContent": {
        "cached_content": {"name": "{vertex_cache}", "ttl": MINUTE},
        "update_mask": {"paths": ["ttl"]},
    },
    "GenAiCacheService.DeleteCachedContent": {"name": "{vertex_cache}"},
    "LlmUtilityService.CountTokens": {"endpoint": "{vertex_model}", "contents": SAID},
    "LlmUtilityService.ComputeTokens": {"endpoint": "{vertex_model}", "contents": SAID},
    "PredictionService.GenerateContent": {"model": "{vertex_model}", "contents": SAID},
    "PredictionService.StreamGenerateContent": {"model": "{vertex_model}", "contents": SAID},
    "PredictionService.EmbedContent": {"model": "{vertex_embedder}", "content": SAID[0]},
}

ACCEPTS_NOTHING = {
    *("CacheService.ListCachedContents", "FileService.CreateFile", "FileService.ListFiles"),
    *("ModelService.ListModels", "ModelService.ListTunedModels", "RetrieverService.ListCorpora"),
    "Operations.ListOperations",
}
"""The RPCs whose empty request is a good one."""

VERTEX_MODELS = "projects/p/locations/l/publishers/google/models"
MODELS = {
    "model": "models/gemini-3.8-flash",
    "live": "models/gemini-3.8-live",
    "embedder": "models/gemini-embedding-2",
    "aqa": "models/aqa",
    "chat": "models/chat-bison-001",
    "writer": "models/text-bison-001",
    "gecko": "models/embedding-gecko-001",
    "painter": "models/imagen-4.0-generate-001",
    "filmer": "models/veo-3.0-generate-001",
    "tunable": "models/gemini-1.5-flash-001-tuning",
    "vertex_model": f"{VERTEX_MODELS}/gemini-3.8-flash",
    "vertex_embedder": f"{VERTEX_MODELS}/gemini-embedding-2",
}
MISSING = dict.fromkeys(MODELS, "models/missing") | {
    "vertex_model": f"{VERTEX_MODELS}/missing",
    "vertex_embedder": f"{VERTEX_MODELS}/missing",
    "cache": "cachedContents/missing",
    "vertex_cache": "projects/p/locations/l/cachedContents/missing",
    "file": "files/missing",
    "corpus": "corpora/missing",
    "document": "corpora/missing/documents/missing",
    "chunk": "corpora/missing/documents/missing/chunks/missing",
    "permission": "corpora/missing/permissions/missing",
    "tuned_model": "tunedModels/missing",
    "operation": "tunedModels/missing/operations/missing",
}

SPECS = {
    f"{version}/{catalog.key(spec)}": (version, spec)
    for version, spec in catalog.by_path().values()
}


TABLES = {"REQUESTS": REQUESTS, "VERTEX_REQUESTS": VERTEX_REQUESTS}


def table_of(name: str) -> str:
    return "VERTEX_REQUESTS" if name.startswith("aiplatform_v1/") else "REQUESTS"


GIVEN = {
    name: TABLES[table_of(name)][key]
    for name in SPECS
    if (key := name.partition("/")[2]) in TABLES[table_of(name)]
}
"""The request of each RPC that has one in the tables."""


def missing(name: str) -> str:
    return f"{name} has no request: add its least valid one to {table_of(name)}"


def request_of(name: str) -> dict[str, Any]:
    assert name in GIVEN, missing(name)
    return GIVEN[name]


def fill(value: Any, names: dict[str, str]) -> Any:
    """Return a request with the names in the places that are held for them."""
    if isinstance(value, dict):
        return {key: fill(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    return names.get(value[1:-1], value) if isinstance(value, str) else value


def places(request: dict[str, Any]) -> list[str]:
    """Return the kinds of resources that a request has places for."""
    return [kind for kind in MISSING if repr(f"{{{kind}}}") in repr(request)]


class Caller:
    """Calls any method with a dictionary."""

    def __init__(self, target: str) -> None:
        self.channel = grpc.insecure_channel(target)

    def __call__(self, name: str, request: dict[str, Any]) -> list[dict[str, Any]]:
        spec = SPECS[name][1]
        built = convert.build(pb_class(method.load(spec.request)), request)
        codec = (
            type(built).SerializeToString,
            pb_class(method.load(spec.response)).FromString,
        )
        if spec.shape == "unary":
            found = [self.channel.unary_unary(spec.path, *codec)(built, timeout=10)]
        elif spec.shape == "server_stream":
            found = list(self.channel.unary_stream(spec.path, *codec)(built, timeout=10))
        else:
            found = list(self.channel.stream_stream(spec.path, *codec)(iter([built]), timeout=10))
        return [convert.read(message) for message in found]


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
def emulator(clock: VirtualClock) -> Iterator[Emulator]:
    with Emulator(clock=clock) as running:
        yield running


@pytest.fixture(scope="module")
def caller(emulator: Emulator) -> Iterator[Caller]:
    caller = Caller(emulator.target)
    yield caller
    caller.channel.close()


@pytest.fixture
def made(emulator: Emulator, clock: VirtualClock, caller: Caller) -> dict[str, str]:
    """Make one resource of each kind and return their names."""
    emulator.reset()
    names = dict(MODELS)

    def make(kind: str, name: str) -> dict[str, Any]:
        (created,) = caller(name, fill(request_of(name), names))
        names[kind] = created["name"]
        return created

    make("cache", "v1beta/CacheService.CreateCachedContent")
    make("vertex_cache", "aiplatform_v1/GenAiCacheService.CreateCachedContent")
    make("corpus", "v1beta/RetrieverService.CreateCorpus")
    make("document", "v1beta/RetrieverService.CreateDocument")
    make("chunk", "v1beta/RetrieverService.CreateChunk")
    corpus = {"parent": names["corpus"]}
    owner = {"grantee_type": "USER", "email_address": "a@example.com", "role": "READER"}
    (shared,) = caller("v1beta/PermissionService.CreatePermission", corpus | {"permission": owner})
    names["permission"] = shared["name"]
    make("operation", "v1beta/ModelService.CreateTunedModel")
    names["tuned_model"] = names["operation"].partition("/operations/")[0]
    make("film", "v1beta/PredictionService.PredictLongRunning")
    clock.advance(1)
    (files,) = caller("v1beta/FileService.ListFiles", {})
    names["file"] = files["files"][0]["name"]
    return names


def test_every_rpc_has_a_request_in_the_tables() -> None:
    assert [missing(name) for name in SPECS if name not in GIVEN] == []
    assert len({name for name in SPECS if not name.startswith("aiplatform")}) > 100


def test_every_request_of_the_tables_is_of_an_rpc() -> None:
    used = {(table_of(name), name.partition("/")[2]) for name in SPECS}
    assert {(table, key) for table, requests in TABLES.items() for key in requests} <= used


@pytest.mark.parametrize("name", SPECS)
def test_a_valid_request_is_answered_without_a_script(
    name: str, caller: Caller, made: dict[str, str]
) -> None:
    assert caller(name, fill(request_of(name), made))


@pytest.mark.parametrize("name", SPECS)
def test_an_empty_request_is_refused_unless_nothing_is_required(name: str, caller: Caller) -> None:
    if name.partition("/")[2] in ACCEPTS_NOTHING:
        assert caller(name, {})
        return
    with pytest.raises(grpc.RpcError) as refused:
        caller(name, {})
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("name", [name for name in GIVEN if places(GIVEN[name])])
def test_a_name_that_nothing_has_is_not_found(name: str, caller: Caller) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        caller(name, fill(request_of(name), MISSING))
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND
