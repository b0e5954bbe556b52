"""Sums that stand in a prompt: found, and worked out.

Understood are `+ - * / % ^ **`, parentheses, `sqrt`, and the same in words: "7 times 8", "the sum of 2
and 3", "15% of 80", "the square root of 16". A tight `1-2` or `3/4` is only a sum where the prompt asks
for one, because it may as well be a range or a date.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

LARGEST = 10**300
LONGEST = 200  # characters of a sum; longer ones are not for the head
READ = 2000

_NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
_WORDED = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"(?<=\d),(?=\d{3}\b)", ""),
        (rf"\bsum of ({_NUMBER}) and ({_NUMBER})", r"\1 + \2"),
        (rf"\bproduct of ({_NUMBER}) and ({_NUMBER})", r"\1 * \2"),
        (rf"\bdifference (?:between|of) ({_NUMBER}) and ({_NUMBER})", r"\1 - \2"),
        (rf"\badd ({_NUMBER}) (?:and|to|with) ({_NUMBER})", r"\1 + \2"),
        (rf"\bsubtract ({_NUMBER}) from ({_NUMBER})", r"\2 - \1"),
        (rf"\bmultiply ({_NUMBER}) (?:and|by|with) ({_NUMBER})", r"\1 * \2"),
        (rf"\bdivide ({_NUMBER}) by ({_NUMBER})", r"\1 / \2"),
        (rf"({_NUMBER})\s*(?:%|percent) of ({_NUMBER})", r"(\1 / 100 * \2)"),
        (rf"\bsquare root of ({_NUMBER})", r"sqrt(\1)"),
        (r"\bto the power of\b|\^", "**"),
        (r"(?<=\d) squared\b", " ** 2"),
        (r"(?<=\d) cubed\b", " ** 3"),
        (r"(?<=[\d)]) plus (?=[\d(-])", " + "),
        (r"(?<=[\d)]) minus (?=[\d(-])", " - "),
        (r"(?<=[\d)])\s*(?:times|multiplied by|[x\u00d7\u00b7])\s*(?=[\d(-])", " * "),
        (r"(?<=[\d)])\s*(?:divided by|over|\u00f7)\s*(?=[\d(-])", " / "),
        (r"(?<=[\d)]) mod(?:ulo)? (?=[\d(-])", " % "),
    )
)
_SUM = re.compile(r"(?<![\w.])[-(]*(?:sqrt\(|\d)(?:[\d\s.()+*/%-]|sqrt){0,200}[\d)]")
_TIGHT = re.compile(r"\d+(?:[-/]\d+)+")
_ASKING = re.compile(
    r"(?:what(?:'s| is)|calculate|compute|evaluate|how much is|solve|work out|print\()\s*$",
    re.IGNORECASE,
)
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum and what it comes to."""

    expression: str
    """In the notation of Python."""
    result: str
    """The number, or the error when there is none."""
    error: str = ""
    """`ZeroDivisionError: division by zero` or the like."""


def find(text: str) -> Sum | None:
    """Return the first sum of a text, None when there is none.

    Of a long text only the end is read, where the question stands.
    """
    text = text[-READ:]
    for pattern, replacement in _WORDED:
        text = pattern.sub(replacement, text)
    for match in _SUM.finditer(text):
        found = work_out(_balanced(match[0]))
        if found is None:
            continue
        alone = match[0].strip() == text.strip().rstrip("=? .")
        asked = alone or _ASKING.search(text[: match.start()])
        if asked or not _TIGHT.fullmatch(match[0].strip()):
            return found
    return None


def work_out(expression: str) -> Sum | None:
    """Return what an expression comes to, None when it is not a sum."""
    if len(expression) > LONGEST:
        return None
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(tree, ast.BinOp | ast.Call):
        return None
    shown = ast.unparse(tree)
    try:
        return Sum(shown, show(_value(tree)))
    except ArithmeticError as error:
        return Sum(shown, "undefined", f"{type(error).__name__}: {error}")
    except ValueError:
        return None


def show(value: float) -> str:
    """Return a number as people write it: whole ones without a fraction."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value) if isinstance(value, int) else f"{value:.10g}"


def _value(node: ast.AST) -> float:
    """Return the value of a syntax tree.

    Raises:
        ArithmeticError: The sum has no result, or one that is too large.
        ValueError: It holds something that is no arithmetic.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _value(node.operand)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.Call):
        return _root(node)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _combined(node)
    raise ValueError(f"{type(node).__name__} is not arithmetic")


def _combined(node: ast.BinOp) -> float:
    left, right = _value(node.left), _value(node.right)
    if isinstance(node.op, ast.Pow) and _too_large(left, right):
        raise OverflowError("the result is too large")
    result = _OPERATORS[type(node.op)](left, right)
    if isinstance(result, complex) or abs(result) > LARGEST:
        raise OverflowError("the result is too large")
    return result


def _too_large(base: float, exponent: float) -> bool:
    """Tell whether a power is beyond the largest number, without working it out."""
    return abs(base) > 1 and exponent * math.log10(abs(base)) > 300


def _root(node: ast.Call) -> float:
    if not (isinstance(node.func, ast.Name) and node.func.id == "sqrt" and len(node.args) == 1):
        raise ValueError("only sqrt is known")
    inner = _value(node.args[0])
    if inner < 0:
        raise ArithmeticError("math domain error")
    return math.sqrt(inner)


def _balanced(expression: str) -> str:
    """Return an expression without the closing parentheses that belong to the sentence around."""
    while expression.count(")") > expression.count("(") and expression.endswith(")"):
        expression = expression[:-1]
    return expression
