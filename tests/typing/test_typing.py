"""Type checkers accept the API as it is used, and reject what cannot work."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from mypy import api

from tests.support.type_checkers import pyright

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "tests/typing/examples.py"

REJECTED = {
    "GenerateContentRequest(model=1)": "arg-type",
    "GenerateContentRequest(nope=2)": "call-arg",
    "GenerateContentRequest(contents=5)": "arg-type",
    'GenerateContentRequest(contents=[{"role": "user"}, 5])': "list-item",
    "GenerateContentRequest().nope": "attr-defined",
    "Content(role=b'x')": "arg-type",
    "Candidate(finish_reason=1.5)": "arg-type",
    "CachedContent(ttl=5)": "arg-type",
    "Schema(type=1.5)": "arg-type",
    "Schema(title_='x')": "call-arg",
    "GenerateContentRequest().contents.append(5)": "arg-type",
    "Content.to_json(Part())": "arg-type",
    "Content(role='x').role.parts": "attr-defined",
    "GenerativeServiceClient().generate_content(modle='x')": "call-arg",
    "GenerativeServiceClient().generate_content(model=5)": "arg-type",
    "GenerativeServiceClient().generate_content(model='x', timeout='soon')": "arg-type",
    "GenerativeServiceClient().generate_content(model='x', retry=3)": "arg-type",
    "GenerativeServiceClient().generate_content(5)": "arg-type",
    "GenerativeServiceClient().bidi_generate_content(5)": "arg-type",
}
"""Expressions, and the code of the error each must give."""


README = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
ACCEPTED = (*sorted((ROOT / "examples").glob("*.py")), ROOT / "tests/typing/accepted.py")
REFUSED = ROOT / "tests/typing/refused.py"

WITHOUT_PROTOBUF_STUBS = """
[mypy]
python_version = 3.11
check_untyped_defs = True
follow_imports = silent
mypy_path = {root}/src
explicit_package_bases = True
namespace_packages = True
[mypy-google.protobuf.*]
follow_imports = skip
follow_imports_for_stubs = True
[mypy-sounddevice]
ignore_missing_imports = True
"""
"""mypy as a user has it, who has not installed types-protobuf: classes of protobuf are Any."""


def of_users(folder: Path) -> list[str]:
    """Return the programs that users write: the snippets of the README, the examples, and ours."""
    snippets = []
    for number, snippet in enumerate(README, 1):
        path = folder / f"readme_{number}.py"
        path.write_text(snippet)
        snippets.append(str(path))
    return [*snippets, *map(str, ACCEPTED), str(REFUSED)]


def check(lines: Iterable[tuple[str, int, str]]) -> None:
    """Check errors, given as file, line and text: one or more in each line to be refused, no others."""
    text = REFUSED.read_text().splitlines()
    refused = {number for number, line in enumerate(text, 1) if line.endswith("# refused")}
    assert [each for each in lines if each[0] != REFUSED.name or each[1] not in refused] == []
    missed = refused - {number for name, number, _ in lines if name == REFUSED.name}
    assert [text[number - 1] for number in sorted(missed)] == []


def test_mypy_without_the_stubs_of_protobuf_accepts_and_refuses_programs(tmp_path: Path) -> None:
    config = tmp_path / "mypy.ini"
    config.write_text(WITHOUT_PROTOBUF_STUBS.format(root=ROOT))
    cache = ROOT / ".mypy_cache/users"
    arguments = ["--config-file", str(config), "--cache-dir", str(cache), "--no-error-summary"]
    out, err, _ = api.run([*arguments, *of_users(tmp_path)])
    assert not err
    found = re.findall(r"^(.+?):(\d+): error: (.*)$", out, re.MULTILINE)
    check([(Path(path).name, int(line), text) for path, line, text in found])


def test_pyright_accepts_and_refuses_programs(tmp_path: Path) -> None:
    check(pyright(of_users(tmp_path), tmp_path))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Check everything in one run, which is what takes the time."""
    rejected = tmp_path_factory.mktemp("typing") / "rejected.py"
    used = sorted({name for each in REJECTED for name in re.findall(r"[A-Z]\w+(?=[.(])", each)})
    lines = [f"from gemini_grpc.v1beta import {', '.join(used)}", *REJECTED]
    rejected.write_text("\n".join(lines) + "\n")
    with contextlib.chdir(ROOT):
        out, err, _ = api.run(["--strict", "--hide-error-context", str(EXAMPLES), str(rejected)])
    assert not err
    return out.splitlines()


def test_the_api_as_it_is_used_passes_strict_checks(report: list[str]) -> None:
    assert [line for line in report if "rejected.py" not in line and ": error:" in line] == []


@pytest.mark.parametrize("expression", REJECTED)
def test_what_cannot_work_is_rejected(report: list[str], expression: str) -> None:
    number = list(REJECTED).index(expression) + 2
    found = [line for line in report if re.search(rf"rejected\.py:{number}: error:", line)]
    assert [line.rpartition("[")[2] for line in found] == [REJECTED[expression] + "]"]
