"""Hosted tools compute, search, read pages and find places."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc.emulator.answers import builtin_tools
from gemini_grpc.emulator.answers.prompt import Prompt

CODE: list[dict[str, Any]] = [{"code_execution": {}}]


@pytest.mark.parametrize(
    ("said", "output"),
    [
        ("What is 12 * 12?", "144\n"),
        ("What is the sum of the first 50 prime numbers?", "5117\n"),
        ("the factorial of 10", "3628800\n"),
        ("the 10th Fibonacci number", "55\n"),
        ("the sum of the numbers from 1 to 100", "5050\n"),
        ("the mean of 1, 2 and 6", "3\n"),
        ("Run print('hello')", "hello\n"),
        ("Run `print(2 ** 8)`", "256\n"),
        ("the square root of 2", "1.414213562\n"),
    ],
)
def test_what_the_program_prints_is_what_its_code_would(said: str, output: str) -> None:
    program, result = builtin_tools.execute(Prompt(said), CODE)
    assert result["code_execution_result"] == {"outcome": "OUTCOME_OK", "output": output}
    code = program["executable_code"]["code"]
    printed: list[str] = []
    exec(code, {"print": lambda value: printed.append(f"{value}\n")})  # the code is our own
    expected, actual = output.strip(), printed[0].strip()
    assert actual == expected or float(actual) == pytest.approx(float(expected))


def test_a_failing_program_tells_its_error() -> None:
    parts = builtin_tools.execute(Prompt("What is 1 / 0?"), CODE)
    assert parts[1]["code_execution_result"]["outcome"] == "OUTCOME_FAILED"
    assert (
        builtin_tools.conclude(parts) == "The program failed: ZeroDivisionError: division by zero."
    )


@pytest.mark.parametrize(
    ("said", "tools"), [("Hello", CODE), ("What is 1 + 1?", [{"google_search": {}}])]
)
def test_without_a_sum_or_the_tool_nothing_is_run(said: str, tools: list[dict[str, Any]]) -> None:
    assert builtin_tools.execute(Prompt(said), tools) == []


def consult(said: str, **tool: Any) -> dict[str, Any]:
    found = builtin_tools.consult(Prompt(said), [tool], {})
    return builtin_tools.grounding(found, "Café first. Then second.", part=2) if found else {}


def test_search_backs_each_sentence_with_a_page() -> None:
    grounding = consult("Who won the cup in 2024?", google_search={})["grounding_metadata"]
    assert grounding["web_search_queries"] == ["won cup 2024"]
    assert "won cup 2024" in grounding["search_entry_point"]["rendered_content"]
    supports = grounding["grounding_supports"]
    assert [support["segment"]["text"] for support in supports] == ["Café first.", "Then second."]
    said = "Café first. Then second.".encode()
    for support in supports:
        segment = support["segment"]
        assert said[segment["start_index"] : segment["end_index"]].decode() == segment["text"]
        assert segment["part_index"] == 2
        assert max(support["grounding_chunk_indices"]) < len(grounding["grounding_chunks"])


def test_excluded_domains_are_not_found() -> None:
    chunks = consult("cup", google_search={"exclude_domains": ["example.com"]})[
        "grounding_metadata"
    ]
    assert all("example.com" not in chunk["web"]["uri"] for chunk in chunks["grounding_chunks"])


@pytest.mark.parametrize(("threshold", "searched"), [(0.0, True), (1.0, False)])
def test_dynamic_retrieval_searches_from_its_threshold_on(threshold: float, searched: bool) -> None:
    config = {"mode": "MODE_DYNAMIC", "dynamic_threshold": threshold}
    found = consult("cup", google_search_retrieval={"dynamic_retrieval_config": config})
    grounding = found["grounding_metadata"]
    assert 0 <= grounding["retrieval_metadata"]["google_search_dynamic_retrieval_score"] < 1
    assert bool(grounding["grounding_chunks"]) is searched


def test_legacy_search_without_a_configuration_always_searches() -> None:
    assert consult("cup", google_search_retrieval={})["grounding_metadata"]["grounding_chunks"]


def test_the_address_of_a_page_tells_how_fetching_ends() -> None:
    said = "Read https://example.com/a, https://b.invalid/ https://c.example/paywall https://unsafe.example."
    found = builtin_tools.consult(Prompt(said), [{"url_context": {}}], {})
    assert found is not None
    assert [page["url_retrieval_status"].rpartition("_")[2] for page in found.pages] == [
        "SUCCESS",
        "ERROR",
        "PAYWALL",
        "UNSAFE",
    ]
    assert len(found.chunks) == 1
    assert found.tokens > 0


def test_without_an_address_no_page_is_read() -> None:
    assert consult("no address", url_context={}) == {}


def test_maps_find_places_and_a_widget() -> None:
    grounding = consult("Cafes near me", google_maps={"enable_widget": True})["grounding_metadata"]
    assert grounding["google_maps_widget_context_token"]
    assert all(
        chunk["maps"]["place_id"].startswith("places/") for chunk in grounding["grounding_chunks"]
    )


def test_file_search_retrieves_a_passage() -> None:
    stores = {"retrieval_resources": [{"rag_store_name": "ragStores/a"}]}
    chunk = consult("the invoice", file_search=stores)["grounding_metadata"]["grounding_chunks"][0]
    assert chunk["retrieved_context"]["uri"].startswith("ragStores/a/")
