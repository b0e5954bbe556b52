"""The messages and enums of the Gemini API, v1beta, under the name that google.generativeai has for them.

To type checkers, `gemini_grpc.protos` is `gemini_grpc.v1beta.types`.
"""

from __future__ import annotations

from gemini_grpc.v1beta import types

__getattr__, __dir__ = types.__getattr__, types.__dir__
__all__ = types.__all__
