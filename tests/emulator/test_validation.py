from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from typing import Any

import pytest
from google.api import field_behavior_pb2, resource_pb2
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2, message_factory

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.emulator import Emulator, catalog, rules, validation
from gemini_grpc.emulator.constraints import Names
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.rpc import method
from gemini_grpc.rpc.codec import pb_class

REQUIRED = field_behavior_pb2.REQUIRED
MODEL = "models/gemini-3.8-flash"
VERTEX = "projects/p/locations/l/publishers/google/models/gemini-3.8-flash"
HELLO = [{"role": "user", "parts": [{"text": "Hello"}]}]
CHUNK = "corpora/c/documents/d/chunks/k"
EXAMPLES = {"examples": {"examples": [{"text_input": "1", "output": "2"}]}}
DOCUMENT = "corpora/c/documents/d"


def violations(request: Any, *, strict: bool = True) -> dict[str, str]:
    """Return what is wrong with a request, by path."""
    try:
        validation.check(getattr(request, "_pb", request), strict=strict)
    except StatusError as error:
        (bad,) = error.details
        return {item.field: item.description for item in bad.field_violations}
    return {}


def generate(**fields: Any) -> Any:
    return v1beta.GenerateContentRequest(**{"model": MODEL, "contents": HELLO} | fields)


def vertex(**fields: Any) -> Any:
    return aiplatform_v1.GenerateContentRequest(**{"model": VERTEX, "contents": HELLO} | fields)


def configured(**config: Any) -> Any:
    return generate(generation_config=config)


def contents(*parts: Any) -> Any:
    return generate(contents=[{"role": "user", "parts": list(parts)}])


def declared(**fields: Any) -> Any:
    function = {"name": "f", "description": "Does it."} | fields
    return generate(tools=[{"function_declarations": [function]}])


def schema(**fields: Any) -> Any:
    return configured(response_mime_type="application/json", response_schema=fields)


def setup(**fields: Any) -> Any:
    return v1beta.BidiGenerateContentClientMessage(
        setup={"model": "models/gemini-3.8-live"} | fields
    )


def query(**condition: Any) -> Any:
    filters = [{"key": "chunk.custom_metadata.year", "conditions": [condition]}]
    return v1beta.QueryCorpusRequest(name="corpora/c", query="q", metadata_filters=filters)


def shared(**fields: Any) -> Any:
    return v1beta.CreatePermissionRequest(parent="corpora/c", permission=fields)


def tuned(**fields: Any) -> Any:
    model = {"base_model": "models/m", "tuning_task": {"training_data": EXAMPLES}} | fields
    return v1beta.CreateTunedModelRequest(tuned_model=model)


def chunk(**fields: Any) -> Any:
    data = {"data": {"string_value": "text"}} | fields
    return v1beta.CreateChunkRequest(parent=DOCUMENT, chunk=data)


INT = {"type_": "INTEGER"}

