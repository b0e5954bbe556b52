"""Random requests of every method: valid ones are never the server's fault, invalid ones are refused."""

from __future__ import annotations

import functools
import itertools
import math
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import (
    duration_pb2,
    field_mask_pb2,
    message_factory,
    struct_pb2,
    timestamp_pb2,
)
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from gemini_grpc import v1beta
from gemini_grpc.emulator import Emulator, catalog, rules, validation
from gemini_grpc.emulator.constraints import (
    Choice,
    Count,
    Each,
    Length,
    Names,
    Pattern,
    Range,
    Seconds,
    Tokens,
)
from gemini_grpc.emulator.models import Models
from gemini_grpc.emulator.relations import OneOf
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.rpc import method
from gemini_grpc.rpc.codec import pb_class

DEPTH = 5
TIMEOUT = 30.0
FAULTS = {"INTERNAL", "UNKNOWN", "UNAVAILABLE", "UNIMPLEMENTED", "DEADLINE_EXCEEDED"}
MODELS = Models()
PATHS = sorted(catalog.by_path())
Descriptor = Any

_TEXTS = st.sampled_from(["a", "Hi there", "12 + 30", "naïve ☃ 🎉", '{"a": [1]}', "word " * 1100])
_BYTES = st.sampled_from([b"\0", b"\xff\xfe bytes", bytes(3200), b"\x10\x27" * 1600])
_IDS = st.sampled_from(["a", "a", "a", "b-1"])
_BY_NAME = {
    "role": st.sampled_from(["user", "model"]),
    "page_token": st.just(""),
    "filter": st.sampled_from(["", "owner:me", "done=true", "text"]),
    **dict.fromkeys(("name", "id", "key"), _IDS),
}
_MATCHES = [  # something for every regular expression of `rules`
    *("a", "get_weather", "me@example.com", "you@example.org", "16:9"),
    *("image/png", "audio/pcm;rate=16000", "application/pdf", "text/plain", "video/mp4"),
    *("chunk.custom_metadata.a", "document.custom_metadata.b"),
]
_JSON = st.recursive(
    st.sampled_from([None, True, 0.0, -2.5, "", "text"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    ),
    max_leaves=4,
)


# --- valid requests


@st.composite
def messages(draw: st.DrawFn, descriptor: Descriptor, depth: int = DEPTH) -> Any:
    """Draw a message with its required fields, some others, and values that `rules` allow."""
    message = message_factory.GetMessageClass(descriptor)()
    must, may = _fields(descriptor)
    chosen = draw(st.lists(st.sampled_from(may), max_size=4, unique=True)) if may and depth else []
    members = [
        draw(st.sampled_from(list(oneof.fields)))
        for oneof in descriptor.oneofs
        if OneOf(oneof.name) in rules.MESSAGES.get(descriptor.name, ())
    ]
    for field in dict.fromkeys([*chosen, *must, *members]):
        _set(message, field, draw(_values(field, depth - 1)))
    return message


@cache
def _fields(descriptor: Descriptor) -> tuple[list[Any], list[Any]]:
    """Return the fields that must be set and those that may be."""
    plan = validation._plan(descriptor, validation._Scope.WHOLE, True)
    required = {name for name, _ in plan.required}
    own = [field for field in descriptor.fields if field.name not in plan.ignored]
    must = [field for field in own if validation.plain_name(field.name) in required]
    return must, [field for field in own if field not in must]


def _set(message: Any, field: Any, value: Any) -> None:
    if field.message_type is None and not field.is_repeated:
        setattr(message, field.name, value)
    elif not field.is_repeated:
        getattr(message, field.name).CopyFrom(value)
    elif isinstance(value, dict):
        into = getattr(message, field.name)
        for key, item in value.items():
            into[key].CopyFrom(item) if hasattr(item, "CopyFrom") else into.update({key: item})
    else:
        getattr(message, field.name).extend(value)


@cache
def _values(field: Any, depth: int) -> st.SearchStrategy[Any]:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        items = _single(entry.fields_by_name["value"], depth)
        return st.dictionaries(st.sampled_from("abc"), items, max_size=2)
    single = _single(field, depth)
    if not field.is_repeated:
        return single
    counts = [one for one in validation.constraints(field) if isinstance(one, Count)]
    most = min([3, *(count.high for count in counts)])
    return st.lists(single, min_size=1, max_size=most)


def _single(field: Any, depth: int) -> st.SearchStrategy[Any]:
    held = list(validation.constraints(field))
    held += [one.constraint for one in held if isinstance(one, Each) and not one.field]
    if field.message_type is not None:
        return _message(field.message_type, held, depth)
    if field.enum_type is not None:
        numbers = [value.number for value in field.enum_type.values]
        return st.sampled_from([number for number in numbers if number] or numbers)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _BYTES
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(field, held)
    low, high = -3.0, 2.0**31 - 1
    for one in held:
        if isinstance(one, Range):
            low = one.low + one.above
            high = min(high, one.high - one.below)
    bounds = sorted({low, min(low + 1, high), min(low + 3, high), high})
    whole = field.cpp_type not in {FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE}
    return st.sampled_from([int(number) for number in bounds] if whole else bounds)


def _text(field: Any, held: list[Any]) -> st.SearchStrategy[str]:
    for one in held:
        if isinstance(one, Names):
            return st.one_of([_named(pattern) for pattern in one.patterns])
        if isinstance(one, Choice):
            return st.sampled_from(one.values)
        if isinstance(one, Pattern):
            return st.sampled_from([text for text in _MATCHES if not [*one.problems(text)]])
    return _BY_NAME.get(field.name, _TEXTS)


@cache
def _named(pattern: str) -> st.SearchStrategy[str]:
    """Draw names of a shape, of models that exist as well."""
    if pattern == "models/*":
        return st.sampled_from(sorted(MODELS))
    pattern = pattern.replace("publishers/*/models/*", "publishers/google/models/gemini-3.8-flash")
    stars = pattern.count("*")
    return st.tuples(*[_IDS] * stars).map(lambda ids: pattern.replace("*", "{}").format(*ids))


def _message(descriptor: Descriptor, held: list[Any], depth: int) -> st.SearchStrategy[Any]:
    if descriptor.full_name in _SPECIAL:
        return _SPECIAL[descriptor.full_name]
    return st.deferred(lambda: messages(descriptor, max(depth, 0)))


def _value(data: Any) -> struct_pb2.Value:
    value = struct_pb2.Value()
    holder = struct_pb2.ListValue()
    holder.extend([data])
    value.CopyFrom(holder.values[0])
    return value


def _struct(data: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(data)
    return struct


_SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "google.protobuf.FieldMask": st.sampled_from(
        ["display_name", "*", "role", "data", "custom_metadata", "ttl", "expire_time", "no.such"]
    ).map(lambda path: field_mask_pb2.FieldMask(paths=[path])),
    "google.protobuf.Timestamp": st.sampled_from(
        [0, 1_800_000_000, 4_000_000_000, 253_402_300_799]
    ).map(lambda seconds: timestamp_pb2.Timestamp(seconds=seconds)),
    "google.protobuf.Duration": st.sampled_from([1, 3600, 315_576_000_000]).map(
        lambda seconds: duration_pb2.Duration(seconds=seconds)
    ),
    "google.protobuf.Value": (_JSON | st.just({"prompt": "A cat"})).map(_value),
    "google.protobuf.Struct": st.dictionaries(st.sampled_from("abc"), _JSON, max_size=2).map(
        _struct
    ),
}


def repaired(message: Any) -> Any | None:
    """Return a message without what does not fit together, None if it cannot be repaired."""
    for _ in range(60):
        try:
            validation.check(message)
        except StatusError as error:  # the last one, so that the places of the others stay
            _clear(message, error.details[0].field_violations[-1].field)
        else:
            return message
    return None


def _clear(message: Any, path: str) -> None:
    """Take a field out of a message, or what it is in if the message cannot do without."""
    steps = re.findall(r"([^.\[\]]+)(?:\[([^\]]*)\])?(?:\.|$)", path)
    for name, key in steps[:-1]:
        message = getattr(message, _own_name(message, name))
        if key:
            message = message[key.strip("'") if key.startswith("'") else int(key)]
    name, key = steps[-1]
    own = _own_name(message, name)
    if key and not key.startswith("'") and int(key) < len(getattr(message, own)):
        del getattr(message, own)[int(key)]
    else:
        message.ClearField(own)


def _own_name(message: Any, name: str) -> str:
    return name if name in message.DESCRIPTOR.fields_by_name else f"{name}_"


# --- invalid requests


def mutations(message: Any) -> list[Callable[[], object]]:
    """Return what would make a message invalid, each as something to do to it."""
    found: list[Callable[[], object]] = []
    for name, _ in validation._plan(message.DESCRIPTOR, validation._Scope.WHOLE, True).required:
        found.append(lambda name=name: message.ClearField(_own_name(message, name)))
    for node in _nodes(message):
        found += [lambda node=node: node.MergeFromString(b"\xfa\x3e\x01x")]
        for field, _ in node.ListFields():
            found += _spoilers(node, field)
    return found


def _nodes(message: Any) -> Iterator[Any]:
    yield message
    for field, value in message.ListFields():
        inner = field.message_type
        if inner is None or inner.full_name.startswith("google.") or inner.GetOptions().map_entry:
            continue
        for item in value if field.is_repeated else [value]:
            yield from _nodes(item)


def _spoilers(message: Any, field: Any) -> list[Callable[[], object]]:
    """Return what makes a field invalid, which is set."""
    bad: list[Any] = []
    for one in validation.constraints(field):
        match one:
            case Range():
                bad += [one.low - 1] + [one.high + 1] * (one.high < 2**31)
            case Length():
                bad.append("x" * (one.high + 1))
            case Tokens():
                bad.append("x " * (one.high + 1))
            case Names() | Pattern() | Choice():
                bad.append("no/such thing/at all/")
            case Count() if field.message_type is None:
                bad.append(["x"] * (one.high + 1))
            case Seconds():
                bad.append(duration_pb2.Duration(seconds=-1))
    if field.enum_type is not None:
        bad.append(9999)
    if field.cpp_type in {FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE}:
        bad.append(math.nan)
    return [lambda value=value: _replace(message, field, value) for value in bad]


def _replace(message: Any, field: Any, value: Any) -> None:
    message.ClearField(field.name)
    if not field.is_repeated:
        is_float = field.cpp_type in {FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE}
        whole = isinstance(value, float) and not is_float
        _set(message, field, int(value) if whole else value)
    else:
        getattr(message, field.name).extend(value if isinstance(value, list) else [value])


# --- sending


POPULATION = [
    v1beta.CreateCorpusRequest(corpus={"name": "corpora/a"}),
    v1beta.CreateDocumentRequest(parent="corpora/a", document={"name": "corpora/a/documents/a"}),
    v1beta.CreateChunkRequest(
        parent="corpora/a/documents/a",
        chunk={"name": "corpora/a/documents/a/chunks/a", "data": {"string_value": "text"}},
    ),
    v1beta.CreateFileRequest(file={"name": "files/a"}),
    v1beta.CreateTunedModelRequest(
        tuned_model_id="a",
        tuned_model={
            "base_model": "models/gemini-1.5-flash-001-tuning",
            "tuning_task": {
                "training_data": {
                    "examples": {"examples": [{"text_input": "a", "output": "b"}] * 30}
                }
            },
        },
    ),
]
"""What is there at the beginning, so that not everything is missing."""


class Caller:
    """Sends bytes to every method and tells the status."""

    def __init__(self, target: str) -> None:
        self._channel = grpc.insecure_channel(target)
        self._numbers = itertools.count(1)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *exc: object) -> None:
        self._channel.close()

    def populate(self) -> None:
        """Make the resources that most names speak of, as far as they are gone."""
        for request in POPULATION:
            name = type(request).__name__.removesuffix("Request")
            (spec,) = (one for one in catalog.find(name) if ".v1beta." in one.path)
            ended = self.status(spec.path, [type(request).serialize(request)])
            assert ended.startswith(("OK", "ALREADY_EXISTS")), ended

    def status(self, path: str, requests: list[bytes]) -> str:
        """Return the name of the status a call ends with."""
        _, spec = catalog.by_path()[path]
        try:
            if spec.shape == "unary":
                self._channel.unary_unary(path)(requests[0], timeout=TIMEOUT)
            elif spec.shape == "server_stream":
                list(self._channel.unary_stream(path)(requests[0], timeout=TIMEOUT))
            else:
                list(self._channel.stream_stream(path)(iter(requests), timeout=TIMEOUT))
        except grpc.RpcError as error:
            return f"{error.code().name}: {error.details()}"
        return "OK"

    def check_valid(self, call: tuple[str, list[Any]]) -> None:
        """Send a valid call."""
        if next(self._numbers) % 40 == 0:
            self.populate()
        path, requests = call
        ended = self.status(path, [request.SerializeToString() for request in requests])
        assert ended.partition(":")[0] not in FAULTS, (path, requests, ended)

    def check_invalid(self, call: tuple[str, list[Any]]) -> None:
        """Send a call that is not valid."""
        path, requests = call
        ended = self.status(path, [request.SerializeToString() for request in requests])
        assert ended.startswith("INVALID_ARGUMENT"), (path, requests, ended)


