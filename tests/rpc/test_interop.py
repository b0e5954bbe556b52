"""Messages of google's packages where ours are expected."""

from __future__ import annotations

import pytest
from google.ai import generativelanguage_v1alpha, generativelanguage_v1beta

from gemini_grpc import errors, v1beta
from gemini_grpc.rpc import interop

GOOGLES = generativelanguage_v1beta.Content(role="user", parts=[{"text": "Hi"}])
OURS = v1beta.Content(role="user", parts=[{"text": "Hi"}])


def test_upstream_names() -> None:
    assert interop.upstream_name("gemini_grpc.v1beta.Schema.X") == (
        "google.ai.generativelanguage.v1beta.Schema.X"
    )
    assert interop.upstream_name("gemini_grpc.aiplatform_v1.Part") == (
        "google.cloud.aiplatform.v1.Part"
    )
    assert interop.upstream_name("gemini_grpc.v1betamax.Part") == "gemini_grpc.v1betamax.Part"


@pytest.mark.parametrize("given", [GOOGLES, GOOGLES._pb], ids=["proto-plus", "protobuf"])
def test_the_twin_is_taken_whole_and_inside(given: object) -> None:
    assert v1beta.Content(given) == OURS
    assert v1beta.Candidate(content=given).content == OURS
    assert v1beta.GenerateContentRequest(contents=[given, OURS]).contents == [OURS, OURS]
    candidate = v1beta.Candidate()
    candidate.content = given
    assert candidate.content == OURS


def test_enums_of_googles_are_taken() -> None:
    reason = generativelanguage_v1beta.Candidate.FinishReason.STOP
    assert (
        v1beta.Candidate(finish_reason=reason).finish_reason is v1beta.Candidate.FinishReason.STOP
    )


def test_another_message_or_version_is_not_taken() -> None:
    with pytest.raises(errors.FieldError, match="content: expected Content"):
        v1beta.Candidate(content=generativelanguage_v1beta.Part(text="Hi"))
    with pytest.raises(
        errors.FieldError, match=r"expected gemini_grpc.v1beta.Content, got google.*v1alpha"
    ):
        v1beta.Candidate(content=generativelanguage_v1alpha.Content(role="user"))
    assert interop.from_upstream(v1beta.Content.pb(), "text") is None
