"""Lists that come in pages, in both colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault

if TYPE_CHECKING:
    from tests.colours import Sync


@pytest.fixture
def models(connect: Callable[..., Any], emulator: Emulator) -> Any:
    return connect(emulator, "ModelService")


def names(models: list[Any]) -> list[str]:
    return [model.name for model in models]


def pages(colour: Sync, pager: Any) -> list[Any]:
    return colour.drain(pager.pages)


def test_items_come_over_all_pages_in_order(colour: Sync, models: Any, emulator: Emulator) -> None:
    whole = names(colour.drain(colour.call(models.list_models, page_size=1000)))
    emulator.reset_journal()
    assert names(colour.drain(colour.call(models.list_models, page_size=4))) == whole
    assert len(emulator.journal) == -(-len(whole) // 4)


def test_a_page_is_fetched_when_it_is_needed(colour: Sync, models: Any, emulator: Emulator) -> None:
    pager = colour.call(models.list_models, page_size=2)
    assert [colour.next(pager).name for _ in range(2)]
    assert len(emulator.journal) == 1
    assert colour.next(pager)
    assert len(emulator.journal) == 2


def test_pages_are_the_responses(colour: Sync, models: Any) -> None:
    whole = names(colour.drain(colour.call(models.list_models, page_size=1000)))
    found = pages(colour, colour.call(models.list_models, page_size=7))
    assert [name for page in found for name in names(page.models)] == whole
    assert {len(page.models) for page in found[:-1]} == {7}
    assert not found[-1].next_page_token


def test_pages_begin_with_the_one_read_last(colour: Sync, models: Any) -> None:
    pager = colour.call(models.list_models, page_size=2)
    for _ in range(3):
        last = colour.next(pager)
    assert last.name in names(pages(colour, pager)[0].models)


def test_a_pager_has_the_attributes_of_the_response_read_last(colour: Sync, models: Any) -> None:
    pager = colour.call(models.list_models, page_size=4)
    first = pager.next_page_token
    assert len(pager.models) == 4
    assert first
    for _ in range(5):
        colour.next(pager)
    assert pager.next_page_token != first
    with pytest.raises(AttributeError):
        _ = pager.nothing
    with pytest.raises(AttributeError, match="_secret"):
        _ = pager._secret


def test_after_a_page_that_failed_the_same_is_fetched_again(
    colour: Sync, models: Any, emulator: Emulator
) -> None:
    whole = names(colour.drain(colour.call(models.list_models, page_size=1000)))
    pager = colour.call(models.list_models, page_size=3)
    read = [colour.next(pager) for _ in range(3)]
    emulator.script("ListModels", [Fault("PERMISSION_DENIED")])
    with pytest.raises(errors.PermissionDenied):
        colour.next(pager)
    assert names(read + colour.drain(pager)) == whole


def test_a_list_without_items_is_empty(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    corpora = connect(emulator, "RetrieverService")
    assert colour.drain(colour.call(corpora.list_corpora)) == []
