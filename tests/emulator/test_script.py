from __future__ import annotations

from collections.abc import Iterator

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault, Pause, Reply, Step, VirtualClock
from gemini_grpc.v1alpha import GenerativeServiceClient as AlphaClient
from gemini_grpc.v1beta import GenerativeServiceClient, ModelServiceClient, types

MODEL = "models/gemini-3.8-flash"


@pytest.fixture
def client(options: dict[str, object]) -> Iterator[GenerativeServiceClient]:
    with GenerativeServiceClient(client_options=options) as made:
        yield made


def ask(
    client: GenerativeServiceClient, text: str = "hi", **more: object
) -> types.GenerateContentResponse:
    return client.generate_content(
        model=MODEL, contents=[{"role": "user", "parts": [{"text": text}]}], retry=None, **more
    )


def said(response: types.GenerateContentResponse) -> str:
    return response.candidates[0].content.parts[0].text


def test_outcomes_are_taken_in_order_and_then_the_rules_answer(emulator, client):
    emulator.script("GenerateContent", [Reply(text="one"), Reply(text="two", times=2)])
    assert [said(ask(client)) for _ in range(3)] == ["one", "two", "two"]
    assert said(ask(client, "2 + 2")) == "2 + 2 is 4."


def test_a_reply_without_times_answers_always(emulator, client):
    emulator.script("GenerateContent", [Reply(text="again", times=None)])
    assert {said(ask(client)) for _ in range(5)} == {"again"}


def test_a_text_reply_counts_tokens_and_has_a_finish_reason(emulator, client):
    emulator.script("GenerateContent", [Reply(text="one two three", finish_reason="SAFETY")])
    response = ask(client, "four five")
    assert response.candidates[0].finish_reason.name == "SAFETY"
    usage = response.usage_metadata
    assert (usage.prompt_token_count, usage.candidates_token_count) == (2, 4)
    assert usage.total_token_count == 6


def test_a_script_serves_both_versions(emulator, options):
    emulator.script("GenerateContent", [Reply(text="done", times=2)])
    for make in (GenerativeServiceClient, AlphaClient):
        with make(client_options=options) as client:
            assert said(ask(client)) == "done"


def test_a_name_with_its_service_is_for_that_service(emulator, client):
    emulator.script("PredictionService.GenerateContent", [Reply(text="vertex")])
    emulator.script("GenerativeService.GenerateContent", [Reply(text="gemini")])
    assert said(ask(client)) == "gemini"


def test_parts_may_be_texts_mappings_and_messages(emulator, client):
    parts = ["a", {"text": "b", "thought": True}, types.Part(text="c")]
    emulator.script("GenerateContent", [Reply(parts=parts)])
    got = ask(client).candidates[0].content.parts
    assert [(part.text, part.thought) for part in got] == [("a", False), ("b", True), ("c", False)]


def test_function_calls_are_replied(emulator, client):
    emulator.script("GenerateContent", [Reply(function_calls=[{"name": "f", "args": {"x": 1}}])])
    call = ask(client).candidates[0].content.parts[0].function_call
    assert (call.name, dict(call.args)) == ("f", {"x": 1.0})


@pytest.mark.parametrize(
    "message",
    [
        {"model_version": "mine"},
        types.GenerateContentResponse(model_version="mine"),
        b"\x22\x04mine",
    ],
    ids=["mapping", "message", "bytes"],
)
def test_a_whole_message_is_replied(emulator, client, message):
    emulator.script("GenerateContent", [Reply(message=message)])
    assert ask(client).model_version == "mine"


def test_methods_that_do_not_generate_are_scripted_with_messages(emulator, options):
    emulator.script("GetModel", [Reply(message={"name": "models/mine", "input_token_limit": 3})])
    with ModelServiceClient(client_options=options) as client:
        assert client.get_model(name="models/x").input_token_limit == 3


