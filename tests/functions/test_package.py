"""The package gives its names without importing what is not used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gemini_grpc import functions


def test_all_names_are_there() -> None:
    for name in functions.__all__:
        assert getattr(functions, name).__name__ == name
    assert set(functions.__all__) <= set(dir(functions))
    with pytest.raises(AttributeError, match="nope"):
        assert functions.nope


def test_pydantic_and_messages_are_not_imported() -> None:
    code = (
        "import sys\n"
        "from gemini_grpc.functions import Function\n"
        "def add(a: int, b: int) -> int: ...\n"
        "assert Function.of(add).bind({'a': 1.0, 'b': 2.0}) == {'a': 1, 'b': 2}\n"
        "assert Function.of(add).result(3) == {'result': 3}\n"
        "wrong = {'pydantic', 'gemini_grpc.rpc', 'gemini_grpc.v1beta', 'gemini_grpc.live'}\n"
        "assert not wrong & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
