from __future__ import annotations

import socket
import threading

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault, Latency, Reply, VirtualClock
from gemini_grpc.emulator.catalog import by_path, find
from gemini_grpc.emulator.services import HANDLERS
from gemini_grpc.v1beta import FileServiceClient, GenerativeServiceClient, ModelServiceClient, types

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "tell me about the sea"}]}]


def options_of(emulator: Emulator) -> dict[str, object]:
    return {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}


def ask(emulator: Emulator, **more: object) -> types.GenerateContentResponse:
    with GenerativeServiceClient(client_options=options_of(emulator)) as client:
        return client.generate_content(model=MODEL, contents=CONTENTS, retry=None, **more)


def test_the_same_seed_gives_the_same_bytes():
    answers = []
    for seed in (1, 1, 2):
        with Emulator(seed=seed) as emulator:
            answers.append(types.GenerateContentResponse.pb(ask(emulator)).SerializeToString())
    assert answers[0] == answers[1] != answers[2]


def test_a_port_in_use_is_an_os_error():
    with Emulator() as first:
        port = int(first.target.rpartition(":")[2])
        with pytest.raises(
            OSError, match=f"127.0.0.1:{port} cannot be used: Address already in use"
        ):
            Emulator(port=port).start()


def test_a_host_that_does_not_exist_is_an_os_error():
    with pytest.raises(OSError, match="cannot be used"):
        Emulator(host="nothing.invalid", allow_non_loopback=True).start()


def test_a_port_may_be_chosen():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Emulator(port=port) as emulator:
        assert emulator.target == f"127.0.0.1:{port}"
        assert ask(emulator)


def test_other_machines_are_kept_out_unless_told_otherwise():
    with pytest.raises(errors.ArgumentError, match="allow_non_loopback"):
        Emulator(host="0.0.0.0")
    with Emulator(host="0.0.0.0", allow_non_loopback=True) as emulator:
        assert emulator.target.startswith("0.0.0.0:")


def test_an_emulator_may_be_closed_twice_and_started_again():
    emulator = Emulator().start()
    emulator.close()
    emulator.close()
    with emulator:
        assert ask(emulator)


def test_closing_ends_running_calls():
    emulator = Emulator().start()
    emulator.script("StreamGenerateContent", [Fault(stall=True, after=1)])
    with GenerativeServiceClient(client_options=options_of(emulator)) as client:
        answers = client.stream_generate_content(model=MODEL, contents=CONTENTS, retry=None)
        next(answers)
        emulator.close()
        with pytest.raises(errors.RpcError):
            next(answers)


def test_reset_empties_the_state_and_keeps_scripts_and_journal(emulator, options):
    with FileServiceClient(client_options=options) as files:
        files.create_file(file={"name": "files/one"})
        emulator.script("GenerateContent", [Reply(text="kept")])
        emulator.reset()
        assert list(files.list_files()) == []
    assert ask(emulator).candidates[0].content.parts[0].text == "kept"
    assert [call.method for call in emulator.journal] == [
        "CreateFile",
        "ListFiles",
        "GenerateContent",
    ]


def test_strictness_is_kept_by_reset():
    emulator = Emulator(strict=False, seed=3, latency=Latency(first=1))
    before = emulator.world
    emulator.reset()
    assert emulator.world is not before
    assert (emulator.world.strict, emulator.world.seed) == (False, 3)
    assert emulator.world.latency == before.latency
    assert emulator.world.clock is before.clock


def test_a_request_larger_than_the_limit_is_refused():
    with (
        Emulator(max_receive_bytes=10_000) as emulator,
        GenerativeServiceClient(client_options=options_of(emulator)) as client,
        pytest.raises(errors.ResourceExhausted),
    ):
        client.count_tokens(model=MODEL, contents=[{"parts": [{"text": "x" * 20_000}]}], retry=None)


def test_a_response_larger_than_the_limit_is_refused():
    with Emulator(max_send_bytes=1000) as emulator:
        emulator.script("GenerateContent", [Reply(text="x" * 2000)])
        with pytest.raises(errors.ResourceExhausted):
            ask(emulator)


def test_large_messages_pass_without_limits(emulator):
    emulator.script(
        "GenerateContent", [Reply(call=lambda request: str(len(request.contents[0].parts[0].text)))]
    )
    with GenerativeServiceClient(client_options=options_of(emulator)) as client:
        contents = [{"parts": [{"text": "x" * 6_000_000}]}]
        got = client.generate_content(model=MODEL, contents=contents)
    assert got.candidates[0].content.parts[0].text == "6000000"


def test_calls_above_the_limit_of_a_connection_wait():
    with Emulator(max_concurrent_streams=1) as emulator:
        emulator.script("StreamGenerateContent", [Fault(stall=True, after=1)])
        with GenerativeServiceClient(client_options=options_of(emulator)) as client:
            answers = client.stream_generate_content(model=MODEL, contents=CONTENTS)
            next(answers)
            with pytest.raises(errors.DeadlineExceeded):
                client.generate_content(model=MODEL, contents=CONTENTS, timeout=0.3)
            answers.cancel()
            assert client.generate_content(model=MODEL, contents=CONTENTS, timeout=5.0)


