# Derived by `python -m codegen` from src/gemini_grpc/live/_async/__init__.py. Do not edit.
"""The asynchronous shell of live sessions: it does what the colourless core decides."""
