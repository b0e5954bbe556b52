"""Type checkers accept the API as it is used, and reject what cannot work."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from mypy import api

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
