"""A resource is a view of a message: typed, whole, and a value."""

from __future__ import annotations

import copy
import json
import operator
import pickle
import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_grpc import v1alpha, v1beta
from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative import member
from gemini_grpc.generative.catalog import Model
from gemini_grpc.generative.chunks import Chunk, ChunkState
from gemini_grpc.generative.corpora import Corpus
from gemini_grpc.generative.files import File
from gemini_grpc.generative.permissions import Role
from gemini_grpc.generative.resource import shortest
from gemini_grpc.generative.tuning import TunedModel, TunedModelState

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_one_can_be_made_by_hand() -> None:
    corpus = Corpus(name="corpora/x", display_name="X", create_time=NOW)
    assert (corpus.name, corpus.display_name, corpus.create_time) == ("corpora/x", "X", NOW)
    assert corpus.update_time is None
    with pytest.raises(FieldError, match="did you mean 'display_name'"):
        Corpus(displayname="X")


def test_states_are_the_same_enum_whatever_the_version() -> None:
    for types in (v1beta.types, v1alpha.types):
        tuned = TunedModel.of(types.TunedModel(state="ACTIVE"), None)
        state: int = tuned.state
        assert state is TunedModelState.ACTIVE
        states: list[Any] = [state]
        assert v1beta.types.TunedModel.State.ACTIVE in states
    assert Chunk(state=10).state is ChunkState.STATE_FAILED


def test_a_state_of_a_newer_server_stays_a_number() -> None:
    assert TunedModel(state=77).state == 77


def test_a_field_of_a_newer_server_is_kept_and_goes_back() -> None:
    newer = b"\xba\x3e\x03new"  # field 999, which our message does not have
    known = v1beta.types.Corpus.pb(v1beta.types.Corpus(name="corpora/x")).SerializeToString()
    corpus = Corpus.of(v1beta.types.Corpus.deserialize(known + newer), None)
    assert corpus.name == "corpora/x"
    assert corpus._pb.SerializeToString().endswith(newer)
    request: Any = v1beta.types.UpdateCorpusRequest
    assert request(corpus=corpus)._pb.SerializeToString().endswith(newer)


def test_an_unset_number_is_none_and_a_set_zero_is_zero() -> None:
    assert Model().temperature is None
    assert Model(temperature=0.0).temperature == 0.0
    assert Model().input_token_limit == 0  # the proto does not tell it from unset
    assert Model().display_name == ""


def test_a_mistyped_attribute_names_the_nearest() -> None:
    with pytest.raises(AttributeError, match="did you mean 'display_name'"):
        operator.attrgetter("displayname")(Model())
    assert not hasattr(Model(), "_nothing")


def test_it_is_a_value() -> None:
    model = Model(name="models/x", input_token_limit=3)
    assert model == Model(name="models/x", input_token_limit=3)
    assert model != Model(name="models/y")
    assert model != Corpus(name="models/x")
    assert repr(model) == "Model(name='models/x', input_token_limit=3)"
    assert model.to_dict() == {"name": "models/x", "input_token_limit": 3}
    assert isinstance(model.to_proto(), v1beta.types.Model)
    assert copy.copy(model) == model
    assert pickle.loads(pickle.dumps(model)) == model
    with pytest.raises(TypeError, match="unhashable"):
        hash(model)


@pytest.mark.parametrize("value", [Role.READER, 3, "reader", "READER", "role_reader", " Reader "])
def test_a_member_is_chosen_by_member_number_or_name(value: object) -> None:
    assert member.choose(Role, value, "role", prefix="ROLE_") is Role.READER


def test_a_member_of_the_message_is_chosen_as_well() -> None:
    assert member.choose(Role, v1beta.types.Permission.Role.OWNER, "role") is Role.OWNER


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("raeder", "role is 'raeder'; did you mean 'READER'"),
        ("chief!", "expected one of OWNER, WRITER, READER"),
        (0, "role is 0; expected one of"),
        (9, "role is 9; expected one of"),
        ("role_unspecified", "expected one of"),
        (True, "role is True"),
        (None, "role is None"),
    ],
)
def test_what_is_no_member_is_refused(value: object, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        member.choose(Role, value, "role", prefix="ROLE_")


def test_a_resource_is_made_from_a_dictionary_or_a_message() -> None:
    fields = {"name": "files/a", "uri": "https://x/a"}
    for made in (
        File(fields),
        File(**fields),
        File(v1beta.File(fields)),
        File({"name": "files/a"}, uri="https://x/a"),
    ):
        assert (made.name, made.uri) == ("files/a", "https://x/a")
    with pytest.raises(FieldError, match="File has no field 'nam'"):
        File({"nam": "files/a"})


def test_lists_and_numbers_of_resources_are_plain() -> None:
    model = Model(supported_generation_methods=["generateContent"], top_p=0.95, temperature=0.1)
    assert json.dumps(model.supported_generation_methods) == '["generateContent"]'
    assert (model.top_p, model.temperature, model.top_k) == (0.95, 0.1, None)
    snapshot = {"step": 1, "epoch": 2, "mean_loss": 0.3}
    tuned = TunedModel(
        tuning_task={"snapshots": [snapshot], "hyperparameters": {"epoch_count": 3}},
        reader_project_numbers=[1, 2],
    )
    assert json.dumps(tuned.tuning_task.snapshots) == json.dumps(
        [{"step": 1, "epoch": 2, "mean_loss": 0.3, "compute_time": None}]
    )
    assert tuned.tuning_task.snapshots[0].mean_loss == 0.3
    assert tuned.tuning_task.hyperparameters.epoch_count == 3
    assert json.dumps(tuned.reader_project_numbers) == "[1, 2]"
    with pytest.raises(AttributeError, match="snapshot"):
        _ = tuned.tuning_task.snapshot


@given(number=st.floats(width=32))
def test_a_number_is_the_shortest_that_means_the_same(number: float) -> None:
    short = shortest(number)
    assert struct.pack("f", short) == struct.pack("f", number)
