"""How one call is made."""

from __future__ import annotations

from gemini_grpc.generative.argument_types import RequestOptionsDict, RequestOptionsType
from gemini_grpc.generative.request_options import RequestOptions

__all__ = ["RequestOptions", "RequestOptionsDict", "RequestOptionsType"]
