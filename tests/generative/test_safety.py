"""Safety settings come from short names, and mean the same on every backend."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.ai import generativelanguage_v1beta as googles

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.generative import safety
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.safety import (
    HarmBlockMethod,
    HarmBlockThreshold,
    HarmCategory,
    SafetySetting,
    to_settings,
)

BACKENDS = (Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l"))
VERTEX = BACKENDS[2]
every_backend = pytest.mark.parametrize("backend", BACKENDS, ids=lambda each: each.version)
USUAL = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")

CATEGORIES = {
    "HARASSMENT": ["harassment", "HARASSMENT", "harm_category_harassment"],
    "HATE_SPEECH": ["hate", "hate_speech", "Harm_Category_Hate_Speech"],
    "SEXUALLY_EXPLICIT": ["sex", "sexual", "sexually_explicit", "harm_category_sexual"],
    "DANGEROUS_CONTENT": ["danger", "dangerous", "dangerous_content", "harm_category_dangerous"],
    "CIVIC_INTEGRITY": ["civic", "civic_integrity", "HARM_CATEGORY_CIVIC_INTEGRITY"],
    "UNSPECIFIED": ["unspecified", "HARM_CATEGORY_UNSPECIFIED"],
}
THRESHOLDS = {
    "HARM_BLOCK_THRESHOLD_UNSPECIFIED": ["unspecified", "HARM_BLOCK_THRESHOLD_UNSPECIFIED", 0],
    "BLOCK_LOW_AND_ABOVE": ["low", "block_low_and_above", 1],
    "BLOCK_MEDIUM_AND_ABOVE": ["med", "medium", "BLOCK_MEDIUM_AND_ABOVE", 2],
    "BLOCK_ONLY_HIGH": ["high", "block_only_high", 3],
    "BLOCK_NONE": ["none", "block_none", 4],
    "OFF": ["off", "OFF", 5],
}


def setting(backend: Backend, category: str, threshold: str, **more: str) -> Any:
    types = backend.types
    made = types.SafetySetting(category=f"HARM_CATEGORY_{category}", threshold=threshold, **more)
    return types.SafetySetting.pb(made)


@every_backend
@pytest.mark.parametrize(
    ("full", "name"), [(full, name) for full, names in CATEGORIES.items() for name in names]
)
def test_categories_have_short_names(backend: Backend, full: str, name: str) -> None:
    assert to_settings({name: "high"}, backend) == [setting(backend, full, "BLOCK_ONLY_HIGH")]


@every_backend
@pytest.mark.parametrize(
    ("full", "name"), [(full, name) for full, names in THRESHOLDS.items() for name in names]
)
def test_a_threshold_alone_is_for_the_usual_categories(
    backend: Backend, full: str, name: Any
) -> None:
    assert to_settings(name, backend) == [setting(backend, each, full) for each in USUAL]


@every_backend
@pytest.mark.parametrize("types", [v1beta, v1alpha, aiplatform_v1, googles, None])
def test_members_of_every_enum_mean_their_name(backend: Backend, types: Any) -> None:
    category, threshold = HarmCategory, HarmBlockThreshold
    if types is not None:
        category, threshold = types.HarmCategory, types.SafetySetting.HarmBlockThreshold
    expected = [setting(backend, "HATE_SPEECH", "BLOCK_NONE")]
    hate, none = category.HARM_CATEGORY_HATE_SPEECH, threshold.BLOCK_NONE
    assert to_settings({hate: none}, backend) == expected
    assert to_settings([SafetySetting(hate, none)], backend) == expected
    assert to_settings(SafetySetting(hate, none), backend) == expected
    assert to_settings([{"category": hate, "threshold": none}], backend) == expected
    assert to_settings({"category": hate, "threshold": none}, backend) == expected
    if types is not None:
        message = types.SafetySetting(category=hate, threshold=none)
        assert to_settings([message], backend) == expected
        assert to_settings(message, backend) == expected


def test_numbers_are_those_of_the_backend() -> None:
    assert to_settings({8: 4}, BACKENDS[0]) == [setting(BACKENDS[0], "HATE_SPEECH", "BLOCK_NONE")]
    assert to_settings({1: 4}, VERTEX) == [setting(VERTEX, "HATE_SPEECH", "BLOCK_NONE")]


def test_neutral_members_fit_into_messages_of_every_backend() -> None:
    for backend in BACKENDS:
        made = backend.types.SafetySetting(
            category=HarmCategory.HARM_CATEGORY_HATE_SPEECH, threshold=HarmBlockThreshold.OFF
        )
        assert backend.types.SafetySetting.pb(made) == setting(backend, "HATE_SPEECH", "OFF")


@pytest.mark.parametrize(
    "method",
    [
        "severity",
        "HARM_BLOCK_METHOD_SEVERITY",
        1,
        HarmBlockMethod.SEVERITY,
        aiplatform_v1.SafetySetting.HarmBlockMethod.SEVERITY,
    ],
)
def test_vertex_has_a_method(method: Any) -> None:
    given = SafetySetting("hate", "low", method)
    expected = setting(VERTEX, "HATE_SPEECH", "BLOCK_LOW_AND_ABOVE", method="SEVERITY")
    assert to_settings([given], VERTEX) == [expected]
    for backend in BACKENDS[:2]:
        with pytest.raises(
            UnsupportedError, match=r"safety_settings\[0\].method: .* has no Safety"
        ):
            to_settings([given], backend)


@every_backend
def test_what_is_given_replaces_the_same_categories(backend: Backend) -> None:
    base = to_settings({"hate": "low", "sex": "high"}, backend)
    merged = to_settings({"sex": "none", "danger": "off"}, backend, base)
    assert merged == to_settings({"hate": "low", "sex": "none", "danger": "off"}, backend)
    assert to_settings(None, backend, base) == base
    assert to_settings([], backend) == []
    assert to_settings((each for each in ["x"] if not each), backend) == []


@every_backend
@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ({"hat": "low"}, errors.ArgumentError, r"\[0\].category is 'hat'; did you mean 'hate'"),
        ({"hate": "lo"}, errors.ArgumentError, r"\[0\].threshold is 'lo'; did you mean 'low'"),
        ("lowest", errors.ArgumentError, r"threshold is 'lowest'; did you mean 'low'"),
        ({"hate": 9}, errors.ArgumentError, r"threshold is 9; expected one of 0 \(HARM_BLOCK"),
        ({99: "low"}, errors.ArgumentError, "category is 99; expected one of 0"),
        (
            {"hate": 1.5},
            errors.FieldError,
            "a member of HarmBlockThreshold, its name or its number",
        ),
        ({"hate": True}, errors.FieldError, "got bool"),
        ([3], errors.FieldError, r"safety_settings\[0\]: expected a SafetySetting .* got int"),
        (3.5, errors.FieldError, "expected a threshold, a mapping .* got float"),
        ([{"category": "hate"}], errors.FieldError, r"safety_settings\[0\]: threshold is missing"),
        ([{"threshold": "low"}], errors.FieldError, "category is missing"),
        (
            [{"category": "hate", "threshold": "low", "mehtod": 1}],
            errors.FieldError,
            "SafetySetting has no field 'mehtod'",
        ),
        ([v1beta.Part()], errors.FieldError, "expected SafetySetting, got Part"),
    ],
)
def test_what_is_no_setting_is_named(
    backend: Backend, value: Any, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        to_settings(value, backend)


def test_what_a_backend_lacks_is_named() -> None:
    old = v1beta.HarmCategory.HARM_CATEGORY_TOXICITY
    with pytest.raises(
        UnsupportedError, match=r"Vertex AI has no HarmCategory.HARM_CATEGORY_TOXICITY"
    ):
        to_settings({old: "low"}, VERTEX)
    with pytest.raises(
        UnsupportedError, match=r"v1beta has no HarmCategory.HARM_CATEGORY_JAILBREAK"
    ):
        to_settings({"jailbreak": "low"}, BACKENDS[0])
    message = v1beta.SafetySetting(category=old, threshold="BLOCK_NONE")
    with pytest.raises(UnsupportedError, match=r"safety_settings\[0\].category: Vertex AI has no"):
        to_settings([message], VERTEX)


@pytest.mark.parametrize("version", [v1beta, v1alpha, aiplatform_v1], ids=lambda v: v.__name__)
def test_members_equal_those_of_answers(version: Any) -> None:
    rating = version.SafetyRating(category="HARM_CATEGORY_HARASSMENT")
    assert rating.category == HarmCategory.HARM_CATEGORY_HARASSMENT
    ours = HarmCategory.HARM_CATEGORY_HARASSMENT
    assert ours == rating.category
    assert rating.category != HarmCategory.HARM_CATEGORY_HATE_SPEECH
    setting = version.SafetySetting(threshold="OFF")
    assert setting.threshold == HarmBlockThreshold.OFF
    assert HarmBlockThreshold.OFF == "OFF"
    assert HarmBlockThreshold.OFF != HarmBlockThreshold.BLOCK_NONE
    assert HarmBlockThreshold.OFF != 5
    assert ours != setting.threshold
    assert len({HarmBlockThreshold.OFF, HarmBlockThreshold("OFF")}) == 1


def test_the_enums_are_attributes_of_a_setting() -> None:
    assert SafetySetting.HarmCategory is HarmCategory
    assert SafetySetting.HarmBlockThreshold is HarmBlockThreshold
    assert SafetySetting.HarmBlockMethod is HarmBlockMethod


@every_backend
def test_a_setting_goes_through_json(backend: Backend) -> None:
    category = HarmCategory.HARM_CATEGORY_HATE_SPEECH
    setting = SafetySetting(category, "low")
    told = {"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_LOW_AND_ABOVE"}
    assert setting.to_dict() == told
    again = SafetySetting.from_dict(json.loads(json.dumps(setting.to_dict())))
    assert (again.category, again.threshold) == (category, "BLOCK_LOW_AND_ABOVE")
    assert to_settings([again], backend) == to_settings([setting], backend)


def test_a_dictionary_of_a_setting_has_what_is_set() -> None:
    setting = SafetySetting("hate", HarmBlockThreshold.OFF, HarmBlockMethod.SEVERITY)
    assert setting.to_dict() == {
        "category": "HARM_CATEGORY_HATE_SPEECH",
        "threshold": "OFF",
        "method": "SEVERITY",
    }
    assert SafetySetting.from_dict(setting.to_dict()).to_dict() == setting.to_dict()
    assert SafetySetting(7, 1).to_dict() == {"category": 7, "threshold": 1}
    with pytest.raises(errors.ArgumentError, match="category is 'hat'"):
        SafetySetting("hat", "low").to_dict()


@pytest.mark.parametrize("wrong", [{}, {"category": "hate"}, {"category": "hate", "limit": "low"}])
def test_what_describes_no_setting_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(errors.FieldError, match="category, threshold and perhaps method; got"):
        SafetySetting.from_dict(wrong)


@every_backend
@pytest.mark.parametrize("name", ["category", "threshold", "method"])
def test_a_name_that_only_the_protos_have_yet_is_known(
    backend: Backend, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"category": backend.types.HarmCategory(0), "threshold": 0}
    monkeypatch.setitem(safety._WORDS, name, ("none_", {}))
    field: Any = backend.pb("SafetySetting").DESCRIPTOR.fields_by_name.get(name)
    for member in field.enum_type.values if field is not None else ():
        (setting,) = to_settings([{**given, name: member.name}], backend)
        assert getattr(setting, name) == member.number