ACCEPTED = {
    "no role": generate(contents=[{"parts": [{"text": "Hi"}]}]),
    "an empty text": contents({"text": ""}),
    "any role of a system instruction": generate(
        system_instruction={"role": "developer", "parts": [{"text": "Be brief."}]}
    ),
    "an empty configuration": configured(),
    "the ends of ranges": configured(
        temperature=2, top_p=0, top_k=0, candidate_count=8, max_output_tokens=1, logprobs=20
    ),
    "five stop sequences": configured(stop_sequences=list("abcde")),
    "a tuned model": generate(model="tunedModels/mine"),
    "a dynamic model": generate(model="dynamic/any"),
    "an unset safety threshold": generate(
        safety_settings=[{"category": "HARM_CATEGORY_HARASSMENT"}]
    ),
    "a function without a description": declared(description=""),
    "a schema of alternatives": schema(any_of=[{"type_": "STRING"}, {"type_": "NULL"}]),
    "a bound of zero": schema(type_="INTEGER", minimum=-3, maximum=0),
    "an enum": configured(
        response_mime_type="text/x.enum", response_schema={"type_": "STRING", "enum": ["a"]}
    ),
    "an empty search tool": generate(tools=[{"google_search": {}}]),
    "an empty result of a function": contents({"function_response": {"name": "f", "response": {}}}),
    "a publisher model": vertex(),
    "an endpoint": vertex(model="projects/p/locations/l/endpoints/1"),
    "a short publisher model": vertex(model="publishers/google/models/m"),
    "a schema of Vertex without a type": vertex(
        generation_config={"response_mime_type": "application/json", "response_schema": {}}
    ),
    "a batch that says its model once": v1beta.BatchEmbedContentsRequest(
        model="models/e", requests=[{"content": HELLO[0]}]
    ),
    "a batch whose requests say the parent": v1beta.BatchCreateChunksRequest(
        requests=[{"parent": DOCUMENT, "chunk": {"data": {"string_value": "x"}}}]
    ),
    "an update of nothing but what the mask names": v1beta.UpdateChunkRequest(
        chunk={"name": CHUNK, "custom_metadata": [{"key": "a", "numeric_value": 1}]},
        update_mask={"paths": ["custom_metadata"]},
    ),
    "an update of a model as it was read": v1beta.UpdateTunedModelRequest(
        tuned_model={"name": "tunedModels/t", "tuning_task": {"hyperparameters": {}}}
    ),
    "an update of a cache": v1beta.UpdateCachedContentRequest(
        cached_content={"name": "cachedContents/x", "ttl": datetime.timedelta(minutes=1)}
    ),
    "a first page": v1beta.ListModelsRequest(),
    "a file without anything": v1beta.CreateFileRequest(),
    "audio": v1beta.BidiGenerateContentClientMessage(
        realtime_input={"audio": {"mime_type": "audio/pcm;rate=16000", "data": b"\0\0"}}
    ),
    "an empty setup of everything optional": setup(
        generation_config={}, realtime_input_config={}, session_resumption={}
    ),
    "everyone": shared(role="READER", grantee_type="EVERYONE"),
}

