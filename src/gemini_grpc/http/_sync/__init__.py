# Derived by `python -m codegen` from src/gemini_grpc/http/_async/__init__.py. Do not edit.
"""The asynchronous HTTP client, from which the synchronous one is derived."""
