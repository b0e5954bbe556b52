"""Tools of every kind become the Tools of each backend; callables among them can be called."""

from __future__ import annotations

import enum
import json
from typing import Any

import pydantic
import pytest
from google.ai import generativelanguage_v1beta as googles
from google.protobuf.json_format import MessageToDict

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.functions import Declaration, Function, Functions
from gemini_grpc.generative import tools
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.tools import (
    FunctionCallingConfig,
    FunctionDeclaration,
    Mode,
    Tool,
    Toolbox,
    ToolConfig,
    to_tool_config,
)

BACKENDS = (Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l"))
every_backend = pytest.mark.parametrize("backend", BACKENDS, ids=lambda each: each.version)

PARAMETERS = {
    "type": "OBJECT",
    "properties": {"city": {"type": "STRING"}, "days": {"type": "INTEGER"}},
    "required": ["city"],
}
WEATHER = {"name": "weather", "description": "Tell the weather.", "parameters": PARAMETERS}


def weather(city: str, days: int = 1) -> str:
    """Tell the weather."""
    return f"{city}: sun for {days}"


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


async def wait(seconds: float) -> None:
    """Wait."""


def pb(backend: Backend, **fields: Any) -> Any:
    return backend.types.Tool.pb(backend.types.Tool(**fields))


def told(backend: Backend, *, ordered: bool = True) -> Any:
    """Return the tool that has WEATHER; what is no message has an order where a backend can say it."""
    parameters: dict[str, Any] = dict(PARAMETERS)
    if ordered and backend.has("Schema", "property_ordering"):
        parameters["property_ordering"] = ["city", "days"]
    return pb(backend, function_declarations=[{**WEATHER, "parameters": parameters}])


DECLARED = [
    WEATHER,
    [WEATHER],
    (each for each in [WEATHER]),
    {"function_declarations": [WEATHER]},
    FunctionDeclaration(**WEATHER),
    Functions([FunctionDeclaration(**WEATHER)]),
    FunctionDeclaration(
        name="weather",
        description="Tell the weather.",
        parameters={
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    ),
    Tool([FunctionDeclaration(**WEATHER)]),
    Tool.from_function_declarations([FunctionDeclaration(**WEATHER)]),
    Tool.from_dict({"function_declarations": [WEATHER]}),
    *(
        made
        for types in (v1beta, v1alpha, aiplatform_v1, googles)
        for made in (
            types.FunctionDeclaration(**{**WEATHER, "parameters": types.Schema(
                type_="OBJECT",
                properties={"city": types.Schema(type_="STRING"), "days": types.Schema(type_="INTEGER")},
                required=["city"],
            )}),
        )
        for made in (made, types.Tool(function_declarations=[made]))
    ),
]  # fmt: skip
CALLABLE = [
    weather,
    [weather],
    Function.of(weather),
    Functions([weather]),
    FunctionDeclaration.from_func(weather),
    FunctionDeclaration.from_function(weather),
    Tool([weather]),
    {"function_declarations": [weather]},
]


@every_backend
@pytest.mark.parametrize("value", DECLARED)
def test_a_declaration_is_told_to_the_model(backend: Backend, value: Any) -> None:
    value = [WEATHER] if hasattr(value, "gi_frame") else value
    box = Toolbox.of(value, backend)
    assert box.messages == (told(backend, ordered=not hasattr(value, "_pb")),)
    assert list(box.functions) == ["weather"]
    assert not isinstance(box.functions["weather"], Function)


@every_backend
@pytest.mark.parametrize("value", CALLABLE)
def test_a_callable_can_be_called(backend: Backend, value: Any) -> None:
    box = Toolbox.of(value, backend)
    assert box.messages == (told(backend),)
    function = box.functions["weather"]
    assert isinstance(function, Function)
    assert function(**function.bind({"city": "Bonn", "days": 2.0})) == "Bonn: sun for 2"


@every_backend
@pytest.mark.parametrize(
    "types", [v1beta, v1alpha, aiplatform_v1, googles], ids=lambda each: each.__name__
)
def test_a_message_that_is_the_type_of_a_field_of_tool_is_a_tool(
    backend: Backend, types: Any
) -> None:
    search = types.GoogleSearchRetrieval(dynamic_retrieval_config={"dynamic_threshold": 0.5})
    made = pb(
        backend, google_search_retrieval={"dynamic_retrieval_config": {"dynamic_threshold": 0.5}}
    )
    execution = getattr(types.Tool, "CodeExecution", None) or types.CodeExecution
    assert Toolbox.of(execution(), backend).messages == (pb(backend, code_execution={}),)
    assert Toolbox.of(search, backend).messages == (made,)
    together = Toolbox.of([execution(), search, types.Tool.GoogleSearch()], backend)
    assert together.messages == (
        pb(backend, code_execution={}),
        made,
        pb(backend, google_search={}),
    )


def test_a_message_that_is_no_tool_of_the_backend_is_named() -> None:
    with pytest.raises(UnsupportedError, match=r"the Gemini API v1alpha has no Tool.url_context"):
        Toolbox.of(v1beta.UrlContext(), BACKENDS[1])
    with pytest.raises(errors.FieldError, match="got a message Part"):
        Toolbox.of([v1beta.Part()], BACKENDS[0])


@every_backend
@pytest.mark.parametrize("word", ["dynamic", "MODE_DYNAMIC", "Dynamic"])
@pytest.mark.parametrize("camel", [False, True])
def test_dynamic_retrieval_is_a_word_in_any_case(backend: Backend, word: str, camel: bool) -> None:
    given = {"google_search_retrieval": {"dynamic_retrieval_config": {"mode": word}}}
    if camel:
        given = {"googleSearchRetrieval": {"dynamicRetrievalConfig": {"mode": word}}}
    made = {"dynamic_retrieval_config": {"mode": "MODE_DYNAMIC"}}
    assert Toolbox.of(given, backend).messages == (pb(backend, google_search_retrieval=made),)


class Trip(pydantic.BaseModel):
    city: str
    stops: list[Trip] = []


@pytest.mark.parametrize("backend", [BACKENDS[0], BACKENDS[2]], ids=lambda each: each.version)
def test_a_class_may_be_the_json_schema_of_parameters(backend: Backend) -> None:
    with pytest.raises(errors.ArgumentError, match=r"Trip contains itself.*parameters_json_schema"):
        Toolbox.of(FunctionDeclaration(name="go", parameters=Trip), backend)
    declared = FunctionDeclaration(name="go", parameters_json_schema=Trip)
    (tool,) = Toolbox.of(declared, backend).messages
    (function,) = tool.function_declarations
    assert MessageToDict(function.parameters_json_schema) == Trip.model_json_schema()


def test_a_declaration_of_a_function_can_be_called() -> None:
    assert FunctionDeclaration.from_func(weather)("Bonn", days=2) == "Bonn: sun for 2"


def test_descriptions_of_parameters_may_be_given() -> None:
    declared = FunctionDeclaration.from_function(weather, descriptions={"city": "Where."})
    properties = declared.to_dict()["parameters"]["properties"]
    assert properties == {
        "city": {"type": "STRING", "description": "Where."},
        "days": {"type": "INTEGER"},
    }
    with pytest.raises(errors.ArgumentError, match="no parameter 'town'"):
        FunctionDeclaration.from_func(weather, {"town": "Where."})


def test_a_declaration_without_a_function_cannot_be_called() -> None:
    with pytest.raises(errors.ArgumentError, match=r"'weather' has no function.*from_func"):
        FunctionDeclaration(**WEATHER)("Bonn")


def test_functions_take_declarations_with_and_without_a_function() -> None:
    declared = FunctionDeclaration(**WEATHER)
    functions = Functions([declared, FunctionDeclaration.from_func(add)])
    assert functions["weather"] == Declaration("weather", declared)
    assert functions["add"] == Function.of(add)
    assert dict(Toolbox.of(functions, BACKENDS[0]).functions) == dict(functions)


def test_a_generator_is_taken_once() -> None:
    assert list(Toolbox.of((each for each in [add, weather]), BACKENDS[0]).functions) == [
        "add",
        "weather",
    ]


@every_backend
def test_all_functions_are_in_one_tool(backend: Backend) -> None:
    value = [
        add,
        "code_execution",
        Tool([FunctionDeclaration(**WEATHER)], google_search={}),
        backend.types.Tool(function_declarations=[{"name": "x"}], code_execution={}),
        [wait],
    ]
    box = Toolbox.of(value, backend)
    names = [each.name for each in box.messages[0].function_declarations]
    assert names == list(box.functions) == ["add", "weather", "x", "wait"]
    assert box.messages[1:] == (
        pb(backend, code_execution={}),
        pb(backend, google_search={}),
        pb(backend, code_execution={}),
    )


DYNAMIC = {"dynamic_retrieval_config": {"mode": "MODE_DYNAMIC", "dynamic_threshold": 0.5}}
STORE = {"vertex_ai_search": {"datastore": "projects/p/d"}}
KINDS: list[tuple[str, Any, set[str]]] = [
    ("code_execution", {}, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("google_search", {}, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("google_search", {"exclude_domains": ["a.b"]}, {"aiplatform_v1"}),
    ("google_search_retrieval", DYNAMIC, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("url_context", {}, {"v1beta", "aiplatform_v1"}),
    ("google_maps", {"enable_widget": True}, {"v1beta", "aiplatform_v1"}),
    ("computer_use", {"environment": "ENVIRONMENT_BROWSER"}, {"v1beta", "aiplatform_v1"}),
    ("file_search", {"retrieval_resources": [{"rag_store_name": "s"}]}, {"v1beta"}),
    ("retrieval", STORE, {"aiplatform_v1"}),
    ("enterprise_web_search", {"exclude_domains": ["a.b"]}, {"aiplatform_v1"}),
    ("parallel_ai_search", {"api_key": "k"}, {"aiplatform_v1"}),
    ("exa_ai_search", {"api_key": "k"}, {"aiplatform_v1"}),
]


@every_backend
@pytest.mark.parametrize(("name", "value", "known_to"), KINDS)
def test_other_tools_arrive_or_are_named(
    backend: Backend, name: str, value: Any, known_to: set[str]
) -> None:
    forms: list[Any] = [{name: value}, Tool(**{name: value}), [{name: value}]]
    if not value:
        forms += [name, [name]]
    for form in forms:
        if backend.version in known_to:
            assert Toolbox.of(form, backend).messages == (pb(backend, **{name: value}),)
            continue
        with pytest.raises(UnsupportedError, match=f"{backend.name} has no "):
            Toolbox.of(form, backend)


def test_every_tool_of_every_backend_has_a_name_here() -> None:
    for backend in BACKENDS:
        fields = set(backend.pb("Tool").DESCRIPTOR.fields_by_name)
        assert fields - {name for name, _, _ in KINDS} == {"function_declarations"}


@every_backend
def test_a_tool_that_only_the_protos_have_yet_arrives(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_TOOLS", ("google_search",))
    made = Toolbox.of({"code_execution": {}}, backend)
    assert made.messages == (pb(backend, code_execution={}),)


@every_backend
def test_a_mode_that_only_the_protos_have_yet_arrives(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "Mode", enum.StrEnum("Mode", {"AUTO": "AUTO"}))
    value = {"function_calling_config": {"mode": "any"}}
    assert to_tool_config(value, backend).function_calling_config.mode == 2


@every_backend
def test_tools_of_vertex_have_makers(backend: Backend) -> None:
    made = Toolbox.of(Tool.from_google_search_retrieval(DYNAMIC), backend)
    assert made.messages == (pb(backend, google_search_retrieval=DYNAMIC),)
    assert Tool.from_retrieval(STORE) == Tool(retrieval=STORE)
    assert Tool.from_retrieval(STORE).to_dict() == {"retrieval": STORE}


def test_the_dictionary_of_a_tool_is_plain_and_read_again() -> None:
    schema = {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}
    declared = FunctionDeclaration(name="f", description="F", parameters=schema)
    message = v1beta.FunctionDeclaration(name="g", description="G")
    entries = [declared, message, {"name": "h"}, add, FunctionDeclaration.from_func(weather)]
    tool = Tool(entries, code_execution={})
    told = json.loads(json.dumps(tool.to_dict()))
    assert told["function_declarations"][0] == {
        "name": "f",
        "description": "F",
        "parameters": schema,
    }
    names = [each["name"] for each in told["function_declarations"]]
    assert names == ["f", "g", "h", "add", "weather"]
    again = Toolbox.of(Tool.from_dict(told), BACKENDS[0])
    assert again.messages == Toolbox.of(tool, BACKENDS[0]).messages


@every_backend
def test_no_tools_are_none(backend: Backend) -> None:
    for value in (None, [], Tool(), {"function_declarations": []}, backend.types.Tool()):
        box = Toolbox.of(value, backend)
        assert box.messages == ()
        assert not box.functions
    assert Toolbox.of(box, backend) is box


def test_behavior_needs_a_backend_that_has_it() -> None:
    function = Function.of(add, behavior="NON_BLOCKING")
    assert Toolbox.of(function, BACKENDS[0]).messages[0].function_declarations[0].behavior == 2
    for backend in BACKENDS[1:]:
        with pytest.raises(UnsupportedError, match=r"tools\[1\].behavior: .* has no FunctionDecl"):
            Toolbox.of([weather, function], backend)


def test_a_signature_is_told_as_far_as_a_backend_can() -> None:
    def choose(value: int | str) -> None:
        """Choose."""

    for backend in BACKENDS:
        told = Toolbox.of(choose, backend).messages[0].function_declarations[0].parameters
        assert ("any_of" in told.properties["value"].DESCRIPTOR.fields_by_name) == bool(
            backend.version != "v1alpha"
        )
        assert told.properties["value"].type_ == (3 if backend.version == "v1alpha" else 0)


@every_backend
def test_a_response_may_be_a_type(backend: Backend) -> None:
    given = FunctionDeclaration(name="f", description="F.", parameters=None, response=list[int])
    told = Toolbox.of(given, backend).messages[0].function_declarations[0]
    assert told.response == backend.types.Schema.pb(
        backend.types.Schema(type_="ARRAY", items={"type_": "INTEGER"})
    )
    assert not told.HasField("parameters")


def undescribed(*names: int, **more: complex) -> None:
    pass


@every_backend
@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (3, errors.FieldError, "tools: expected a callable, .* got int"),
        ([weather, 3], errors.FieldError, r"tools\[1\]: expected a callable, .* got int"),
        ("code_exec", errors.ArgumentError, "no tool 'code_exec'; did you mean 'code_execution'"),
        ({"google_serch": {}}, errors.ArgumentError, "did you mean 'google_search'"),
        ([weather, {"name": "weather"}], errors.ArgumentError, "'weather' is taken by an earlier"),
        ([{"name": ""}], errors.ArgumentError, r"tools\[0\]: a function declaration needs a name"),
        ([{"name": "f", "parms": {}}], errors.FieldError, r"tools\[0\]: .*no field 'parms'"),
        (
            [add, {"name": "f", "parameters": {"type": "OBJEKT"}}],
            errors.FieldError,
            r"tools\[1\].parameters.*'OBJEKT'; did you mean 'OBJECT'",
        ),
        ([add, undescribed], errors.ArgumentError, r"tools\[1\]: "),
        ({"function_declarations": {"name": "f"}}, errors.FieldError, "expected a list, got dict"),
        (v1beta.Content(), errors.FieldError, "tools: .* got a message Content"),
        ({"google_search": 3}, errors.FieldError, "tools.google_search: "),
    ],
)
def test_what_is_no_tool_is_named(
    backend: Backend, value: Any, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        Toolbox.of(value, backend)


ANY = {"mode": "ANY"}
CHOSEN = {"mode": "ANY", "allowed_function_names": ["f"]}
CONFIGS: list[tuple[Any, Any]] = [
    *((name, ANY) for name in ("any", "ANY", "mode_any", "Mode_Any", 2, Mode.ANY)),
    *(
        (types.FunctionCallingConfig.Mode.ANY, ANY)
        for types in (v1beta, v1alpha, aiplatform_v1, googles)
    ),
    *((types.FunctionCallingConfig(mode="ANY"), ANY) for types in (v1beta, v1alpha, googles)),
    (aiplatform_v1.FunctionCallingConfig(CHOSEN), CHOSEN),
    ("unspecified", {"mode": "MODE_UNSPECIFIED"}),
    ("none", {"mode": "NONE"}),
    ({"mode": "auto"}, {"mode": "AUTO"}),
    ({"mode": "any", "allowed_function_names": ["f"]}, CHOSEN),
    (FunctionCallingConfig("any", ["f"]), CHOSEN),
    (ToolConfig.FunctionCallingConfig(ToolConfig.FunctionCallingConfig.Mode.ANY), ANY),
]


@every_backend
@pytest.mark.parametrize(("value", "expected"), CONFIGS)
def test_how_functions_are_called_can_be_said_in_many_ways(
    backend: Backend, value: Any, expected: Any
) -> None:
    made = backend.types.ToolConfig.pb(backend.types.ToolConfig(function_calling_config=expected))
    given = {"function_calling_config": value}
    assert to_tool_config(given, backend) == made
    assert given == {"function_calling_config": value}
    assert to_tool_config(ToolConfig(value), backend) == made


@every_backend
def test_a_tool_config_may_be_a_message(backend: Backend) -> None:
    for types in (v1beta, v1alpha, aiplatform_v1, googles):
        message = types.ToolConfig(function_calling_config=CHOSEN)
        expected = backend.types.ToolConfig(function_calling_config=CHOSEN)
        assert to_tool_config(message, backend) == backend.types.ToolConfig.pb(expected)


def test_what_a_backend_lacks_of_a_tool_config_is_named() -> None:
    place = {"lat_lng": {"latitude": 1.5}, "language_code": "de"}
    for backend in (BACKENDS[0], BACKENDS[2]):
        made = to_tool_config(ToolConfig(retrieval_config=place), backend)
        assert made.retrieval_config.lat_lng.latitude == 1.5
        validated = to_tool_config({"function_calling_config": "validated"}, backend)
        assert validated.function_calling_config.mode == (5 if backend.is_vertex else 4)
        assert to_tool_config(validated, BACKENDS[0]).function_calling_config.mode == 4
        member = v1beta.FunctionCallingConfig.Mode.VALIDATED
        assert to_tool_config({"function_calling_config": member}, backend) == validated
    for value, said in [
        ({"retrieval_config": place}, "tool_config.retrieval_config: .*v1alpha has no ToolConfig"),
        ({"function_calling_config": "validated"}, "has no Mode.VALIDATED"),
        (v1beta.ToolConfig(function_calling_config={"mode": 4}), "has no Mode.VALIDATED"),
    ]:
        with pytest.raises(UnsupportedError, match=said):
            to_tool_config(value, BACKENDS[1])


@every_backend
@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (3, errors.FieldError, "tool_config: expected ToolConfig or a mapping .* got int"),
        ({"function_calling": {}}, errors.FieldError, "did you mean 'function_calling_config'"),
        (
            {"function_calling_config": "ny"},
            errors.ArgumentError,
            "tool_config.function_calling_config.mode is 'ny'; did you mean 'ANY'",
        ),
        ({"function_calling_config": {"mod": 1}}, errors.FieldError, "no field 'mod'"),
        ({"function_calling_config": 1.5}, errors.FieldError, "function_calling_config.mode"),
        (
            {"function_calling_config": v1beta.Tool()},
            errors.FieldError,
            "expected FunctionCallingConfig, got Tool",
        ),
    ],
)
def test_what_is_no_tool_config_is_named(
    backend: Backend, value: Any, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        to_tool_config(value, backend)