REFUSED: list[tuple[str, Any]] = [
    # what is required
    ("model", generate(model="")),
    ("contents", generate(contents=[])),
    ("contents[1].parts", generate(contents=[*HELLO, {"role": "model"}])),
    (
        "contents[0].parts[0].function_response.response",
        contents({"function_response": {"name": "f"}}),
    ),
    ("cached_content.model", v1beta.CreateCachedContentRequest(cached_content={})),
    ("cached_content.name", v1beta.UpdateCachedContentRequest(cached_content={})),
    ("cached_content.name", v1beta.UpdateCachedContentRequest(cached_content={"name": "x"})),
    ("update_mask", v1beta.UpdateCorpusRequest(corpus={"name": "corpora/c"})),
    ("requests[0].content", v1beta.BatchEmbedContentsRequest(model="models/e", requests=[{}])),
    ("safety_settings[0].category", generate(safety_settings=[{"threshold": "OFF"}])),
    ("content", aiplatform_v1.EmbedContentRequest(model=VERTEX)),
    ("generation_config.response_schema.type", schema(description="no type")),
    # ranges, counts and lengths
    ("generation_config.temperature", configured(temperature=2.1)),
    ("generation_config.top_p", configured(top_p=1.5)),
    ("generation_config.top_k", configured(top_k=-1)),
    ("generation_config.candidate_count", configured(candidate_count=0)),
    ("generation_config.max_output_tokens", configured(max_output_tokens=0)),
    ("generation_config.stop_sequences", configured(stop_sequences=list("abcdef"))),
    ("generation_config.stop_sequences[1]", configured(stop_sequences=["a", ""])),
    ("generation_config.logprobs", configured(logprobs=21)),
    (
        "generation_config.thinking_config.thinking_budget",
        configured(thinking_config={"thinking_budget": -2}),
    ),
    ("generation_config.presence_penalty", vertex(generation_config={"presence_penalty": 2})),
    (
        "temperature",
        v1beta.GenerateTextRequest(
            model="models/text-bison-001", prompt={"text": "x"}, temperature=1.1
        ),
    ),
    (
        "requests",
        v1beta.BatchEmbedContentsRequest(
            model="models/e", requests=[{"model": "models/e", "content": HELLO[0]}] * 101
        ),
    ),
    ("page_size", v1beta.ListFilesRequest(page_size=-1)),
    ("results_count", v1beta.QueryDocumentRequest(name=DOCUMENT, query="q", results_count=101)),
    ("corpus.display_name", v1beta.CreateCorpusRequest(corpus={"display_name": "x" * 513})),
    ("tuned_model.display_name", tuned(display_name="x" * 41)),
    (
        "chunk.custom_metadata",
        chunk(custom_metadata=[{"key": f"k{n}", "numeric_value": n} for n in range(21)]),
    ),
    ("chunk.data.string_value", chunk(data={"string_value": "word " * 2044})),
    (
        "contents[0].parts[0].video_metadata.fps",
        contents({"file_data": {"file_uri": "f"}, "video_metadata": {"fps": 25}}),
    ),
    (
        "tool_config.retrieval_config.lat_lng.latitude",
        generate(tool_config={"retrieval_config": {"lat_lng": {"latitude": 91}}}),
    ),
    ("labels['Team']", vertex(labels={"Team": "a"})),
    # names and patterns
    ("model", generate(model="gemini-3.8-flash")),
    ("model", vertex(model=MODEL)),
    ("cached_content", generate(cached_content="cachedContents/a/b")),
    ("name", v1beta.GetDocumentRequest(name="corpora/c")),
    ("parent", v1beta.CreateDocumentRequest(parent=DOCUMENT, document={})),
    (
        "document.name",
        v1beta.CreateDocumentRequest(
            parent="corpora/c", document={"name": "corpora/c/documents/Capital"}
        ),
    ),
    (
        "tuned_model_id",
        v1beta.CreateTunedModelRequest(tuned_model_id="1st", tuned_model=tuned().tuned_model),
    ),
    (
        "email_address",
        v1beta.TransferOwnershipRequest(name="tunedModels/t", email_address="nobody"),
    ),
    ("contents[0].role", generate(contents=[{"role": "robot", "parts": [{"text": "x"}]}])),
    (
        "contents[0].parts[0].inline_data.mime_type",
        contents({"inline_data": {"mime_type": "png", "data": b"x"}}),
    ),
    ("tools[0].function_declarations[0].name", declared(name="not a name")),
    ("generation_config.response_mime_type", configured(response_mime_type="text/html")),
    (
        "metadata_filters[0].key",
        v1beta.QueryCorpusRequest(
            name="corpora/c",
            query="q",
            metadata_filters=[
                {"key": "year", "conditions": [{"operation": "EQUAL", "numeric_value": 1}]}
            ],
        ),
    ),
    # what proto itself cannot say
    ("contents[0].parts[1]", contents({"text": "x"}, {"thought": True})),
    (
        "inline_passages",
        v1beta.GenerateAnswerRequest(model="models/aqa", contents=HELLO, answer_style="VERBOSE"),
    ),
    ("contents", v1beta.CountTokensRequest(model=MODEL)),
    (
        "generate_content_request",
        v1beta.CountTokensRequest(model=MODEL, contents=HELLO, generate_content_request=generate()),
    ),
    (
        "system_instruction",
        generate(cached_content="cachedContents/x", system_instruction={"parts": [{"text": "x"}]}),
    ),
    (
        "safety_settings[1].category",
        generate(safety_settings=[{"category": "HARM_CATEGORY_HARASSMENT"}] * 2),
    ),
    (
        "tools[1].function_declarations[0].name",
        generate(tools=[{"function_declarations": [{"name": "f"}]}] * 2),
    ),
    ("tools[0]", generate(tools=[{}])),
    (
        "tool_config.function_calling_config.allowed_function_names",
        generate(
            tools=[{"function_declarations": [{"name": "f"}]}],
            tool_config={"function_calling_config": {"allowed_function_names": ["f"]}},
        ),
    ),
    (
        "tool_config.function_calling_config.allowed_function_names[0]",
        generate(
            tools=[{"function_declarations": [{"name": "f"}]}],
            tool_config={
                "function_calling_config": {"mode": "ANY", "allowed_function_names": ["g"]}
            },
        ),
    ),
    ("tools[0].function_declarations[0].parameters.type", declared(parameters={"type_": "STRING"})),
    (
        "tools[0].function_declarations[0].parameters_json_schema",
        declared(parameters={"type_": "OBJECT"}, parameters_json_schema={"type": "object"}),
    ),
    ("generation_config.response_schema", configured(response_schema=INT)),
    ("generation_config.response_schema.items", schema(type_="ARRAY")),
    ("generation_config.response_schema.required[0]", schema(type_="OBJECT", required=["x"])),
    (
        "generation_config.response_schema.min_items",
        schema(type_="ARRAY", items=INT, min_items=3, max_items=2),
    ),
    (
        "generation_config.response_schema.properties['a'].items",
        schema(type_="OBJECT", properties={"a": {"type_": "ARRAY"}}),
    ),
    ("setup.generation_config.stop_sequences", setup(generation_config={"stop_sequences": ["x"]})),
    (
        "requests[1].model",
        v1beta.BatchEmbedContentsRequest(
            model="models/e",
            requests=[{"content": HELLO[0]}, {"model": "models/f", "content": HELLO[0]}],
        ),
    ),
    (
        "requests[0].parent",
        v1beta.BatchCreateChunksRequest(requests=[{"chunk": {"data": {"string_value": "x"}}}]),
    ),
    ("tuned_model.tuning_task.training_data", tuned(tuning_task={"training_data": {}})),
    ("chunk.data", chunk(data={})),
    ("metadata_filters[0].conditions[0]", query(operation="EQUAL")),
    ("metadata_filters[0].conditions[0].string_value", query(operation="LESS", string_value="a")),
    (
        "metadata_filters[0].conditions[0].numeric_value",
        query(operation="INCLUDES", numeric_value=1),
    ),
    ("permission.email_address", shared(role="READER", grantee_type="USER")),
    (
        "permission.email_address",
        shared(role="READER", grantee_type="EVERYONE", email_address="a@example.com"),
    ),
    ("permission.grantee_type", shared(role="READER")),
    ("name", operations_pb2.GetOperationRequest()),
]


