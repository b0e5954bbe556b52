"""Files that prompts refer to."""

from __future__ import annotations

from gemini_grpc.generative.argument_types import FileDataDict, FileDataType
from gemini_grpc.generative.files import File, FileFailedError

__all__ = ["File", "FileDataDict", "FileDataType", "FileFailedError"]
