"""The code-execution tool: programs for what a prompt wants computed, and what they print.

Nothing that arrives over the wire is executed. A program is one of a few known kinds, and its output is
worked out beside it: sums, primes, factorials, Fibonacci numbers, sums of ranges, means, and a
`print(...)` of a sum or a text that stands in the prompt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from gemini_grpc.emulator.answers import arithmetic

LIMIT = 5000
"""The largest number that a recipe takes."""


@dataclass(frozen=True, slots=True)
class Run:
    """One program and its outcome."""

    code: str
    output: str
    outcome: str = "OUTCOME_OK"
    """A name of `CodeExecutionResult.Outcome`."""


def run(said: str) -> Run | None:
    """Return the program for a prompt and what it prints, None when there is nothing to compute."""
    for pattern, recipe in _RECIPES:
        found = pattern.search(said[-2000:])
        if found and (made := recipe(found)):
            return made
    found_sum = arithmetic.find(said)
    return _sum_run(found_sum) if found_sum else None


def _sum_run(found: arithmetic.Sum) -> Run:
    head = "from math import sqrt\n\n" if "sqrt" in found.expression else ""
    code = f"{head}result = {found.expression}\nprint(result)\n"
    if found.error:
        return Run(code, f"{found.error}\n", "OUTCOME_FAILED")
    return Run(code, f"{found.result}\n")


def _primes(found: re.Match[str]) -> Run | None:
    count = int(found[1])
    if not 1 <= count <= LIMIT:
        return None
    code = (
        "def is_prime(number):\n"
        "    return number > 1 and all(number % n for n in range(2, int(number**0.5) + 1))\n\n"
        "primes = []\ncandidate = 2\n"
        f"while len(primes) < {count}:\n"
        "    if is_prime(candidate):\n        primes.append(candidate)\n    candidate += 1\n"
        "print(sum(primes))\n"
    )
    primes: list[int] = []
    candidate = 2
    while len(primes) < count:
        root = math.isqrt(candidate)
        if all(candidate % prime for prime in primes if prime <= root):
            primes.append(candidate)
        candidate += 1
    return Run(code, f"{sum(primes)}\n")


def _factorial(found: re.Match[str]) -> Run | None:
    number = int(found[1])
    if number > 500:
        return None
    return Run(f"import math\n\nprint(math.factorial({number}))\n", f"{math.factorial(number)}\n")


def _fibonacci(found: re.Match[str]) -> Run | None:
    number = int(found[1] or found[2])
    if number > LIMIT:
        return None
    first, second = 0, 1
    for _ in range(number):
        first, second = second, first + second
    code = f"a, b = 0, 1\nfor _ in range({number}):\n    a, b = b, a + b\nprint(a)\n"
    return Run(code, f"{first}\n")


def _range_sum(found: re.Match[str]) -> Run | None:
    first, last = int(found[1]), int(found[2])
    total = (first + last) * (last - first + 1) // 2 if last >= first else 0
    return Run(f"print(sum(range({first}, {last} + 1)))\n", f"{total}\n")


def _mean(found: re.Match[str]) -> Run | None:
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", found[1])]
    shown = ", ".join(map(arithmetic.show, numbers))
    code = f"numbers = [{shown}]\nprint(sum(numbers) / len(numbers))\n"
    return Run(code, f"{arithmetic.show(sum(numbers) / len(numbers))}\n")


def _print(found: re.Match[str]) -> Run | None:
    inner = found[1].strip()
    if inner[:1] in "\"'" and inner[-1:] == inner[:1] and len(inner) > 1:
        return Run(f"print({inner})\n", f"{inner[1:-1]}\n")
    made = arithmetic.work_out(inner)
    if made is None:
        return None
    if made.error:
        return Run(f"print({inner})\n", f"{made.error}\n", "OUTCOME_FAILED")
    return Run(f"print({inner})\n", f"{made.result}\n")


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE)


_RECIPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Run | None]], ...] = (
    (_pattern(r"\bprint\(([^\n]{1,200}?)\)(?=\s|$|`|[.,;?!])"), _print),
    (_pattern(r"\bsum of the first (\d{1,5}) prime"), _primes),
    (_pattern(r"\bfactorial of (\d{1,4})\b"), _factorial),
    (
        _pattern(
            r"\b(\d{1,5})(?:st|nd|rd|th) fibonacci\b|\bfibonacci (?:number )?(?:of )?(\d{1,5})\b"
        ),
        _fibonacci,
    ),
    (
        _pattern(
            r"\bsum of (?:all )?(?:the )?(?:numbers|integers) (?:from|between) "
            r"(\d{1,12}) (?:to|and) (\d{1,12})\b"
        ),
        _range_sum,
    ),
    (_pattern(r"\b(?:mean|average) of ((?:-?\d+(?:\.\d+)?(?:, ?| and |, and )?){2,50})"), _mean),
)
