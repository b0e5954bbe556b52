"""Cached contents under the name of google-generativeai: `caching.CachedContent.create(...)`."""

from __future__ import annotations

from gemini_grpc.generative.caching import CachedContent

__all__ = ["CachedContent"]