def test_a_function_of_the_typed_request_replies(emulator, client):
    def shout(request: types.GenerateContentRequest) -> str:
        return request.contents[0].parts[0].text.upper()

    emulator.script("GenerateContent", [Reply(call=shout)])
    assert said(ask(client, "quiet")) == "QUIET"


@pytest.mark.parametrize(
    "result", [Reply(text="x"), "x", {"candidates": [{"content": {"parts": [{"text": "x"}]}}]}]
)
def test_a_function_may_return_a_reply_a_text_or_a_message(emulator, client, result):
    emulator.script("GenerateContent", [Reply(call=lambda _: result)])
    assert said(ask(client)) == "x"


def test_a_function_may_return_a_fault(emulator, client):
    emulator.script("GenerateContent", [Reply(call=lambda _: Fault("ABORTED", "no"))])
    with pytest.raises(errors.Aborted, match="no"):
        ask(client)


def test_a_function_that_returns_something_else_is_told(emulator, client):
    emulator.script("GenerateContent", [Reply(call=lambda _: 3)])
    with pytest.raises(
        errors.Internal, match="the function of a reply to GenerateContent returned"
    ):
        ask(client)


def stream(client: GenerativeServiceClient) -> list[types.GenerateContentResponse]:
    return list(
        client.stream_generate_content(
            model=MODEL, contents=[{"parts": [{"text": "hi"}]}], retry=None
        )
    )


def test_a_text_streams_in_pieces(emulator, client):
    text = " ".join(["word"] * 20)
    emulator.script("StreamGenerateContent", [Reply(text=text)])
    got = stream(client)
    assert len(got) > 1
    assert "".join(map(said, got)) == text
    assert [bool(message.candidates[0].finish_reason) for message in got] == [False] * (
        len(got) - 1
    ) + [True]


def test_chunks_are_sent_one_by_one_with_pauses(client, emulator):
    clock = VirtualClock(auto=True)
    emulator.world.clock = clock
    begun = clock.now()
    emulator.script(
        "StreamGenerateContent",
        [Reply(chunks=["a", "b", Pause(3.0), {"model_version": "c"}], pause=0.5, delay=1.0)],
    )
    got = stream(client)
    assert [said(message) for message in got[:2]] == ["a", "b"]
    assert got[2].model_version == "c"
    assert clock.now() - begun == 5.0


def test_a_fault_among_chunks_ends_the_stream(client, emulator):
    fault = Fault("DATA_LOSS", "torn")
    emulator.script("StreamGenerateContent", [Reply(chunks=["a", fault])])
    answers = client.stream_generate_content(model=MODEL, contents=[{"parts": [{"text": "hi"}]}])
    assert said(next(answers)) == "a"
    with pytest.raises(errors.DataLoss, match="torn"):
        next(answers)
    assert fault.fired == 1


def test_a_function_may_stream(client, emulator):
    emulator.script("StreamGenerateContent", [Reply(call=lambda _: (letter for letter in "abc"))])
    assert [said(message) for message in stream(client)] == ["a", "b", "c"]


# conditions


def test_content_comes_before_order(emulator, client):
    emulator.script(
        "GenerateContent",
        [Reply(text="any"), Reply(text="red", when="red"), Reply(text="blue", when="blue")],
    )
    assert said(ask(client, "a blue house")) == "blue"
    assert said(ask(client, "a house")) == "any"
    assert said(ask(client, "a red house")) == "red"


def test_order_decides_between_outcomes_that_fit(emulator, client):
    emulator.script("GenerateContent", [Reply(text="1", when="a"), Reply(text="2", when="a")])
    assert [said(ask(client, "a")), said(ask(client, "a"))] == ["1", "2"]


def test_a_condition_may_be_a_part_of_the_request(emulator, client):
    when = {"generation_config": {"temperature": 0.5}, "contents": [{"role": "user"}]}
    emulator.script("GenerateContent", [Reply(text="warm", when=when)])
    assert said(ask(client)) != "warm"
    assert said(ask(client, generation_config={"temperature": 0.5})) == "warm"


