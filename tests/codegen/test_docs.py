"""Docstrings from comments."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import docs
from tests.codegen.hazards import generate


def test_comments_are_cleaned() -> None:
    assert docs.clean(" One\n two.\n\n\n  Three.\n") == "One two.\n\nThree."


def test_the_summary_is_the_first_sentence() -> None:
    assert docs.summary("One. Two.\n\nThree.") == "One."
    assert docs.summary("One at v1.5 of it\n\nTwo. Three.") == "One at v1.5 of it"


def test_long_lines_are_wrapped_and_long_words_are_not_broken() -> None:
    url = "https://example.com/" + "x" * 100
    lines = docs.wrap("word " * 40 + url, 8).splitlines()
    assert lines[-1] == " " * 8 + url
    assert all(len(line) <= docs.WIDTH for line in lines[:-1])
    assert all(line.startswith(" " * 8) for line in lines[1:])


def test_sections_are_listed() -> None:
    text = docs.docstring("Do.", 4, (("Args", (("a", "The a."), ("b", "The b."))), ("Empty", ())))
    assert text == '"""Do.\n\n    Args:\n        a: The a.\n        b: The b.\n    """'


@pytest.mark.parametrize("text", ['Ends with "', 'Has """ inside', "Back\\slash", "Ends with \\"])
def test_quotes_and_backslashes_survive(text: str) -> None:
    assert ast.literal_eval(docs.docstring(text, 0)).strip() == text


@given(st.text(alphabet="ab \"\\'\n.", max_size=150), st.integers(0, 12))
def test_every_text_is_a_docstring_with_the_same_words(text: str, indent: int) -> None:
    cleaned = docs.clean(text)
    written = ast.literal_eval(docs.docstring(cleaned, indent))
    assert written.split() == cleaned.split()


DOCUMENTED = """
syntax = "proto3";
package hazard.trap;
import "google/api/field_behavior.proto";
// Serves.
service TrapService {
  // Does it.
  rpc DoIt(Message) returns (Message) {
    option deprecated = true;
  }
}
// A message.
message Message {
  // The first. More.
  string first = 1 [(google.api.field_behavior) = REQUIRED];
  // The second.
  string second = 2 [
    deprecated = true,
    (google.api.field_behavior) = OUTPUT_ONLY,
    (google.api.field_behavior) = IMMUTABLE
  ];
  // Which one.
  oneof choice {
    // The third.
    string third = 3;
  }
  // The fourth.
  optional string fourth = 4 [(google.api.field_behavior) = OPTIONAL];
}
"""


def test_docstrings_and_stubs_say_what_options_and_oneofs_say(tmp_path: Path) -> None:
    texts = generate(tmp_path, things=DOCUMENTED)
    types = texts["src/gemini_grpc/trap/types/things.py"]
    stub = texts["src/gemini_grpc/trap/types/things.pyi"]
    client = texts["src/gemini_grpc/trap/clients/trap_service.py"]
    assert "        first: Required. The first. More.\n" in types
    assert "        second: Deprecated. Output only. Immutable. The second.\n" in types
    assert "        third: One of `choice`. The third.\n" in types
    assert "        fourth: The fourth.\n" in types
    assert '    first: _base.Field[str, str]\n    """Required."""\n' in stub
    assert '    third: _base.Field[str, str]\n    """One of `choice`."""\n' in stub
    assert "    fourth: _base.Field[str, str]\n    def " in stub
    assert "            first: Required. The first.\n" in client
    assert '        """Deprecated. Does it.\n' in client
