"""Closing a client beside its calls: whoever calls then is told, and nothing crashes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import errors, v1beta

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator
    from tests.colours import Sync

FIELDS = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "hi"}]}]}


@pytest.mark.parametrize("method", ["count_tokens", "stream_generate_content"])
def test_a_call_over_a_channel_that_closes_under_it_is_told_of_it(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, method: str
) -> None:
    client = connect(emulator)
    call = getattr(client, method)
    colour.call(call, **FIELDS)
    (opened,) = client.transport._connection._opened.values()
    colour.call(opened.channel.close)  # as another thread's close() would, midway
    with pytest.raises(errors.ClosedError, match="the client is closed"):
        colour.call(call, **FIELDS)


def test_a_method_is_not_registered_with_a_channel_that_has_closed(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    """grpcio would crash; the thread that closes comes between two steps of another that calls."""
    client = connect(emulator)
    colour.call(client.count_tokens, **FIELDS)
    connection = client.transport._connection
    seen = dict(connection._opened)
    colour.call(client.close)
    connection._opened.update(seen)
    with pytest.raises(errors.ClosedError, match="the client is closed"):
        colour.call(client.generate_content, **FIELDS)


def test_closing_beside_calls_of_other_threads_is_clear_to_them(
    connect: Callable[..., Any], emulator: Emulator
) -> None:
    outcomes: Counter[type[BaseException] | None] = Counter()

    def call_on(client: Any) -> type[BaseException] | None:
        while True:
            try:
                client.count_tokens(**FIELDS, retry=None, timeout=5.0)
            except Exception as error:
                return type(error)

    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
    with ThreadPoolExecutor(4) as pool:
        for index in range(50):
            client = v1beta.GenerativeServiceClient(client_options=options)
            running = [pool.submit(call_on, client) for _ in range(4)]
            time.sleep(index % 5 / 1000)  # some are still opening their connection
            client.close()
            outcomes.update(each.result(10) for each in running)
    assert sum(outcomes.values()) == 200
    assert set(outcomes) <= {errors.ClosedError, errors.google_twin(errors.Cancelled)}
