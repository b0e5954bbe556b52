"""What code imports from `vertexai.generative_models`; the classes are those of the everyday API."""

from typing import TYPE_CHECKING

from gemini_grpc.generative._sync.response import GenerateContentResponse as GenerationResponse
from gemini_grpc.generative.answer_errors import ResponseValidationError
from gemini_grpc.generative.chat import ChatSession
from gemini_grpc.generative.config import GenerationConfig
from gemini_grpc.generative.model import GenerativeModel
from gemini_grpc.generative.part import Content, Image, Part
from gemini_grpc.generative.safety import (
    HarmBlockMethod,
    HarmBlockThreshold,
    HarmCategory,
    SafetySetting,
)
from gemini_grpc.generative.tools import FunctionDeclaration, Tool, ToolConfig
from gemini_grpc.vertexai import grounding

if TYPE_CHECKING:  # what answers are annotated with
    from gemini_grpc.v1beta.types import Candidate, FunctionCall
else:
    from gemini_grpc.aiplatform_v1.types.content import Candidate
    from gemini_grpc.aiplatform_v1.types.tool import FunctionCall

FinishReason = Candidate.FinishReason
"""Why a candidate ended."""

__all__ = [
    "Candidate",
    "ChatSession",
    "Content",
    "FinishReason",
    "FunctionCall",
    "FunctionDeclaration",
    "GenerationConfig",
    "GenerationResponse",
    "GenerativeModel",
    "HarmBlockMethod",
    "HarmBlockThreshold",
    "HarmCategory",
    "Image",
    "Part",
    "ResponseValidationError",
    "SafetySetting",
    "Tool",
    "ToolConfig",
    "grounding",
]