def test_a_condition_may_be_a_function(emulator, client):
    emulator.script(
        "GenerateContent", [Reply(text="yes", when=lambda request: len(request["contents"]) == 1)]
    )
    assert said(ask(client)) == "yes"


def test_a_fault_may_have_a_condition(emulator, client):
    emulator.script("GenerateContent", [Fault("ABORTED", when="bad")])
    ask(client, "good")
    with pytest.raises(errors.Aborted):
        ask(client, "bad")


def test_a_fault_without_a_condition_is_for_any_request_in_its_turn(emulator, client):
    emulator.script(
        "GenerateContent", [Reply(text="a", when="a"), Fault("ABORTED"), Reply(text="b", when="b")]
    )
    assert said(ask(client, "a")) == "a"
    with pytest.raises(errors.Aborted):
        ask(client, "b")
    assert said(ask(client, "b")) == "b"


def test_replies_and_faults_without_a_condition_are_taken_in_order(emulator, client):
    outcomes = [Reply(text="one"), Fault("ABORTED"), Reply(text="two"), Fault("ABORTED")]
    emulator.script("GenerateContent", outcomes)
    assert said(ask(client)) == "one"
    with pytest.raises(errors.Aborted):
        ask(client)
    assert said(ask(client)) == "two"
    with pytest.raises(errors.Aborted):
        ask(client)


def test_a_miss_of_a_strict_script_names_the_nearest_and_the_field(emulator, client):
    far = {"model": "models/other", "contents": [{"parts": [{"text": "far"}]}]}
    near = {"model": MODEL, "contents": [{"role": "user", "parts": [{"text": "near"}]}]}
    emulator.script(
        "GenerateContent", [Reply(text="1", when=far), Reply(text="2", when=near)], strict=True
    )
    with pytest.raises(errors.FailedPrecondition) as caught:
        ask(client, "hello")
    text = caught.value.message
    assert text.index("outcome 2 (Reply)") < text.index("outcome 1 (Reply)")
    assert "contents[0].parts[0].text: expected 'near', got 'hello'" in text
    assert "model: expected 'models/other', got 'models/gemini-3.8-flash'" in text


def test_a_strict_script_that_is_used_up_says_so(emulator, client):
    emulator.script("GenerateContent", [Reply(text="1")], strict=True)
    ask(client)
    with pytest.raises(errors.FailedPrecondition, match="used up"):
        ask(client)


def test_clearing_scripts_keeps_the_journal(emulator, client):
    emulator.script("GenerateContent", [Reply(text="1"), Reply(text="2")])
    ask(client)
    emulator.clear_scripts()
    assert said(ask(client)) != "2"
    assert len(emulator.journal) == 2


# live sessions


def live(client: GenerativeServiceClient, *messages: dict[str, object]):
    return client.bidi_generate_content(iter(messages))


SETUP = {"setup": {"model": "models/gemini-3.8-live"}}
ASK = {"client_content": {"turns": [{"parts": [{"text": "hi"}]}], "turn_complete": True}}


def test_a_dialogue_answers_each_message(emulator, client):
    emulator.script(
        "BidiGenerateContent",
        [
            Reply(
                dialogue=[
                    [{"setup_complete": {}}],
                    ["hello", {"server_content": {"turn_complete": True}}],
                ]
            )
        ],
    )
    got = list(live(client, SETUP, ASK))
    assert "setup_complete" in got[0]
    assert got[1].server_content.model_turn.parts[0].text == "hello"
    assert got[2].server_content.turn_complete
    assert len(got) == 3


def test_a_step_may_wait_for_a_message(emulator, client):
    step = Step(
        [{"server_content": {"interrupted": True}}],
        when={"client_content": {"turn_complete": True}},
    )
    emulator.script("BidiGenerateContent", [Reply(dialogue=[[{"setup_complete": {}}], step])])
    audio = {"realtime_input": {"audio": {"data": b"\0\0", "mime_type": "audio/pcm;rate=16000"}}}
    got = list(live(client, SETUP, audio, audio, ASK))
    assert got[1].server_content.interrupted
    assert emulator.journal[0].attempts[0].received == 4


