# Derived by `python -m codegen` from src/gemini_grpc/generative/_async/__init__.py. Do not edit.
"""The asynchronous shell of the everyday API."""
