"""What is read from docstrings of every style."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_grpc.functions import docstring

GOOGLE = """Find a hotel.

    It asks several agencies.

    Args:
        city (str, optional): Where to look,
            as a name.
        nights: How many: at least one.
        *rest: Others.
        nothing
        bare:

    Returns:
        The hotels.

    Raises:
        ValueError: There is none.
    """
NUMPY = """Find a hotel.

    It asks several agencies.

    Parameters
    ----------
    city : str, optional
        Where to look,
        as a name.
    nights, days : int
        How many.
    **rest
        Others.
    - odd

    Returns
    -------
    list
        The hotels.
    """
SPHINX = """Find a hotel.

    It asks several agencies.

    :param str city: Where to look,
        as a name.
    :parameter nights: How many.
    :param: nobody
    :type nights: int
    :returns: The hotels.
    :raises ValueError: There is none.
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_the_description_ends_where_the_sections_begin(text: str) -> None:
    assert docstring.read(text).description == "Find a hotel.\n\nIt asks several agencies."


def test_google_style_parameters_are_read() -> None:
    assert docstring.read(GOOGLE).parameters == {
        "city": "Where to look, as a name.",
        "nights": "How many: at least one.",
        "rest": "Others.",
        "bare": "",
    }


def test_numpy_style_parameters_are_read() -> None:
    assert docstring.read(NUMPY).parameters == {
        "city": "Where to look, as a name.",
        "nights": "How many.",
        "days": "How many.",
        "rest": "Others.",
    }


def test_sphinx_style_parameters_are_read() -> None:
    assert docstring.read(SPHINX).parameters == {
        "city": "Where to look, as a name.",
        "nights": "How many.",
    }


def test_nothing_is_read_from_nothing() -> None:
    assert docstring.read(None) == docstring.Docstring()
    assert docstring.read("Args:") == docstring.Docstring()


def test_a_line_that_only_looks_like_a_title_is_text() -> None:
    text = "Do it.\n\nImportant:\nNot twice.\n\nSteps\n-----\nOne."
    assert docstring.read(text).description == text


@given(st.text(alphabet="Args:\n -=param*x(,)", max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(docstring.read(text), docstring.Docstring)
