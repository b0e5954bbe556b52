"""Python functions that the model can call, and Python types for what it answers.

`Function` and `Functions` describe callables to the model and check what it sends; `schema_of`,
`convert` and `parse` do the same for types alone. Nothing here talks to a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc._lazy import attach

if TYPE_CHECKING:
    from gemini_grpc.functions.conversion import convert as convert
    from gemini_grpc.functions.conversion import parse as parse
    from gemini_grpc.functions.function import Function as Function
    from gemini_grpc.functions.function import Parameter as Parameter
    from gemini_grpc.functions.misfit import MisfitError as MisfitError
    from gemini_grpc.functions.registry import Declaration as Declaration
    from gemini_grpc.functions.registry import Functions as Functions
    from gemini_grpc.functions.registry import UnknownFunctionError as UnknownFunctionError
    from gemini_grpc.functions.result import response_of as response_of
    from gemini_grpc.functions.schema import narrow as narrow
    from gemini_grpc.functions.schema import schema_of as schema_of

__all__ = [
    "Declaration",
    "Function",
    "Functions",
    "MisfitError",
    "Parameter",
    "UnknownFunctionError",
    "convert",
    "narrow",
    "parse",
    "response_of",
    "schema_of",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Declaration": ".registry",
        "Function": ".function",
        "Functions": ".registry",
        "MisfitError": ".misfit",
        "Parameter": ".function",
        "UnknownFunctionError": ".registry",
        "convert": ".conversion",
        "narrow": ".schema",
        "parse": ".conversion",
        "response_of": ".result",
        "schema_of": ".schema",
    },
)