def descriptors() -> Iterator[tuple[str, Any]]:
    """Yield the path of every method with the descriptor of its request."""
    for path, (_, spec) in catalog.by_path().items():
        yield path, pb_class(method.load(spec.request)).DESCRIPTOR


def reached() -> dict[str, Any]:
    """Return every message type that a request can hold, by full name."""
    found: dict[str, Any] = {}
    waiting = [descriptor for _, descriptor in descriptors()]
    while waiting:
        descriptor = waiting.pop()
        if descriptor.full_name not in found:
            found[descriptor.full_name] = descriptor
            waiting += [field.message_type for field in descriptor.fields if field.message_type]
    return found


def field_options(field: Any) -> Any:
    """Return the options of a field, with its extensions."""
    return descriptor_pb2.FieldOptions.FromString(field.GetOptions().SerializeToString())


class TestRequests:
    @pytest.mark.parametrize("request_", ACCEPTED.values(), ids=ACCEPTED)
    def test_what_the_service_accepts_passes(self, request_: Any) -> None:
        assert violations(request_) == {}
        assert violations(request_, strict=False) == {}

    @pytest.mark.parametrize(("path", "request_"), REFUSED, ids=[path for path, _ in REFUSED])
    def test_what_the_service_refuses_is_named_by_its_path(self, path: str, request_: Any) -> None:
        assert path in violations(request_)

    def test_all_violations_are_told_at_once(self) -> None:
        found = violations(configured(temperature=3, top_p=2, stop_sequences=list("abcdef")))
        assert set(found) == {
            "generation_config.temperature",
            "generation_config.top_p",
            "generation_config.stop_sequences",
        }
        assert found["generation_config.temperature"] == "is 3, expected 0 to 2"

    def test_at_most_twenty_violations_are_told(self) -> None:
        assert len(violations(contents(*[{"thought": True}] * 50))) == validation.LIMIT == 20

    def test_a_nested_request_is_checked_like_its_own(self) -> None:
        inner = generate(generation_config={"temperature": 5})
        request = v1beta.CountTokensRequest(model=MODEL, generate_content_request=inner)
        assert list(violations(request)) == [
            "generate_content_request.generation_config.temperature"
        ]

    def test_legacy_versions_have_the_same_rules(self) -> None:
        request = v1alpha.GenerateContentRequest(
            model=MODEL, contents=HELLO, generation_config={"temperature": 5}
        )
        assert list(violations(request)) == ["generation_config.temperature"]


