# Derived by `python -m codegen` from src/gemini_grpc/rpc/_async/__init__.py. Do not edit.
"""The asynchronous shell: it does what the colourless core decides."""
