from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gemini_grpc.emulator import Emulator
from gemini_grpc.v1beta import FileServiceClient, GenerativeServiceClient

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True, scope="module")
def imported() -> None:
    """Import here once what the inner runs need, since pytester forgets what only they have imported."""
    with Emulator() as emulator:
        options = {"api_endpoint": f"http://{emulator.target}"}
        with GenerativeServiceClient(client_options=options) as client:
            client.generate_content(
                model="models/gemini-3.8-flash", contents=[{"parts": [{"text": "hi"}]}]
            )
        with FileServiceClient(client_options=options) as client:
            client.create_file(file={"name": "files/one"})
            assert list(client.list_files())


PLAIN = (
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:hypothesispytest",
)  # seconds quicker than with them
INI = """
    [pytest]
    filterwarnings = error
    addopts = --strict-markers
    asyncio_mode = auto
    asyncio_default_fixture_loop_scope = function
"""
HEADER = """
    import pytest
    from gemini_grpc.emulator import Fault, Reply
    from gemini_grpc import errors
    from gemini_grpc.v1beta import GenerativeServiceClient, FileServiceClient

    CONTENTS = [{"parts": [{"text": "hi"}]}]

    def ask(client):
        response = client.generate_content(model="models/gemini-3.8-flash", contents=CONTENTS)
        return response.candidates[0].content.parts[0].text
"""


def run(pytester: pytest.Pytester, text: str, **counts: int) -> pytest.RunResult:
    pytester.makepyfile(test_it=HEADER + text)
    pytester.makeini(INI)
    result = pytester.runpytest(*PLAIN)
    result.assert_outcomes(**counts)
    return result


def test_a_client_is_ready(pytester):
    run(
        pytester,
        """
    def test(gemini_service_client, gemini_emulator):
        assert ask(gemini_service_client)
        assert len(gemini_emulator.journal) == 1
    """,
        passed=1,
    )


def test_every_test_has_a_fresh_emulator(pytester):
    run(
        pytester,
        """
    @pytest.mark.parametrize("number", range(3))
    def test(gemini_service_client, gemini_emulator, number):
        with FileServiceClient() as files:
            assert list(files.list_files()) == []
            files.create_file(file={"name": "files/mine"})
        gemini_emulator.script("GenerateContent", [Reply(text="left over", times=None)])
        assert len(gemini_emulator.journal) == 2
    """,
        passed=3,
    )


def test_a_mark_scripts_the_emulator(pytester):
    run(
        pytester,
        """
    @pytest.mark.gemini_script("GenerateContent", [Fault("UNAVAILABLE", times=2), Reply(text="done")])
    def test(gemini_service_client, gemini_emulator):
        assert ask(gemini_service_client) == "done"
        assert len(gemini_emulator.journal[0].attempts) == 3
    """,
        passed=1,
    )


def test_marks_add_up_with_that_of_the_test_last(pytester):
    run(
        pytester,
        """
    @pytest.mark.gemini_script("GenerateContent", [Reply(text="class")])
    class TestIt:
        @pytest.mark.gemini_script("GenerateContent", [Reply(text="test")], strict=True)
        def test(self, gemini_service_client):
            assert [ask(gemini_service_client), ask(gemini_service_client)] == ["class", "test"]
            with pytest.raises(errors.FailedPrecondition):
                ask(gemini_service_client)
    """,
        passed=1,
    )


def test_a_mark_may_name_a_file(pytester):
    pytester.makefile(".json", script='{"GenerateContent": [{"reply": {"text": "from a file"}}]}')
    run(
        pytester,
        """
    @pytest.mark.gemini_script("script.json")
    def test(gemini_service_client):
        assert ask(gemini_service_client) == "from a file"
    """,
        passed=1,
    )


def test_a_mark_that_is_wrong_is_an_error_of_its_test(pytester):
    result = run(
        pytester,
        """
    @pytest.mark.gemini_script("GenerateContnt", [])
    def test(gemini_service_client):
        pass
    """,
        errors=1,
    )
    result.stdout.fnmatch_lines(["*did you mean 'GenerateContent'*"])


def test_clients_that_the_tested_code_makes_use_the_emulator(pytester):
    run(
        pytester,
        """
    def test(gemini_emulator):
        with GenerativeServiceClient() as client:
            assert ask(client)
        assert len(gemini_emulator.journal) == 1

    def test_without():
        import os
        assert "GEMINI_EMULATOR_HOST" not in os.environ
    """,
        passed=2,
    )


def test_an_asynchronous_client_is_ready(pytester):
    run(
        pytester,
        """
    @pytest.mark.parametrize("number", range(3))
    async def test(gemini_async_service_client, number):
        response = await gemini_async_service_client.generate_content(model="models/gemini-3.8-flash", contents=CONTENTS)
        assert response.candidates
    """,
        passed=3,
    )


def test_an_asynchronous_client_needs_no_plugin_for_event_loops(pytester):
    run(
        pytester,
        """
    import asyncio

    def test(gemini_async_service_client):
        async def main():
            return await gemini_async_service_client.generate_content(model="models/gemini-3.8-flash", contents=CONTENTS)
        assert asyncio.run(main()).candidates
    """,
        passed=1,
    )


def test_the_client_fixture_is_a_client_of_everyday_use(pytester):
    run(
        pytester,
        """
    import gemini_grpc
    from gemini_grpc.emulator import Reply

    @pytest.mark.gemini_script("GenerateContent", [Reply(text="done")])
    def test(gemini_client, gemini_emulator):
        assert type(gemini_client) is gemini_grpc.Client
        assert gemini_client.models.generate_content("gemini-flash-latest", "Hi").text == "done"
        assert gemini_client.models.embed_content("gemini-embedding-2", "Hi")["embedding"]
        assert len(gemini_emulator.journal) == 2
    """,
        passed=1,
    )


def test_the_test_in_the_readme_passes(pytester):
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    (code,) = re.findall(r"```py\n(.*?)```", readme, re.DOTALL)
    pytester.makepyfile(test_readme=code)
    pytester.makeini(INI)
    pytester.runpytest(*PLAIN).assert_outcomes(passed=1)


def test_the_asynchronous_client_fixture_is_one_too(pytester):
    run(
        pytester,
        """
    import gemini_grpc

    @pytest.mark.parametrize("number", range(2))
    async def test(gemini_async_client, number):
        assert type(gemini_async_client) is gemini_grpc.AsyncClient
        answer = await gemini_async_client.models.generate_content("gemini-flash-latest", "Hi")
        assert answer.text
    """,
        passed=2,
    )


def test_the_marker_is_described(pytester):
    pytester.makeini(INI)
    result = pytester.runpytest("--markers", *PLAIN)
    result.stdout.fnmatch_lines(["@pytest.mark.gemini_script(method, outcomes*"])


def test_importing_the_plugin_imports_no_grpc():
    code = (
        "import sys, gemini_grpc.emulator.pytest_plugin; "
        "print([name for name in sys.modules if name.split('.')[0] in ('grpc', 'google', 'proto')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_default_client_and_its_models_use_the_emulator_of_each_test(
    pytester: pytest.Pytester,
) -> None:
    run(
        pytester,
        """
    import gemini_grpc as genai

    MODEL = genai.GenerativeModel("gemini-3.8-flash")  # of the module that is tested

    @pytest.mark.parametrize("number", range(3))
    def test_a_model(gemini_emulator, number):
        assert MODEL.generate_content("Hi").text
        assert genai.embed_content("gemini-embedding-2", "Hi")["embedding"]
        assert len(gemini_emulator.journal) == 2
    """,
        passed=3,
    )
