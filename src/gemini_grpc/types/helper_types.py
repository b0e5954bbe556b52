"""How one call is made."""

from __future__ import annotations

from typing import TypeAlias

from gemini_grpc.generative.request_options import RequestOptions

RequestOptionsType: TypeAlias = object

__all__ = ["RequestOptions", "RequestOptionsType"]