class TestTypes:
    def test_an_unknown_enum_value_is_refused(self) -> None:
        assert violations(contents({"text": "x"})) == {}
        request = generate(safety_settings=[{"category": 77}])
        assert violations(request) == {
            "safety_settings[0].category": "is 77, which is no value of HarmCategory"
        }

    def test_an_unknown_enum_value_in_a_list_is_refused(self) -> None:
        found = violations(configured(response_modalities=["TEXT", 9]))
        assert list(found) == ["generation_config.response_modalities[1]"]

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_a_number_must_be_finite(self, value: float) -> None:
        for strict in (True, False):
            assert "generation_config.presence_penalty" in violations(
                configured(presence_penalty=value), strict=strict
            )

    def test_a_number_in_json_must_be_finite(self) -> None:
        request = contents({"function_call": {"name": "f"}})
        request._pb.contents[0].parts[0].function_call.args["x"] = [1.0, math.nan]
        (path,) = violations(request, strict=False)
        assert path.startswith("contents[0].parts[0].function_call.args.fields['x']")

    def test_a_time_must_be_one(self) -> None:
        request = v1beta.CreateCachedContentRequest(
            cached_content={"model": MODEL, "contents": HELLO}
        )
        request._pb.cached_content.expire_time.seconds = 10**15
        assert list(violations(request, strict=False)) == ["cached_content.expire_time"]

    def test_a_duration_must_be_one(self) -> None:
        request = v1beta.CreateCachedContentRequest(
            cached_content={"model": MODEL, "contents": HELLO}
        )
        request._pb.cached_content.ttl.seconds, request._pb.cached_content.ttl.nanos = 1, -1
        assert list(violations(request, strict=False)) == ["cached_content.ttl"]

    @pytest.mark.parametrize("path", ["", "contents[0].parts[0]."])
    def test_an_unknown_field_is_refused_at_any_depth(self, path: str) -> None:
        request = contents({"text": "x"})._pb
        inner = request.contents[0].parts[0] if path else request
        inner.MergeFromString(b"\xfa\x3e\x01x")  # field 1007, of bytes
        found = violations(request)
        assert list(found) == [f"{path}1007"]
        assert violations(request, strict=False) == {}

    def test_a_request_may_have_twenty_megabytes(self) -> None:
        blob = {"inline_data": {"mime_type": "image/png", "data": bytes(20 * 1024 * 1024)}}
        found = violations(contents(blob))
        assert list(found) == ["contents"]
        assert "at most 20971520" in found["contents"]
        assert violations(contents(blob), strict=False) == {}


class TestOutputOnly:
    def test_what_only_the_server_sets_is_emptied(self) -> None:
        request = v1beta.CreateCorpusRequest(corpus={"display_name": "x"})._pb
        request.corpus.create_time.seconds = 10**15  # not even looked at
        assert violations(request) == {}
        assert not request.corpus.HasField("create_time")

    def test_the_name_of_a_new_resource_is_emptied_if_the_server_gives_it(self) -> None:
        request = shared(name="mine", role="READER", grantee_type="EVERYONE")._pb
        assert violations(request) == {}
        assert request.permission.name == ""

    def test_the_name_of_a_resource_to_update_stays(self) -> None:
        request = v1beta.UpdateTunedModelRequest(tuned_model={"name": "tunedModels/t"})._pb
        assert violations(request) == {}
        assert request.tuned_model.name == "tunedModels/t"

    def test_the_type_of_a_file_stays_since_a_call_has_no_content(self) -> None:
        request = v1beta.CreateFileRequest(file={"mime_type": "video/mp4", "uri": "x"})._pb
        assert violations(request) == {}
        assert (request.file.mime_type, request.file.uri) == ("video/mp4", "")

    def test_it_happens_without_strictness_too(self) -> None:
        request = v1beta.CreateFileRequest(file={"uri": "x"})._pb
        validation.check(request, strict=False)
        assert request.file.uri == ""


