"""Answers from passages under the name of google-generativeai: `answer.generate_answer(...)`."""

from __future__ import annotations

from gemini_grpc.generative._async.answering import generate_answer_async
from gemini_grpc.generative._sync.answering import generate_answer
from gemini_grpc.generative.answering import AnswerStyle

__all__ = ["AnswerStyle", "generate_answer", "generate_answer_async"]