@st.composite
def calls(draw: st.DrawFn, paths: list[str] = PATHS) -> tuple[str, list[Any]]:
    """Draw a method with valid requests for it; a session begins with its setup."""
    path = draw(st.sampled_from(paths))
    version, spec = catalog.by_path()[path]
    descriptor = pb_class(method.load(spec.request)).DESCRIPTOR
    names = _models(spec.name, version)
    request = draw(messages(descriptor))
    if spec.shape == "bidi":
        setup = descriptor.fields_by_name["setup"].message_type
        request.setup.CopyFrom(draw(messages(setup)))
    if names and draw(st.integers(0, 4)):
        *way, last = _MODEL_FIELDS.get(descriptor.name, ["model"])
        holder = functools.reduce(getattr, way, request)
        setattr(holder, last, draw(st.sampled_from(names)))
    requests = [request]
    if spec.shape == "bidi":
        requests += draw(st.lists(messages(descriptor), max_size=3))
    requests = [one for one in map(repaired, requests) if one is not None]
    assume(requests)
    return path, requests


_MODEL_FIELDS = {
    "BidiGenerateContentClientMessage": ["setup", "model"],
    "CreateCachedContentRequest": ["cached_content", "model"],
    "CreateTunedModelRequest": ["tuned_model", "base_model"],
    "ComputeTokensRequest": ["endpoint"],
}
_METHODS = {
    "StreamGenerateContent": "generateContent",
    "BatchEmbedContents": "embedContent",
    "BatchEmbedText": "embedText",
    "ComputeTokens": "countTokens",
}