class TestLeniency:
    def test_what_handlers_need_is_still_required(self) -> None:
        assert list(violations(generate(model="", contents=[]), strict=False)) == [
            "model",
            "contents",
        ]
        assert violations(v1beta.ListFilesRequest(page_size=-1), strict=False)
        assert violations(configured(candidate_count=10**9), strict=False)

    def test_limits_names_and_relations_are_not_looked_at(self) -> None:
        request = generate(
            model="gemini-3.8-flash",
            tools=[{}],
            generation_config={"temperature": 9, "stop_sequences": list("abcdefgh")},
        )
        assert len(violations(request)) == 4
        assert violations(request, strict=False) == {}


class TestTables:
    def test_every_rule_is_about_a_field_that_exists(self) -> None:
        known = {
            f"{key}.{validation.plain_name(field.name)}"
            for descriptor in reached().values()
            for key in (*validation._keys(descriptor), "*")
            for field in descriptor.fields
        }
        assert set(rules.FIELDS) - known == set()
        assert set(rules.WAIVED) - known == set()
        assert set(rules.KEPT) - known == set()

    def test_every_relation_is_about_a_message_that_exists(self) -> None:
        known = {key for descriptor in reached().values() for key in validation._keys(descriptor)}
        assert set(rules.MESSAGES) - known == set()

    def test_every_resource_reference_has_names(self) -> None:
        for descriptor in reached().values():
            for field in descriptor.fields:
                reference = field_options(field).Extensions[resource_pb2.resource_reference]
                if reference.type or reference.child_type:
                    held = validation.constraints(field)
                    assert any(isinstance(one, Names) for one in held), field.full_name

    @pytest.mark.parametrize(
        "descriptor", [pytest.param(one, id=name) for name, one in descriptors()]
    )
    def test_an_empty_request_is_refused_for_each_required_field(self, descriptor: Any) -> None:
        required = {
            validation.plain_name(field.name)
            for field in descriptor.fields
            if REQUIRED in field_options(field).Extensions[field_behavior_pb2.field_behavior]
        }
        empty = message_factory.GetMessageClass(descriptor)()
        assert required <= set(violations(empty))
        assert required <= set(violations(empty, strict=False))

    def test_a_descriptor_is_read_once(self) -> None:
        violations(generate())
        before = validation._plan.cache_info().misses
        violations(generate(contents=[*HELLO, *HELLO]))
        assert validation._plan.cache_info().misses == before


class TestServer:
    @pytest.fixture
    def client(self, options: dict[str, object]) -> Iterator[v1beta.GenerativeServiceClient]:
        with v1beta.GenerativeServiceClient(client_options=options) as client:
            yield client

    def test_a_call_is_refused_with_the_fields(self, client: Any) -> None:
        with pytest.raises(errors.InvalidArgument) as caught:
            client.generate_content(configured(temperature=3))
        (bad,) = caught.value.details
        (violation,) = bad.field_violations
        assert violation.field == "generation_config.temperature"

    def test_a_stream_is_refused(self, client: Any) -> None:
        with pytest.raises(errors.InvalidArgument, match="top_p"):
            list(client.stream_generate_content(configured(top_p=3)))

    def test_a_message_of_a_session_is_refused(self, client: Any) -> None:
        turn = {"role": "robot", "parts": [{"text": "Hi"}]}
        messages = [
            setup(),
            v1beta.BidiGenerateContentClientMessage(
                client_content={"turns": [turn], "turn_complete": True}
            ),
        ]
        with pytest.raises(errors.InvalidArgument, match=r"client_content\.turns\[0\]\.role"):
            list(client.bidi_generate_content(iter(messages)))

    def test_an_emulator_need_not_be_strict(self) -> None:
        with Emulator(strict=False) as emulator:
            options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
            with v1beta.GenerativeServiceClient(client_options=options) as client:
                assert client.generate_content(configured(temperature=3)).candidates
