"""The text of an answer in JSON mode, as the Python type that was asked for."""

from __future__ import annotations

import re
from typing import Any

from gemini_grpc.functions import MisfitError, parse

_FENCED = re.compile(r"\s*```[\w+-]*[ \t]*\n(.*?)\n?[ \t]*```\s*", re.DOTALL)


def parse_answer(text: str, annotation: object | None) -> object:
    """Return the JSON of an answer as a type; plain Python values if no type was asked for.

    A fence of code around it, which some models write, is taken off when it does not parse as it is.

    Raises:
        MisfitError: The text is not JSON, or does not fit.
    """
    wanted = Any if annotation is None else annotation
    try:
        return parse(text, wanted)
    except MisfitError:
        fenced = _FENCED.fullmatch(text)
        if fenced is None:
            raise
        return parse(fenced[1], wanted)