def test_a_text_is_one_turn_of_a_session(emulator, client):
    emulator.script("BidiGenerateContent", [Reply(text="hello")])
    got = list(live(client, SETUP, ASK))
    assert got[1].server_content.model_turn.parts[0].text == "hello"
    assert got[1].server_content.generation_complete
    assert got[2].server_content.turn_complete


def test_a_dialogue_may_call_tools(emulator, client):
    emulator.script("BidiGenerateContent", [Reply(function_calls=[{"name": "f"}])])
    call = list(live(client, SETUP, ASK))[1].tool_call.function_calls[0]
    assert (call.name, call.id) == ("f", "call-0")


def test_a_dialogue_may_end_with_a_status_after_all_that_was_sent(emulator, client):
    updates = [{"go_away": {"time_left": "1s"}}] * 50
    emulator.script(
        "BidiGenerateContent",
        [Reply(dialogue=[[{"setup_complete": {}}, *updates, Fault("ABORTED", "over")]])],
    )
    answers = live(client, SETUP, ASK)
    assert len([next(answers) for _ in range(51)]) == 51
    with pytest.raises(errors.Aborted, match="over"):
        next(answers)


def test_a_dialogue_may_close_with_messages_pending(emulator, client):
    emulator.script(
        "BidiGenerateContent", [Reply(dialogue=[[{"setup_complete": {}}]], then="close")]
    )
    assert len(list(live(client, SETUP, ASK, ASK))) == 1


def test_a_dialogue_may_stop_reading(emulator, client):
    emulator.script(
        "BidiGenerateContent", [Reply(dialogue=[[{"setup_complete": {}}]], then="stall")]
    )
    answers = client.bidi_generate_content(iter([SETUP, ASK, ASK]), timeout=2.0)
    next(answers)
    with pytest.raises(errors.DeadlineExceeded):
        next(answers)
    emulator.journal.wait()
    assert emulator.journal[0].attempts[0].received == 1


def test_a_dialogue_may_send_bytes_that_are_no_message(emulator, client):
    emulator.script("BidiGenerateContent", [Reply(dialogue=[[b"\xff\xff"]])])
    with pytest.raises(errors.RpcError):
        list(live(client, SETUP))


def test_a_session_may_be_chosen_by_its_setup(emulator, client):
    emulator.script(
        "BidiGenerateContent",
        [Reply(text="mine", when={"setup": {"model": "models/gemini-3.8-live"}})],
    )
    assert list(live(client, SETUP, ASK))[1].server_content.model_turn.parts[0].text == "mine"


def test_a_function_may_hold_a_session(emulator, client):
    def echo(requests):
        for request in requests:
            yield (
                {"setup_complete": {}}
                if "setup" in request
                else request.client_content.turns[0].parts[0].text
            )

    emulator.script("BidiGenerateContent", [Reply(call=echo)])
    got = list(live(client, SETUP, ASK))
    assert got[1].server_content.model_turn.parts[0].text == "hi"


# mistakes


