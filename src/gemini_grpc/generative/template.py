"""What a model was given, as the request of one backend; each question is a copy of it with contents.

It is made once, when the model is, so that what is wrong is found there; and again if the client turns
out to be one of another backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gemini_grpc.errors import ArgumentError
from gemini_grpc.functions import Functions
from gemini_grpc.generative import config, names, rounds, safety, tools
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.generative.contents import to_content, to_contents

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.request_options import CallOptions
    from gemini_grpc.generative.rounds import AutomaticFunctionCalling
    from gemini_grpc.generative.wires import Wires

_NO_FUNCTIONS = Functions()
_DECLARED = "function_declarations"


class Given(NamedTuple):
    """What the user has given for a model, or for one question; None where nothing was said."""

    generation_config: object = None
    safety_settings: object = None
    tools: object = None
    tool_config: object = None
    labels: Mapping[str, str] | None = None


_NOTHING = Given()
_COUNTED = ("system_instruction", "generation_config")
"""The single messages that Vertex AI counts besides contents and tools."""


@dataclass(frozen=True, slots=True)
class Template:
    """A request without contents."""

    backend: Backend
    """Whose types it is made of."""
    request: Any
    """The `GenerateContentRequest`; it is copied, never changed."""
    functions: Functions
    """The functions that the tools have."""
    schema: object | None
    """The Python type given as `response_schema`."""

    @classmethod
    def of(
        cls,
        backend: Backend,
        given: Given,
        *,
        model: str,
        system_instruction: object = None,
        cached_content: object = None,
    ) -> Template:
        """Return the template of a model.

        Raises:
            ArgumentError: An argument has a value that cannot be used.
            FieldError: An argument has a field that does not exist.
            UnsupportedError: The backend lacks something.
        """
        request: Any = backend.pb("GenerateContentRequest")(model=backend.model(model))
        if cached_content is not None:
            request.cached_content = cached_name(cached_content, backend)
            if system_instruction is not None:
                _refuse_cached("system_instruction")
        if system_instruction is not None:
            content = to_content(system_instruction, backend, path="system_instruction")
            request.system_instruction.CopyFrom(content)
        empty = cls(backend, request, _NO_FUNCTIONS, None)
        return empty.with_(given)

    def with_(self, given: Given) -> Template:
        """Return a copy in which what is given holds.

        Settings are merged over those there are, tools and labels take their place.

        Raises:
            ArgumentError: An argument has a value that cannot be used.
            FieldError: An argument has a field that does not exist.
            UnsupportedError: The backend lacks something.
        """
        if given == _NOTHING:
            return self
        backend, functions, schema = self.backend, self.functions, self.schema
        request = self._copy()
        if request.cached_content:
            for name in ("tools", "tool_config"):
                if getattr(given, name) is not None:
                    _refuse_cached(name)
        if given.generation_config is not None:
            made = config.to_config(given.generation_config, backend, request.generation_config)
            wanted = config.response_type(given.generation_config)
            before = request.generation_config
            if wanted is not None or any(
                getattr(made, name, None) != getattr(before, name, None) for name in config.SCHEMAS
            ):
                schema = wanted
            request.generation_config.CopyFrom(made)
        if given.safety_settings is not None:
            settings = safety.to_settings(
                given.safety_settings, backend, self.request.safety_settings
            )
            _replace(request.safety_settings, settings)
        if given.tools is not None:
            box = tools.Toolbox.of(given.tools, backend)
            _replace(request.tools, box.messages)
            functions = box.functions
        if given.tool_config is not None:
            request.tool_config.CopyFrom(tools.to_tool_config(given.tool_config, backend))
        if given.labels is not None:
            _set_labels(request, given.labels, backend)
        return Template(backend, request, functions, schema)

    def ask(self, contents: object) -> Any:
        """Return the request with contents; messages of the backend are taken as they are.

        Raises:
            ArgumentError: There are none, or they cannot be used.
            FieldError: Something in them is no part.
        """
        request = self._copy()
        if type(contents) is str and contents:
            try:  # most questions are a text, and this is three times as fast
                request.contents.add(role="user").parts.add(text=contents)
                return request
            except UnicodeEncodeError:  # the other way says where
                del request.contents[:]
        request.contents.extend(to_contents(contents, self.backend))
        return request

    def _copy(self) -> Any:
        request = type(self.request)()
        request.CopyFrom(self.request)
        return request

    def describe(self) -> dict[str, object]:
        """Return what there is to say about it, for people."""
        request = self.request
        said = " ".join(part.text for part in request.system_instruction.parts)
        others = (field.name for tool in request.tools for field, _ in tool.ListFields())
        return {
            "model_name": request.model,
            "generation_config": {
                field.name: value for field, value in request.generation_config.ListFields()
            },
            "safety_settings": len(request.safety_settings),
            "tools": [*self.functions, *(name for name in others if name != _DECLARED)],
            "system_instruction": said if len(said) <= 60 else f"{said[:57]}...",
            "cached_content": request.cached_content,
        }


def _replace(field: Any, messages: Sequence[Any]) -> None:
    del field[:]
    field.extend(messages)


def _set_labels(request: Any, labels: Mapping[str, str], backend: Backend) -> None:
    if not backend.has("GenerateContentRequest", "labels"):
        raise UnsupportedError(f"labels: {backend.name} has none; they belong to Vertex AI")
    request.ClearField("labels")
    got = type(labels).__name__
    try:
        for key, value in dict(labels).items():
            got = f"{value!r} for {key!r}"
            request.labels[key] = value
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"labels: expected a mapping of texts to texts, got {got}") from error


def cached_name(value: object, backend: Backend) -> str:
    """Return the full name of a cached content.

    Raises:
        ArgumentError: It is no such name.
    """
    if backend.is_vertex:
        kind = names.VERTEX_CACHED_CONTENT
        return kind.full(value, "cached_content", parent=backend.parent)
    return names.CACHED_CONTENT.full(value, "cached_content")


def cached_model(value: object) -> str:
    """Return the model that a content was cached for.

    Raises:
        ArgumentError: It does not say.
    """
    model = getattr(value, "model", None)
    if not isinstance(model, str) or not model:
        raise ArgumentError(
            "cached_content: expected a cached content or its name, got "
            f"{type(value).__name__} without a model"
        )
    return model


def _refuse_cached(name: str) -> None:
    raise ArgumentError(
        f"{name} and cached_content exclude each other; give {name} when the cached content is created"
    )


class Question(NamedTuple):
    """One request, ready to be sent."""

    wires: Wires
    """Where it goes."""
    request: Any
    """The `GenerateContentRequest`, of its own."""
    template: Template
    """What it was made from: the backend, the functions, the type of the answer."""
    options: CallOptions
    """Timeout, retry and metadata of every call."""
    calling: AutomaticFunctionCalling | None = None
    """How functions are called; None if they are not."""

    def rounds(self) -> rounds.Rounds | None:
        """Return the rounds of function calling that begin with it, if there can be any."""
        if self.calling is None or not self.template.functions:
            return None
        template = self.template
        return rounds.Rounds(self.request, template.backend, template.functions, self.calling)

    def synchronous(self) -> Question:
        """Return it, if a synchronous call can ask it.

        Raises:
            ArgumentError: One of its functions is asynchronous.
        """
        if self.calling is not None:
            rounds.refuse_async(self.template.functions)
        return self

    def count_request(self) -> dict[str, Any]:
        """Return the request to count its tokens."""
        asked = self.request
        if not self.template.backend.is_vertex:
            return {"model": asked.model, "generate_content_request": asked}
        told = {name: getattr(asked, name) for name in _COUNTED if asked.HasField(name)}
        endpoint = {"endpoint": asked.model, "model": asked.model}
        return {**endpoint, **told, "contents": asked.contents, "tools": asked.tools}

    def compute_request(self) -> dict[str, Any]:
        """Return the request to compute its tokens."""
        asked = self.request
        return {"endpoint": asked.model, "model": asked.model, "contents": asked.contents}