@cache
def _models(name: str, version: str) -> list[str]:
    """Return the models that a method can be called with."""
    wanted = _METHODS.get(name, name[0].lower() + name[1:])
    return [
        f"projects/a/locations/a/publishers/google/{model}" if version == "aiplatform_v1" else model
        for model in sorted(MODELS)
        if wanted in MODELS[model]["supported_generation_methods"]
    ]


@st.composite
def wrong_calls(draw: st.DrawFn, paths: list[str] = PATHS) -> tuple[str, list[Any]]:
    """Draw a method with a request that has something wrong with it."""
    path, (request, *_) = draw(calls(paths))
    draw(st.sampled_from(mutations(request)))()
    return path, [request]


QUICK = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
MANY = settings(QUICK, max_examples=500, derandomize=False, phases=[Phase.generate, Phase.shrink])
SERVER = """
import gc, sys
from gemini_grpc.emulator import Emulator
with Emulator(journal_bytes=1 << 20) as emulator:
    print(emulator.target, flush=True)
    for _ in sys.stdin:
        emulator.reset()
        emulator.reset_journal()
        gc.collect()
        print("reset", flush=True)
"""
"""An emulator in a process of its own, so that only its memory is measured; a line resets it."""
GROWTH = 24 << 20
"""How many bytes more the server may take in the end than when it was warm."""


