"""The test suite that the last vertexai with `generative_models` carries runs on our `vertexai`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.peers import environments

pytestmark = pytest.mark.peer

RELEASE = "google-cloud-aiplatform==1.121.0"
IMPORTS = {
    "import vertexai\n": "from gemini_grpc import vertexai\n",
    "from vertexai import generative_models\n": "from gemini_grpc.vertexai import generative_models\n",
    "    generative_models as preview_generative_models,\n": "",
    "from vertexai.caching import CachedContent\n": (
        "from gemini_grpc.caching import CachedContent\n"
        "preview_generative_models = generative_models\n"
    ),
    '@pytest.mark.parametrize("api_transport", ["grpc", "rest"])\n': (
        '@pytest.mark.parametrize("api_transport", ["grpc"])\n'
    ),
}
"""The lines of the suite that change: its imports of what we replace, and its transports: we have gRPC only."""

_PRIVATE = "reads the private attribute _prediction_resource_name"
_PLAIN = "dictionaries of settings are given back as they are written (docs/migration.md)"
_RESPONDER = "the responder is an option of start_chat here (docs/migration.md)"
_LOGGING = "setting the logging needs RPCs that are not in our protos (docs/migration.md)"
_MESSAGES = "function calls are messages, without to_dict (docs/migration.md)"

DIFFERENT = {
    "test_generative_model_constructor_model_name": _PRIVATE,
    "test_generative_model_from_cached_content": _PRIVATE,
    "test_generative_model_from_cached_content_with_resource_name": _PRIVATE,
    "test_generate_content_with_function_calling_integer_args": _MESSAGES,
    "test_chat_function_calling_with_integer_args": _MESSAGES,
    "test_generate_content_model_optimizer": "model_config has no field in the published protos",
    "test_conversion_methods": "answers are made of messages and have no from_dict",
    "test_generate_content_response_accessor_errors": "the text of a content knows no finish_reason",
    "test_generate_content_with_cached_content": "a cached content has its full name in `name`",
    "test_generate_content_vertex_rag_retriever": "takes objects of vertexai.rag, which need a login",
    "test_chat_automatic_function_calling_with_function_returning_dict": _RESPONDER,
    "test_chat_automatic_function_calling_with_function_returning_value": _RESPONDER,
    "test_generation_config_response_schema_dict_renaming": _PLAIN,
    "test_tool_schema_dict_renaming": _PLAIN,
    "test_function_declaration_schema_dict_renaming": _PLAIN,
    "test_set_logging_config_for_endpoint": _LOGGING,
    "test_set_logging_config_for_publisher_model": _LOGGING,
}
"""The tests of the suite that our package does not pass, and why."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    python = environments.environment("vertexai", RELEASE, "pytest<9")
    source = environments.source("vertexai", RELEASE)
    text = (source / "tests/unit/vertexai/test_generative_models.py").read_text()
    for line, changed in IMPORTS.items():
        assert text.count(line) == 1, line
        text = text.replace(line, changed)
    folder = tmp_path_factory.mktemp("vertexai")
    (folder / "test_generative_models.py").write_text(text)
    (folder / "image.jpg").write_bytes(b"")
    command = [str(python), "-m", "pytest", "-p", "vertexai_bridge", "-rA", "-q", "--tb=short"]
    done = subprocess.run(
        [*command, "test_generative_models.py"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"^(PASSED|FAILED|ERROR) \S+?::(?:\w+::)?(\S+)", done.stdout, re.MULTILINE)
    assert found, done.stdout[-3000:] + done.stderr[-3000:]
    return {name: outcome for outcome, name in found}


def test_the_suite_passes_but_for_what_the_table_explains(report: dict[str, str]) -> None:
    failed = [name for name, outcome in report.items() if outcome != "PASSED"]
    print(f"vertexai's suite: {len(report)} tests, {len(report) - len(failed)} passed")
    assert {name.partition("[")[0] for name in failed} == DIFFERENT.keys(), failed
