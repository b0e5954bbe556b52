"""How one call is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from gemini_grpc.generative.request_options import RequestOptions

RequestOptionsType: TypeAlias = RequestOptions | Mapping[str, object] | None

__all__ = ["RequestOptions", "RequestOptionsType"]
