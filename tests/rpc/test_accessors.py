"""Reading a field gives what plain proto-plus gives: compared with google's classes on the same data."""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import proto
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gemini_grpc import v1beta
from gemini_grpc.rpc import accessors
from tests.strategies import messages


def same(ours: Any, google: Any) -> None:
    """Fail unless both are the same value, of types that correspond."""
    if isinstance(ours, proto.Message):
        assert type(ours).__qualname__ == type(google).__qualname__
        assert bool(ours) == bool(google)
        for name in type(google).meta.fields:
            assert (name in ours) == (name in google)
            mine, theirs = getattr(ours, name), getattr(google, name)
            if name in ours or not isinstance(mine, proto.Message):
                same(mine, theirs)  # an unset message is empty, and may contain its own kind
            else:
                assert not mine
                assert type(mine).__qualname__ == type(theirs).__qualname__
    elif isinstance(ours, Mapping):
        assert isinstance(google, Mapping)
        assert sorted(ours) == sorted(google)
        for key in ours:
            same(ours[key], google[key])
    elif isinstance(ours, Sequence) and not isinstance(ours, (str, bytes)):
        same_lists(ours, google)
    elif isinstance(ours, proto.Enum):
        assert type(ours).__qualname__ == type(google).__qualname__
        assert (ours.name, ours.value) == (google.name, google.value)
    else:
        assert type(ours) is type(google)
        assert ours == google


def same_lists(ours: Any, google: Any) -> None:
    assert len(ours) == len(google)
    assert bool(ours) == bool(google)
    for index, (mine, theirs) in enumerate(zip(ours, google, strict=True)):
        same(mine, theirs)
        same(ours[index], theirs)


@pytest.mark.parametrize("version", ["v1alpha", "v1beta"])
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_field_reads_as_in_proto_plus(version: str, data: st.DataObject) -> None:
    ours = importlib.import_module(f"gemini_grpc.{version}.types")
    google = importlib.import_module(f"google.ai.generativelanguage_{version}.types")
    names = [name for name in ours.__all__ if hasattr(getattr(ours, name), "pb")]
    name = data.draw(st.sampled_from(names))
    mine, theirs = getattr(ours, name), getattr(google, name)
    pb = data.draw(messages(mine.pb()))
    with warnings.catch_warnings(record=True) as about_unknown_values:
        warnings.simplefilter("always")
        same(mine.wrap(pb), theirs.deserialize(pb.SerializeToString()))
    assert all("Unrecognized" in str(warning.message) for warning in about_unknown_values)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_dictionaries_and_json_are_those_of_proto_plus(data: st.DataObject) -> None:
    google = importlib.import_module("google.ai.generativelanguage_v1beta.types")
    names = [name for name in v1beta.types.__all__ if hasattr(getattr(v1beta, name), "pb")]
    name = data.draw(st.sampled_from(names))
    mine, theirs = getattr(v1beta, name), getattr(google, name)
    pb = data.draw(messages(mine.pb(), unknown_enums=False))
    twin = theirs.deserialize(pb.SerializeToString())
    as_dict = mine.to_dict(mine.wrap(pb))
    assert as_dict == theirs.to_dict(twin)
    told = mine.to_json(mine.wrap(pb), preserving_proto_field_name=True)
    # as values: the entries of a map come in any order
    assert json.loads(told) == json.loads(theirs.to_json(twin, preserving_proto_field_name=True))
    assert mine.from_json(mine.to_json(mine.wrap(pb)))._pb == pb


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_assigning_what_was_read_changes_nothing(data: st.DataObject) -> None:
    names = [name for name in v1beta.types.__all__ if hasattr(getattr(v1beta, name), "pb")]
    cls = getattr(v1beta, data.draw(st.sampled_from(names)))
    message = cls.wrap(data.draw(messages(cls.pb(), unknown_enums=False)))
    before = cls.serialize(message)
    fresh = cls()
    for name in cls.meta.fields:
        if name in message:
            value = getattr(message, name)
            setattr(message, name, value)
            setattr(fresh, name, value)
    assert cls.deserialize(before) == message == fresh


def test_importing_does_not_make_properties_and_reading_does() -> None:
    code = (
        "from gemini_grpc.v1beta.types.content import Content; "
        "assert 'role' not in Content.__dict__; Content(role='x').role; "
        "assert 'role' in Content.__dict__"
    )
    import subprocess
    import sys

    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_subclass_shares_the_properties_of_its_message() -> None:
    class Mine(v1beta.Part):
        pass

    assert Mine(text="a").text == "a"
    assert "text" in v1beta.Part.__dict__
    assert "text" not in Mine.__dict__


def test_install_tells_whether_there_are_fields() -> None:
    assert accessors.install(v1beta.Part)
    assert not accessors.install(int)


def every_message() -> list[Any]:
    found: list[Any] = []
    for version in ("v1alpha", "v1beta", "aiplatform_v1"):
        types = importlib.import_module(f"gemini_grpc.{version}.types")
        waiting = [getattr(types, name) for name in types.__all__]
        while waiting:
            cls = waiting.pop()
            if hasattr(cls, "pb"):
                found.append(cls)
                waiting += [value for value in vars(cls).values() if isinstance(value, type)]
    return found


def test_every_field_of_every_message_can_be_read_and_set_to_what_was_read() -> None:
    failed = {}
    for cls in every_message():
        for name in cls.pb().DESCRIPTOR.fields_by_name:
            try:
                message = cls()
                setattr(message, name, getattr(message, name))
            except Exception as error:
                failed[f"{cls._meta.full_name}.{name}"] = repr(error)
    assert failed == {}
