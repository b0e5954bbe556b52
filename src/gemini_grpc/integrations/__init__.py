"""Gemini for other libraries; each module needs the extra of its name.

With `pip install "gemini-grpc[llama-index]"`, for one, there is `gemini_grpc.integrations.llama_index`.
"""

from gemini_grpc.errors import UsageError


class MissingExtraError(UsageError, ImportError):
    """A package of an extra is not installed; the text names the extra."""
