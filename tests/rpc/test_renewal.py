"""Connections whose client certificate may have been rotated, when a call has failed."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc.emulator import Emulator, Fault
from tests.authority import Authority, Issued

if TYPE_CHECKING:
    from tests.colours import Sync

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "hi"}]}]


@pytest.fixture(autouse=True)
def use_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients use the certificates they are given."""
    monkeypatch.setenv("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true")


@pytest.fixture(scope="module")
def clients() -> Authority:
    """Return who vouches for clients."""
    return Authority("an authority for clients")


@pytest.fixture(scope="module")
def mutual(authority: Authority, clients: Authority) -> Iterator[Emulator]:
    with Emulator(mtls=True, certificates=authority.server(clients=clients)) as running:
        yield running


class Source:
    """A source of certificates, one of whose answers can be held back."""

    def __init__(self, issued: Issued) -> None:
        self.issued = issued
        self.asked = 0
        self.held: int | None = None
        self.inside, self.release = threading.Event(), threading.Event()

    def __call__(self) -> tuple[bytes, bytes]:
        self.asked += 1
        issued = self.issued
        if self.asked == self.held:
            self.inside.set()
            assert self.release.wait(10)
        return issued.source()


@pytest.fixture
def source(clients: Authority) -> Source:
    return Source(clients.issue("first"))


@pytest.fixture
def client(
    connect: Callable[..., Any], mutual: Emulator, authority: Authority, source: Source
) -> Iterator[Any]:
    mutual.reset_journal()
    options = {"ca_certificates": authority.ca, "client_cert_source": source}
    yield connect(api_endpoint=mutual.target, api_key="k", **options)
    mutual.clear_scripts()


def shown(mutual: Emulator, method: str) -> list[list[str | None]]:
    """Return the certificates of the attempts of each call of a method."""
    return [
        [attempt.client_certificate for attempt in call.attempts]
        for call in mutual.journal.calls(method)
    ]


def test_a_certificate_that_is_the_same_keeps_its_connection(
    colour: Sync, client: Any, mutual: Emulator, source: Source
) -> None:
    colour.call(client.count_tokens, model=MODEL, contents=CONTENTS)
    asked = source.asked
    mutual.script("CountTokens", [Fault("UNAVAILABLE")])
    assert colour.call(client.count_tokens, model=MODEL, contents=CONTENTS).total_tokens
    assert source.asked == asked + 1
    attempts = [one for call in mutual.journal.calls("CountTokens") for one in call.attempts]
    assert len(attempts) == 3
    assert len({one.peer for one in attempts}) == 1


def test_calls_that_fail_together_use_the_new_certificate_all(
    colour: Sync, client: Any, mutual: Emulator, clients: Authority, source: Source
) -> None:
    colour.call(client.count_tokens, model=MODEL, contents=CONTENTS)
    source.issued = clients.issue("second")
    mutual.script("CountTokens", [Fault("UNAVAILABLE", times=8)])
    texts = [{"parts": [{"text": f"number {n}"}]} for n in range(8)]  # the journal tells them apart
    calls = [functools.partial(client.count_tokens, model=MODEL, contents=[each]) for each in texts]
    assert all(answer.total_tokens for answer in colour.together(calls))
    again = [attempts for attempts in shown(mutual, "CountTokens") if len(attempts) > 1]
    assert again
    assert {attempts[-1] for attempts in again} == {"second"}


def test_a_call_that_learns_late_of_a_rotation_does_not_end_those_on_the_new_connection(
    colour: Sync,
    client: Any,
    mutual: Emulator,
    clients: Authority,
    source: Source,
) -> None:
    colour.call(client.count_tokens, model=MODEL, contents=CONTENTS)
    source.issued = clients.issue("second")
    source.held = source.asked + 1
    mutual.script("CountTokens", [Fault("UNAVAILABLE", times=2)])
    late = colour.start(client.count_tokens, model=MODEL, contents=CONTENTS)
    assert source.inside.wait(10)  # it is asking for the certificate
    assert colour.call(client.count_tokens, model=MODEL, contents=CONTENTS).total_tokens
    mutual.script("StreamGenerateContent", [Fault(delay=0.5)])
    stream = colour.start(
        client.stream_generate_content, model=MODEL, contents=CONTENTS, retry=None
    )
    while not mutual.journal.calls("StreamGenerateContent"):
        time.sleep(0.001)
    source.release.set()
    assert late.result(10).total_tokens
    assert colour.drain(stream.result(10))
    assert shown(mutual, "StreamGenerateContent") == [["second"]]