@pytest.mark.parametrize(
    ("method", "outcomes", "text"),
    [
        ("GenerateContnt", [], "did you mean 'GenerateContent'"),
        ("GenerateContent", Reply(text="x"), "expected a list of Reply and Fault"),
        ("GenerateContent", ["x"], r"GenerateContent\[0\]: expected a Reply or Fault"),
        ("GenerateContent", [Reply(message={"candidate": []})], "did you mean 'candidates'"),
        ("GenerateContent", [Reply(text="x", when={"modle": "m"})], "did you mean 'model'"),
        ("GenerateContent", [Reply(text="x", finish_reason="STOPP")], "did you mean 'STOP'"),
        ("GenerateContent", [Reply(chunks=["x"])], "chunks are for streams"),
        ("GenerateContent", [Reply(dialogue=[[]])], "a dialogue is for live sessions"),
        ("GenerateContent", [Fault("ABORTED", after=1)], "after is for streams"),
        ("CountTokens", [Reply(text="x")], "CountTokens does not answer with a text"),
        ("BidiGenerateContent", [Reply(message={})], "is a session; use dialogue"),
        ("BidiGenerateContent", [Reply(dialogue=[[{"nope": 1}]])], "has no field 'nope'"),
        ("GenerateText", [Reply(parts=[{"thought": True}])], "texts only"),
    ],
)
def test_a_script_that_cannot_be_played_is_refused_at_once(emulator, method, outcomes, text):
    with pytest.raises(errors.ArgumentError, match=text):
        emulator.script(method, outcomes)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "exactly one of .*; got nothing"),
        ({"text": "a", "parts": []}, "got text and parts"),
        ({"text": "a", "times": 0}, "times is 0"),
        ({"text": "a", "pause": -1}, "pause is -1"),
        ({"text": "a", "delay": "soon"}, "delay is 'soon'"),
        ({"text": "a", "then": "go"}, "expected wait, close, stall"),
        ({"parts": "abc"}, "parts: expected a list, got str"),
    ],
)
def test_a_reply_checks_its_options(options, text):
    with pytest.raises(errors.ArgumentError, match=text):
        Reply(**options)


def test_palm_methods_are_scripted_with_texts(emulator, options):
    from gemini_grpc.v1beta import TextServiceClient

    emulator.script("GenerateText", [Reply(text="old")])
    with TextServiceClient(client_options=options) as client:
        response = client.generate_text(model="models/text-bison-001", prompt={"text": "hi"})
    assert response.candidates[0].output == "old"


def test_generate_answer_is_scripted_with_a_text(emulator, client):
    emulator.script("GenerateAnswer", [Reply(text="42")])
    response = client.generate_answer(
        model="models/aqa",
        contents=[{"parts": [{"text": "?"}]}],
        answer_style="ABSTRACTIVE",
        inline_passages={"passages": [{"id": "1", "content": {"parts": [{"text": "x"}]}}]},
    )
    assert response.answer.content.parts[0].text == "42"
    assert response.answerable_probability == 1.0


def test_two_emulators_do_not_share_scripts(emulator, client):
    with Emulator() as other:
        other.script("GenerateContent", [Fault("ABORTED")])
        ask(client)


# files


YAML = """
GenerateContent:
  - fault: {code: UNAVAILABLE, message: later}
  - reply: {text: done, when: {model: models/gemini-3.8-flash}}
StreamGenerateContent:
  strict: true
  outcomes:
    - reply:
        chunks: [one, {pause: 0}, {message: {model_version: two}}, {fault: {code: ABORTED}}]
BidiGenerateContent:
  - reply:
      dialogue:
        - [{message: {setup_complete: {}}}]
        - when: {client_content: {turn_complete: true}}
          send: [hello, {bytes: ""}]
"""
JSON = '{"GenerateContent": [{"fault": {"code": "UNAVAILABLE", "message": "later"}}, {"reply": {"text": "done"}}]}'


