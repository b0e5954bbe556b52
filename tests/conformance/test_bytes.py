"""Random messages of every type, written by one library and read by the other."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gemini_grpc.rpc import interop
from tests.strategies import messages

VERSIONS = ("v1alpha", "v1beta")


def pairs() -> list[Any]:
    """Return our class and google's of every message, also of the nested ones."""
    found = []
    for version in VERSIONS:
        ours = importlib.import_module(f"gemini_grpc.{version}.types")
        google = importlib.import_module(f"google.ai.generativelanguage_{version}.types")
        for name in ours.__all__:
            # what google's release does not have yet, `test_descriptors` names
            if hasattr(getattr(ours, name), "pb") and hasattr(google, name):
                found += with_nested(getattr(ours, name), getattr(google, name), name, version)
    return found


def with_nested(ours: Any, google: Any, name: str, version: str) -> list[Any]:
    found = [pytest.param(ours, google, id=f"{version}.{name}")]
    for nested in ours.pb().DESCRIPTOR.nested_types:
        inner = nested.name
        if not nested.GetOptions().map_entry and hasattr(google, inner):
            found += with_nested(
                getattr(ours, inner), getattr(google, inner), f"{name}.{inner}", version
            )
    return found


def encoded(pb: Any) -> bytes:
    return pb.SerializeToString(deterministic=True)


def as_data(pb: Any) -> dict[str, Any]:
    """Return what a message holds under the names it has in Python; unknown fields are not in it."""
    return json_format.MessageToDict(pb, preserving_proto_field_name=True)


@pytest.mark.parametrize(("ours", "google"), pairs())
def test_either_reads_what_the_other_writes(ours: Any, google: Any) -> None:
    our_pb, google_pb = ours.pb(), google.pb()

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(messages(our_pb), messages(google_pb))
    def check(written_by_us: Any, written_by_google: Any) -> None:
        read = google_pb.FromString(encoded(written_by_us))
        assert as_data(read) == as_data(written_by_us)
        assert encoded(read) == encoded(written_by_us)
        read = our_pb.FromString(encoded(written_by_google))
        assert as_data(read) == as_data(written_by_google)
        assert encoded(read) == encoded(written_by_google)

    check()


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_message_of_googles_is_taken_for_ours(version: str, data: st.DataObject) -> None:
    ours = importlib.import_module(f"gemini_grpc.{version}")
    google = importlib.import_module(f"google.ai.generativelanguage_{version}")
    name = data.draw(st.sampled_from([n for n in ours.types.__all__ if n in dir(google)]))
    if not hasattr(getattr(ours, name), "pb"):
        return
    theirs = data.draw(messages(getattr(google, name).pb()))
    for given_by_user in (theirs, getattr(google, name).wrap(theirs)):
        assert encoded(getattr(ours, name)(given_by_user)._pb) == encoded(theirs)


def test_google_is_not_known_by_name_only() -> None:
    assert interop.upstream_name("gemini_grpc.v1beta.Model") == (
        "google.ai.generativelanguage.v1beta.Model"
    )
    assert interop.upstream_name("google.protobuf.Struct") == "google.protobuf.Struct"


OURS = (
    "from gemini_grpc import v1alpha as a, v1beta as b, aiplatform_v1; a.types.Content; b.Content"
)
GOOGLES = (
    "from google.ai import generativelanguage_v1alpha as ga, generativelanguage_v1beta as gb; "
    "ga.Content; gb.Content"
)
TOGETHER = """
for ours, google in ((a, ga), (b, gb)):
    names = [name for name in ours.types.__all__ if hasattr(getattr(ours, name), "pb")]
    assert len(names) > 150
    theirs = google.GenerateContentRequest(
        model="models/x", contents=[{"role": "user", "parts": [{"text": "Hi"}]}]
    )
    request = ours.GenerateContentRequest(theirs)
    assert request.contents[0].parts[0].text == "Hi"
    assert ours.GenerateContentRequest.serialize(request) == type(theirs).serialize(theirs)
    content = ours.GenerateContentRequest(contents=[theirs.contents[0]])
    assert content.contents == request.contents
assert b.Content(role="user") != gb.Content(role="user")
assert aiplatform_v1.Content(parts=[{"text": "x"}]).parts[0].text == "x"
print("together")
"""


@pytest.mark.parametrize("order", [(OURS, GOOGLES), (GOOGLES, OURS)], ids=["ours", "googles"])
def test_both_packages_work_in_one_process_whichever_comes_first(order: tuple[str, str]) -> None:
    program = "\n".join((*order, TOGETHER))
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "together\n", done.stderr
    assert done.stderr == ""


def test_what_googles_release_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    google = importlib.import_module("google.ai.generativelanguage_v1beta.types")
    monkeypatch.delattr(google, "Model")
    monkeypatch.delattr(google.GenerateContentResponse, "PromptFeedback")
    left = {str(each.id) for each in pairs()}
    assert {"v1alpha.Model", "v1beta.GenerateContentResponse"} <= left
    assert not {"v1beta.Model", "v1beta.GenerateContentResponse.PromptFeedback"} & left