class Server:
    """An emulator in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", SERVER]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout
        assert self._process.stdin
        self._said, self._told = self._process.stdout, self._process.stdin
        self.target = self._said.readline().strip()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exc: object) -> None:
        self._told.close()
        self._process.wait(30)
        self._said.close()

    def memory(self) -> int:
        """Forget everything, and return the resident bytes that are left."""
        self._told.write("reset\n")
        self._told.flush()
        assert self._said.readline() == "reset\n"
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with Emulator() as emulator, Caller(emulator.target) as caller:
        caller.populate()
        yield caller


class TestFuzz:
    @QUICK
    @given(call=calls())
    def test_valid_requests_are_never_the_servers_fault(
        self, caller: Caller, call: tuple[str, list[Any]]
    ) -> None:
        caller.check_valid(call)

    @QUICK
    @given(call=wrong_calls())
    def test_invalid_requests_are_refused(
        self, caller: Caller, call: tuple[str, list[Any]]
    ) -> None:
        caller.check_invalid(call)

    @pytest.mark.parametrize("path", PATHS)
    def test_bytes_that_are_no_message_are_refused(self, caller: Caller, path: str) -> None:
        assert caller.status(path, [b"\x0a\xff\xff"]).startswith("INVALID_ARGUMENT")

    @pytest.mark.fuzz
    def test_ten_thousand_requests_leave_the_server_answering_and_memory_flat(self) -> None:
        with Server() as server, Caller(server.target) as caller:
            sizes = []
            for number in range(12):  # 1000 requests each; the first two warm it up
                caller.populate()
                MANY(seed(number)(given(call=calls())(caller.check_valid)))()
                MANY(seed(number)(given(call=wrong_calls())(caller.check_invalid)))()
                sizes.append(server.memory())
            assert sizes[-1] - sizes[1] < GROWTH, sizes
            caller.populate()
            assert caller.status(PATHS[0], [b"\x0a\xff"]).startswith("INVALID_ARGUMENT")