def test_many_streams_run_at_once(emulator):
    count = 64
    emulator.script("StreamGenerateContent", [Reply(chunks=["a"] * 5, pause=0.01, times=None)])
    got: list[int] = []
    with GenerativeServiceClient(client_options=options_of(emulator)) as client:

        def run() -> None:
            got.append(len(list(client.stream_generate_content(model=MODEL, contents=CONTENTS))))

        threads = [threading.Thread(target=run) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == [5] * count


def test_a_request_that_is_no_message_is_refused(emulator):
    import grpc

    with grpc.insecure_channel(emulator.target) as channel:
        path = "/google.ai.generativelanguage.v1beta.ModelService/GetModel"
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(path)(b"\xff\xff", timeout=5.0)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "is not a GetModelRequest" in caught.value.details()


def test_a_path_that_does_not_exist_is_unimplemented(emulator):
    import grpc

    with grpc.insecure_channel(emulator.target) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/no.Service/Method")(b"", timeout=5.0)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    "options",
    [
        {"port": -1},
        {"max_concurrent_streams": 0},
        {"max_connection_age": -1},
        {"max_receive_bytes": "1"},
    ],
)
def test_options_are_checked(options):
    with pytest.raises(errors.ArgumentError, match=next(iter(options))):
        Emulator(**options)


# the catalogue


def test_every_version_and_the_operations_are_in_the_catalogue():
    assert {version for version, _ in by_path().values()} == {"v1alpha", "v1beta", "aiplatform_v1"}
    assert find("GetOperation")[0].path == "/google.longrunning.Operations/GetOperation"
    assert find("GenerativeService.GenerateContent")[0].path.startswith(
        "/google.ai.generativelanguage.v1beta."
    )


# latency


def times(latency: Latency, **request: object) -> tuple[float, list[float]]:
    """Return how long an answer takes, and the times of a stream's messages."""
    clock = VirtualClock(auto=True)
    with Emulator(clock=clock, latency=latency) as emulator:
        begun = clock.now()
        ask(emulator)
        whole = clock.now() - begun
        begun = clock.now()
        with GenerativeServiceClient(client_options=options_of(emulator)) as client:
            for _ in client.stream_generate_content(model=MODEL, contents=CONTENTS):
                pass
        return whole, [clock.now() - begun]


def test_answers_take_the_time_to_the_first_token_and_the_tokens():
    count = 0
    with Emulator() as emulator:
        count = ask(emulator).usage_metadata.candidates_token_count
    whole, (streamed,) = times(Latency(first=2.0, tokens_per_second=10.0))
    assert whole == pytest.approx(2.0 + count / 10)
    assert streamed == pytest.approx(2.0 + count / 10)


def test_jitter_is_the_same_for_the_same_request():
    latency = Latency(first=2.0, tokens_per_second=10.0, jitter=0.5)
    assert times(latency) == times(latency)
    assert times(latency) != times(Latency(first=2.0, tokens_per_second=10.0))


def test_methods_without_tokens_take_the_first_part_only():
    clock = VirtualClock(auto=True)
    with Emulator(clock=clock, latency=Latency(first=2.0, tokens_per_second=1.0)) as emulator:
        begun = clock.now()
        with ModelServiceClient(client_options=options_of(emulator)) as client:
            client.get_model(name=MODEL)
        assert clock.now() - begun == 2.0


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"first": -1}, "first is -1"),
        ({"tokens_per_second": 0}, "tokens_per_second is 0"),
        ({"jitter": 2}, "jitter is 2"),
    ],
)
def test_a_latency_checks_its_options(options, text):
    with pytest.raises(errors.ArgumentError, match=text):
        Latency(**options)


def test_a_port_that_is_taken_at_the_last_moment_is_an_os_error(monkeypatch, capfd):
    with Emulator() as first:
        second = Emulator(port=int(first.target.rpartition(":")[2]))
        monkeypatch.setattr(second, "_check_port", lambda: None)
        with pytest.raises(OSError, match="another program may have it"):
            second.start()


def test_a_method_without_a_handler_is_unimplemented_unless_scripted(
    emulator, options, monkeypatch
):
    monkeypatch.delitem(HANDLERS, "ModelService.GetModel")
    emulator.script("GetModel", [Reply(message={"name": "models/scripted"})])
    with ModelServiceClient(client_options=options) as client:
        assert client.get_model(name="models/x").name == "models/scripted"
        with pytest.raises(errors.Unimplemented):
            client.get_model(name="models/x")


def test_an_error_of_a_handler_is_internal_and_logged(emulator, options, monkeypatch, caplog):
    monkeypatch.setitem(HANDLERS, "ModelService.GetModel", lambda _: 1 / 0)
    with (
        ModelServiceClient(client_options=options) as client,
        pytest.raises(errors.Internal, match="ZeroDivisionError"),
    ):
        client.get_model(name="models/x")
    assert "the emulator failed" in caplog.text
