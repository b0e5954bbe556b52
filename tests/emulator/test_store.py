from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gemini_grpc.emulator import names
from gemini_grpc.emulator.clock import VirtualClock
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.emulator.store import Record, Store


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(clock: VirtualClock) -> Store:
    return make(clock)


def make(clock: VirtualClock, seed: int = 0) -> Store:
    return Store(seed=seed, lock=threading.RLock(), now=clock.now)


def add(store: Store, name: str, **more: float) -> Record:
    return store.add(Record({"name": name}, **more))


def test_a_record_is_found_by_its_name(store: Store) -> None:
    record = add(store, "files/one")
    assert store.find("files/one") is record
    assert store.get("files/two") is None


def test_a_name_can_be_taken_once(store: Store) -> None:
    add(store, "files/one")
    with pytest.raises(StatusError, match="ALREADY_EXISTS: files/one"):
        add(store, "files/one")


def test_records_are_listed_in_the_order_they_came(store: Store) -> None:
    for name in ("files/b", "files/a", "corpora/c"):
        add(store, name)
    assert [record.name for record in store.records("files")] == ["files/b", "files/a"]


def test_a_change_leaves_the_record_that_others_hold(store: Store) -> None:
    old = add(store, "files/one")
    new = store.change("files/one", data={"name": "files/one", "size": 1})
    assert old.data == {"name": "files/one"}
    assert store.find("files/one") is new
    assert store.change("files/one", private={"key": 1}, expires=9e9).data == new.data


def test_what_has_expired_is_neither_found_nor_listed(store: Store, clock: VirtualClock) -> None:
    add(store, "files/one", expires=clock.now() + 5)
    add(store, "files/two", expires=clock.now() + 5)
    clock.advance(4.9)
    assert store.find("files/one")
    clock.advance(0.1)
    with pytest.raises(StatusError, match="NOT_FOUND"):
        store.find("files/one")
    assert store.records("files") == []


def test_removing_takes_along_what_is_below(store: Store) -> None:
    for name in (
        "corpora/a",
        "corpora/a/documents/d",
        "corpora/a/documents/d/chunks/c",
        "corpora/ab",
    ):
        add(store, name)
    store.remove("corpora/a")
    assert store.get("corpora/a/documents/d/chunks/c") is None
    assert store.get("corpora/ab")
    with pytest.raises(StatusError, match="NOT_FOUND"):
        store.remove("corpora/a")


def test_collections_are_found_by_their_last_word(store: Store) -> None:
    add(store, "tunedModels/a/operations/1")
    add(store, "models/b/operations/2")
    assert store.collections("operations") == ["tunedModels/a/operations", "models/b/operations"]


def test_ids_follow_from_the_seed(clock: VirtualClock) -> None:
    ids = [make(clock, seed).new_id("corpora", "My Corpus!") for seed in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].startswith("my-corpus-")
    assert names.is_id(ids[0])


def test_an_id_that_is_taken_is_not_made_again(store: Store) -> None:
    first = store.new_id("files")
    store.reset()
    add(store, f"files/{first}")
    assert store.new_id("files") != first


def test_reset_forgets_everything_and_makes_the_same_ids_again(store: Store) -> None:
    first = store.new_id("files")
    add(store, f"files/{first}")
    store.reset()
    assert store.records("files") == []
    assert store.new_id("files") == first


def test_many_threads_never_get_the_same_id(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: store.new_id("files"), range(400)))
    assert len(set(made)) == 400