@pytest.mark.parametrize(("name", "text"), [("s.yaml", YAML), ("s.json", JSON)])
def test_a_file_says_the_same(emulator, client, tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    emulator.load_script(path)
    with pytest.raises(errors.Unavailable, match="later"):
        ask(client)
    assert said(ask(client)) == "done"


def test_a_file_scripts_streams_and_sessions(emulator, client, tmp_path):
    path = tmp_path / "s.yml"
    path.write_text(YAML)
    emulator.load_script(path)
    answers = client.stream_generate_content(model=MODEL, contents=[{"parts": [{"text": "hi"}]}])
    assert [said(next(answers)), next(answers).model_version] == ["one", "two"]
    with pytest.raises(errors.Aborted):
        next(answers)
    got = list(live(client, SETUP, ASK))
    assert got[1].server_content.model_turn.parts[0].text == "hello"
    assert len(got) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "expected a mapping, got list"),
        ("", "expected a mapping, got nothing"),
        ("GenerateContent: [", "line 1, column"),
        ("GenerateContent: {outcome: []}", "did you mean 'outcomes'"),
        ("GenerateContent: {strict: 3, outcomes: []}", "strict: expected true or false"),
        (
            "GenerateContent: [{reply: {txt: a}}]",
            r"GenerateContent\[0\].reply has no option 'txt'; did you mean 'text'",
        ),
        ("GenerateContent: [{replay: {text: a}}]", "did you mean 'reply'"),
        ("GenerateContent: [{}]", "exactly one of reply, fault"),
        ("GenerateContent: [{reply: {call: f}}]", "a function cannot be given in a file"),
        ("GenerateContent: [{fault: {code: UNAVAILBLE}}]", "did you mean 'UNAVAILABLE'"),
        ("GenerateContent: [{fault: {code: ABORTED, times: x}}]", "times is 'x'"),
        (
            "StreamGenerateContent: [{reply: {chunks: [{pause: x}]}}]",
            r"chunks\[0\].pause: expected seconds",
        ),
        ("StreamGenerateContent: [{reply: {chunks: [{bytes: '*'}]}}]", "expected base64"),
        ("BidiGenerateContent: [{reply: {dialogue: [{wen: 1}]}}]", "did you mean 'when'"),
        ("{3: []}", "3 is not a name"),
        ("a: 'x\x01'", "special characters|control"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place(emulator, tmp_path, text, expected):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(errors.ArgumentError, match=expected) as caught:
        emulator.load_script(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_json_that_cannot_be_parsed_is_told_with_its_place(emulator, tmp_path):
    path = tmp_path / "s.json"
    path.write_text('{"a":\n]')
    with pytest.raises(errors.ArgumentError, match="line 2, column 1"):
        emulator.load_script(path)


def test_a_file_that_is_not_text_is_told(emulator, tmp_path):
    path = tmp_path / "s.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(errors.ArgumentError, match="not UTF-8"):
        emulator.load_script(path)


def test_yaml_without_pyyaml_names_the_extra(emulator, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    path = tmp_path / "s.yaml"
    path.write_text("{}")
    with pytest.raises(errors.ArgumentError, match=r"gemini-grpc\[emulator\]"):
        emulator.load_script(path)


def test_a_dialogue_has_a_delay_and_pauses(emulator, client):
    clock = VirtualClock(auto=True)
    emulator.world.clock = clock
    begun = clock.now()
    turn = [{"server_content": {"turn_complete": True}}] * 2
    emulator.script(
        "BidiGenerateContent",
        [Reply(dialogue=[[{"setup_complete": {}}], turn], delay=2.0, pause=0.5)],
    )
    assert len(list(live(client, SETUP, ASK))) == 3
    assert clock.now() - begun == 2.5


def test_a_dialogue_ends_when_the_client_closes_before_it(emulator, client):
    emulator.script("BidiGenerateContent", [Reply(dialogue=[["a"], ["b"], ["c"]])])
    assert len(list(live(client, SETUP, ASK))) == 2


def test_a_session_of_the_older_version_has_its_own_messages(emulator, options):
    emulator.script("BidiGenerateContent", [Reply(text="hello")])
    with AlphaClient(client_options=options) as client:
        got = list(client.bidi_generate_content(iter([SETUP, ASK])))
    assert got[1].server_content.model_turn.parts[0].text == "hello"
    assert got[2].server_content.turn_complete


def test_a_fault_without_a_status_takes_the_next_item_with_it(emulator, client):
    clock = VirtualClock(auto=True)
    emulator.world.clock = clock
    fault = Fault(delay=1.0)
    emulator.script("StreamGenerateContent", [Reply(chunks=["a", fault, "b"])])
    assert [said(message) for message in stream(client)] == ["a", "b"]
    assert fault.fired == 1
