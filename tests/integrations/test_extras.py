"""Without the extra of an adapter, importing it says what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKED = """
import sys

sys.modules["{package}"] = None
from gemini_grpc.integrations import MissingExtraError

try:
    import gemini_grpc.integrations.{module}
except MissingExtraError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [("langchain", "langchain_core", "langchain"), ("llama_index", "llama_index", "llama-index")],
)
def test_an_adapter_without_its_extra_names_it(module: str, package: str, extra: str) -> None:
    script = BLOCKED.format(module=module, package=package)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert f"pip install 'gemini-grpc[{extra}]'" in done.stdout
