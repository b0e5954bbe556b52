"""What cannot be used is refused before anything is sent, by every function, in both colours."""

from __future__ import annotations

import inspect
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

import gemini_grpc as genai
from gemini_grpc import protos
from gemini_grpc.emulator import Emulator
from gemini_grpc.errors import UsageError
from tests.generative import bad_calls
from tests.generative.bad_calls import Bad, model
from tests.generative.shell import BACKENDS, BOTH, Shell


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(
    scope="module",
    params=[(colour, backend) for backend in BACKENDS for colour in BOTH],
    ids="-".join,
)
def shell(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[Shell]:
    colour, backend = request.param
    made = Shell(colour, backend, emulator)
    yield made
    made.end()


@pytest.mark.parametrize("bad", bad_calls.TABLE, ids=lambda bad: bad.what)
def test_it_is_refused_before_anything_is_sent(bad: Bad, shell: Shell) -> None:
    if shell.backend not in bad.backends:
        return
    before = len(list(shell.emulator.journal))
    with pytest.raises(bad.kind, match=bad.says) as caught:
        bad.call(shell)
    assert isinstance(caught.value, UsageError)
    assert isinstance(caught.value, (ValueError, TypeError))
    assert len(list(shell.emulator.journal)) == before


MESSAGES: tuple[tuple[Any, dict[str, Any]], ...] = (
    (None, {}),
    ("", {}),
    ([], {}),
    ([""], {}),
    ({"text": ""}, {}),
    (protos.Part(), {}),
    (protos.Content(), {}),
    (protos.Content(role="user"), {}),
    ({"role": "model", "parts": ["Hi"]}, {}),
    (5, {}),
    (b"hello", {}),
    (pathlib.Path("no-such.png"), {}),
    ({"role": "assistant", "parts": ["Hi"]}, {}),
    ("Hi", {"generation_config": {"candidate_count": 2}}),
    ("Hi", {"generation_config": {"temprature": 1}}),
    ("Hi", {"safety_settings": {"RUDENESS": "none"}}),
    ("Hi", {"tools": "serach"}),
    ("Hi", {"tool_config": {"function_calling_config": "maybe"}}),
    ("Hi", {"tool_config": {"function_calling_config": 9}}),
    ("Hi", {"request_options": {"timout": 1}}),
)
"""What a chat cannot send."""


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("content", "more"), MESSAGES, ids=repr)
def test_the_history_of_a_chat_is_as_before(
    content: Any, more: dict[str, Any], stream: bool, shell: Shell
) -> None:
    history = [{"role": "user", "parts": ["Hi"]}, {"role": "model", "parts": ["Hello."]}]
    chat = model(shell).start_chat(history=history)
    said, before = list(chat.history), len(list(shell.emulator.journal))
    with pytest.raises((UsageError, ValueError, TypeError)):
        shell.do(chat, "send_message", content, stream=stream, **more)
    assert chat.history == said
    assert chat.last is None
    assert len(list(shell.emulator.journal)) == before
    assert shell.do(chat, "send_message", "Hello again.").text  # the chat goes on
    assert len(chat.history) == 4


def test_the_table_has_every_function_that_takes_a_value() -> None:
    code = inspect.getsource(bad_calls)
    functions = [
        name
        for name in genai.__all__
        if inspect.isfunction(function := getattr(genai, name)) and not name.endswith("_async")
        if inspect.signature(function).parameters
    ]
    assert "embed_content" in functions
    assert [name for name in functions if f".{name}" not in code] == []
