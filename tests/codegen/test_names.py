"""The names of generated code."""

from __future__ import annotations

import keyword

import pytest

from codegen import names


@pytest.mark.parametrize(
    ("camel", "snake"),
    [
        ("GenerateContent", "generate_content"),
        ("GenAiCacheService", "gen_ai_cache_service"),
        ("HTTPRule", "http_rule"),
        ("V2Thing", "v2_thing"),
        ("A", "a"),
    ],
)
def test_snake_case(camel: str, snake: str) -> None:
    assert names.snake(camel) == snake
    assert names.constant(camel) == snake.upper()


@pytest.mark.parametrize("word", [*keyword.kwlist, "type", "format", "license", "max", "list"])
def test_taken_words_get_an_underscore(word: str) -> None:
    assert names.attribute(word) == names.parameter(word) == f"{word}_"


def test_messages_take_a_name_without_the_underscore_as_well() -> None:
    assert names.keywords("type") == ("type_", "type")
    assert names.keywords("title") == ("title",)
    assert names.keywords("from") == ("from_",)  # no Python has this as a keyword argument


@pytest.mark.parametrize("word", ["model", "id", "name", "filter", "title", "match", "default"])
def test_other_words_stay(word: str) -> None:
    assert names.attribute(word) == names.parameter(word) == word


@pytest.mark.parametrize("word", ["request", "timeout", "retry", "metadata"])
def test_a_field_called_like_a_parameter_differs_only_in_calls(word: str) -> None:
    assert names.attribute(word) == word
    assert names.parameter(word) == f"{word}_"


def test_packages() -> None:
    assert names.package("google.cloud.aiplatform.v1") == "aiplatform_v1"
    assert names.registered("google.ai.generativelanguage.v1beta") == "gemini_grpc.v1beta"
    assert names.module("google/ai/x/file_service.proto") == "file_service"


def test_classes_and_resources() -> None:
    assert names.client("FileService", asynchronous=False) == "FileServiceClient"
    assert names.client("FileService", asynchronous=True) == "FileServiceAsyncClient"
    assert names.servicer("FileService") == "FileServiceServicer"
    assert names.resource("generativelanguage.googleapis.com/TunedModel") == "tuned_model"
