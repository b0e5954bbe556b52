"""Sums are found in prompts and worked out."""

from __future__ import annotations

import pytest

from gemini_grpc.emulator.answers import arithmetic


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("What is 2+2?", "4"),
        ("compute (1 + 2) * 3 - 4", "5"),
        ("7 times 8", "56"),
        ("10 divided by 4", "2.5"),
        ("the sum of 3 and 4", "7"),
        ("subtract 3 from 10", "7"),
        ("what is 15% of 80", "12"),
        ("the square root of 16", "4"),
        ("5 squared", "25"),
        ("2^10", "1024"),
        ("1,000 + 1", "1001"),
        ("what is 3/4", "0.75"),
        ("17 mod 5", "2"),
        ("(what is 2 * 3)", "6"),
        ("What is -2 * 3?", "-6"),
    ],
)
def test_a_sum_is_worked_out(said: str, result: str) -> None:
    found = arithmetic.find(said)
    assert found is not None
    assert found.result == result


@pytest.mark.parametrize(
    "said",
    [
        "Answer in 1-2 sentences",
        "On 2024-01-05 it rained",
        "call 24/7",
        "no numbers",
        "",
        "42",
        "3 +",
    ],
)
def test_ranges_and_dates_are_no_sums(said: str) -> None:
    assert arithmetic.find(said) is None


def test_a_division_by_zero_is_an_error_and_no_result() -> None:
    found = arithmetic.find("What is 1/0?")
    assert found is not None
    assert found.error == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize("said", ["9**999999999", "2 ** 5000", "1" * 150 + " * " + "9" * 180])
def test_huge_results_are_refused_without_working_them_out(said: str) -> None:
    found = arithmetic.find(said)
    assert found is None or found.error


@pytest.mark.parametrize(
    "expression", ["open('x')", "__import__('os')", "a + b", "sqrt(-1, 2)", "[1]", "1"]
)
def test_only_arithmetic_is_evaluated(expression: str) -> None:
    assert arithmetic.work_out(expression) is None


def test_a_root_of_a_negative_number_is_an_error() -> None:
    found = arithmetic.work_out("sqrt(-4)")
    assert found is not None
    assert found.error
