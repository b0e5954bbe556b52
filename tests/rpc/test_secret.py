"""A secret does not show."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest

from gemini_grpc.rpc.secret import Secret

SECRET = Secret("hidden-value")


def test_it_prints_as_stars_everywhere() -> None:
    shown = [
        str(SECRET),
        repr(SECRET),
        f"{SECRET}",
        f"{SECRET:>20}",
        f"{SECRET!s} {SECRET!r}",
    ]
    shown += [repr([SECRET]), repr({"key": SECRET})]
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        shown += traceback.format_exception(error)
    assert not any("hidden" in text for text in shown)


def test_only_reveal_gives_it() -> None:
    assert SECRET.reveal() == "hidden-value"
    assert not hasattr(SECRET, "__dict__")
    for write in (pickle.dumps, json.dumps):
        with pytest.raises(TypeError):
            write(SECRET)
    assert copy.deepcopy(SECRET) is SECRET


def test_secrets_compare_by_value() -> None:
    assert Secret("hidden-value") == SECRET
    assert Secret("other") != SECRET
    assert SECRET != "hidden-value"
    assert hash(SECRET) == hash(Secret("hidden-value"))
