"""GenerateContent, StreamGenerateContent and CountTokens, through our own clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.emulator import Emulator
from gemini_grpc.emulator.clock import VirtualClock

FLASH = "models/gemini-3.8-flash"
PLAIN = "models/gemini-2.0-flash"
SESSION_MODEL = "projects/p/locations/l/publishers/google/models/gemini-2.0-flash"


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with Emulator() as running:
        running.world.clock = VirtualClock()
        yield f"http://{running.target}"


@pytest.fixture(scope="module")
def client(target: str) -> Any:
    return v1beta.GenerativeServiceClient(
        client_options={"api_endpoint": target, "api_key": "test"}
    )


def user(*parts: Any) -> dict[str, Any]:
    return {
        "role": "user",
        "parts": [{"text": part} if isinstance(part, str) else part for part in parts],
    }


def ask(client: Any, said: Any, *, model: str = PLAIN, config: Any = None, **fields: Any) -> Any:
    contents = said if isinstance(said, list) else [user(said)]
    if config is not None:
        fields["generation_config"] = config
    return client.generate_content(model=model, contents=contents, **fields)


def stream(client: Any, said: Any, *, model: str = PLAIN, **fields: Any) -> list[Any]:
    contents = said if isinstance(said, list) else [user(said)]
    return list(client.stream_generate_content(model=model, contents=contents, **fields))


def said(response: Any, index: int = 0) -> str:
    parts = response.candidates[index].content.parts
    return "".join(part.text for part in parts if not part.thought)


def reason(response: Any, index: int = 0) -> str:
    return str(response.candidates[index].finish_reason.name)


def test_a_conversation_is_remembered(client: Any) -> None:
    contents = [
        user("My name is Ada."),
        {"role": "model", "parts": [{"text": "Nice to meet you!"}]},
        user("What is my name?"),
    ]
    assert said(ask(client, contents)) == "Your name is Ada."


def test_the_system_instruction_holds(client: Any) -> None:
    instruction = {"parts": [{"text": "Your name is Neko."}]}
    assert (
        said(ask(client, "What is your name?", system_instruction=instruction))
        == "My name is Neko."
    )


def test_the_same_request_has_the_same_answer(client: Any) -> None:
    first, second = (ask(client, "Tell me about rain") for _ in range(2))
    assert first == second
    other = ask(client, "Tell me about rain", config={"seed": 3, "temperature": 0})
    assert said(other) != said(first)


def test_each_candidate_is_an_answer_of_its_own(client: Any) -> None:
    response = ask(client, "Tell me about rain", config={"candidate_count": 3})
    assert [candidate.index for candidate in response.candidates] == [0, 1, 2]
    assert len({said(response, index) for index in range(3)}) == 3


def test_json_satisfies_its_schema(client: Any) -> None:
    form = {
        "type": "ARRAY",
        "items": {
            "type": "OBJECT",
            "properties": {
                "title": {"type": "STRING"},
                "minutes": {"type": "INTEGER", "minimum": 5.0},
            },
            "required": ["title", "minutes"],
        },
    }
    config = {"response_mime_type": "application/json", "response_schema": form}
    recipes = json.loads(said(ask(client, "List 4 cookie recipes", config=config)))
    assert len(recipes) == 4
    assert all(recipe["minutes"] >= 5 and recipe["title"] for recipe in recipes)


@pytest.mark.parametrize("field", ["response_json_schema", "response_json_schema_ordered"])
def test_a_json_schema_is_satisfied_too(client: Any, field: str) -> None:
    form = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    config = {"response_mime_type": "application/json", field: form}
    assert json.loads(said(ask(client, "Ada is of age 36", config=config))) == {"age": 36}


def test_json_without_a_schema_has_the_keys_that_are_named(client: Any) -> None:
    asked = (
        "Tell me a joke about cats. Return JSON with keys 'setup' and 'punchline'. Nothing else."
    )
    joke = json.loads(said(ask(client, asked, config={"response_mime_type": "application/json"})))
    assert list(joke) == ["setup", "punchline"]
    assert "cats" in joke["setup"]


def test_json_without_any_hint_is_an_object_or_a_list(client: Any) -> None:
    config = {"response_mime_type": "application/json"}
    assert isinstance(json.loads(said(ask(client, "A list of birds", config=config))), list)
    assert "answer" in json.loads(said(ask(client, "Tell me about birds", config=config)))


def test_a_schema_in_the_prompt_is_followed(client: Any) -> None:
    form = {"properties": {"name": {"type": "string"}}, "required": ["name"]}
    example = {"properties": {"foo": {"type": "string"}}}
    asked = f"Her name is Ada. An example is {json.dumps(example)}. Answer in JSON along {json.dumps(form)}"
    assert json.loads(said(ask(client, asked))) == {"name": "Ada"}


def test_enum_mode_answers_with_one_bare_value(client: Any) -> None:
    form = {"type": "STRING", "enum": ["Percussion", "String", "Brass"]}
    config = {"response_mime_type": "text/x.enum", "response_schema": form}
    assert said(ask(client, "A violin is a string instrument", config=config)) == "String"
    assert said(ask(client, "What is a tuba?", config=config)) in form["enum"]


WEATHER = {
    "function_declarations": [
        {
            "name": "get_weather",
            "description": "Returns the weather of a city",
            "parameters": {
                "type": "OBJECT",
                "properties": {"city": {"type": "STRING"}, "days": {"type": "INTEGER"}},
                "required": ["city"],
            },
        }
    ]
}


def test_a_function_is_called_and_its_result_told(client: Any) -> None:
    asked = user("What is the weather in Oslo?")
    response = ask(client, [asked], tools=[WEATHER])
    call = response.candidates[0].content.parts[0].function_call
    assert (call.name, dict(call.args)) == ("get_weather", {"city": "Oslo"})
    assert reason(response) == "STOP"
    result = {"id": call.id, "name": call.name, "response": {"result": "It is sunny."}}
    contents = [asked, response.candidates[0].content, user({"function_response": result})]
    final = ask(client, contents, tools=[WEATHER])
    assert said(final) == "According to get_weather: It is sunny."


def test_a_forced_function_is_called(client: Any) -> None:
    config = {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["get_weather"]}}
    response = ask(client, "Hello", tools=[WEATHER], tool_config=config)
    assert response.candidates[0].content.parts[0].function_call.name == "get_weather"


def test_a_thinking_model_signs_its_calls(client: Any) -> None:
    response = ask(client, "weather in Oslo", model=FLASH, tools=[WEATHER])
    assert response.candidates[0].content.parts[0].thought_signature


def test_code_is_run_and_its_result_told(client: Any) -> None:
    parts = (
        ask(client, "What is 12 * 12?", tools=[{"code_execution": {}}]).candidates[0].content.parts
    )
    assert "12 * 12" in parts[0].executable_code.code
    assert parts[1].code_execution_result.output == "144\n"
    assert parts[2].text == "The result is 144."


def test_search_grounds_the_answer(client: Any) -> None:
    response = ask(client, "Who won the cup?", tools=[{"google_search": {}}])
    grounding = response.candidates[0].grounding_metadata
    assert grounding.grounding_chunks
    segment = grounding.grounding_supports[0].segment
    assert segment.text in said(response)


def test_grounding_points_behind_the_thoughts(client: Any) -> None:
    config = {"thinking_config": {"include_thoughts": True}}
    response = ask(
        client, "Who won the cup?", model=FLASH, tools=[{"google_search": {}}], config=config
    )
    candidate = response.candidates[0]
    segment = candidate.grounding_metadata.grounding_supports[0].segment
    assert segment.text in candidate.content.parts[segment.part_index].text


def test_pages_are_read_and_counted(client: Any) -> None:
    response = ask(client, "Compare https://example.com/a", tools=[{"url_context": {}}])
    pages = response.candidates[0].url_context_metadata.url_metadata
    assert pages[0].retrieved_url == "https://example.com/a"
    usage = response.usage_metadata
    assert usage.tool_use_prompt_token_count > 0
    assert usage.total_token_count == (
        usage.prompt_token_count + usage.candidates_token_count + usage.tool_use_prompt_token_count
    )


def test_thoughts_come_first_and_are_counted_apart(client: Any) -> None:
    config = {"thinking_config": {"include_thoughts": True}}
    response = ask(client, "What is 2+2?", model=FLASH, config=config)
    first, second = response.candidates[0].content.parts
    assert first.thought
    assert second.text == "2 + 2 is 4."
    usage = response.usage_metadata
    assert usage.thoughts_token_count > 0
    assert usage.total_token_count == (
        usage.prompt_token_count + usage.candidates_token_count + usage.thoughts_token_count
    )
    hidden = ask(client, "What is 2+2?", model=FLASH)
    assert hidden.usage_metadata.thoughts_token_count == usage.thoughts_token_count
    assert len(hidden.candidates[0].content.parts) == 1


def test_a_thinking_budget_is_kept(client: Any) -> None:
    def thought(budget: int) -> int:
        config = {"thinking_config": {"thinking_budget": budget}}
        return int(
            ask(client, "Hi", model=FLASH, config=config).usage_metadata.thoughts_token_count
        )

    assert thought(0) == 0
    assert thought(5) == 5


@pytest.mark.parametrize(
    ("model", "budget"), [(PLAIN, 5), ("models/gemini-3.1-pro-preview", 0), (FLASH, 99_999)]
)
def test_a_budget_that_the_model_does_not_take_is_refused(
    client: Any, model: str, budget: int
) -> None:
    with pytest.raises(errors.InvalidArgument, match="thinking"):
        ask(client, "Hi", model=model, config={"thinking_config": {"thinking_budget": budget}})


def test_logprobs_fit_the_tokens(client: Any) -> None:
    config = {"response_logprobs": True, "logprobs": 3, "temperature": 0.0}
    response = ask(client, "What is 7 * 6?", config=config)
    candidate = response.candidates[0]
    result = candidate.logprobs_result
    assert "".join(entry.token for entry in result.chosen_candidates) == said(response)
    values = [entry.log_probability for entry in result.chosen_candidates]
    assert result.log_probability_sum == pytest.approx(sum(values), rel=1e-4)
    assert candidate.avg_logprobs == pytest.approx(sum(values) / len(values), rel=1e-4)
    for top, chosen in zip(result.top_candidates, result.chosen_candidates, strict=True):
        listed = [entry.log_probability for entry in top.candidates]
        assert len(listed) == 3
        assert listed == sorted(listed, reverse=True)
        assert top.candidates[0].token == chosen.token


def test_without_asking_there_is_only_the_average(client: Any) -> None:
    candidate = ask(client, "Hi").candidates[0]
    assert candidate.avg_logprobs < 0
    assert not candidate.logprobs_result.chosen_candidates


def test_a_harmful_prompt_is_blocked(client: Any) -> None:
    for response in (ask(client, "harassment-high"), stream(client, "harassment-high")[0]):
        assert not response.candidates
        assert response.prompt_feedback.block_reason.name == "SAFETY"
        blocked = [rating for rating in response.prompt_feedback.safety_ratings if rating.blocked]
        assert [rating.category.name for rating in blocked] == ["HARM_CATEGORY_HARASSMENT"]
        assert (
            response.usage_metadata.total_token_count == response.usage_metadata.prompt_token_count
        )


def test_a_lenient_threshold_lets_it_pass(client: Any) -> None:
    settings = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    response = ask(client, "harassment-high", safety_settings=settings)
    assert said(response)
    assert response.prompt_feedback.safety_ratings[0].probability.name == "HIGH"


def test_a_harmful_answer_is_withheld(client: Any) -> None:
    response = ask(client, "answer-dangerous-content-medium")
    assert reason(response) == "SAFETY"
    assert not response.candidates[0].content.parts
    assert response.candidates[0].finish_message


def test_every_answer_is_rated(client: Any) -> None:
    assert len(ask(client, "Hi").candidates[0].safety_ratings) == 4


@pytest.mark.parametrize(
    "name", ["RECITATION", "SPII", "BLOCKLIST", "MALFORMED_FUNCTION_CALL", "NO_IMAGE"]
)
def test_other_ends_are_played(client: Any, name: str) -> None:
    response = ask(client, f"answer-{name.lower()}")
    assert reason(response) == name
    if name == "RECITATION":
        assert response.candidates[0].citation_metadata.citation_sources


def test_a_limit_of_tokens_cuts_the_answer(client: Any) -> None:
    response = ask(client, "Write an essay about rain", config={"max_output_tokens": 20})
    assert reason(response) == "MAX_TOKENS"
    assert response.usage_metadata.candidates_token_count == 20


def test_thoughts_count_toward_the_limit(client: Any) -> None:
    config = {"max_output_tokens": 20, "thinking_config": {"thinking_budget": 100}}
    response = ask(client, "Write an essay about rain", model=FLASH, config=config)
    assert reason(response) == "MAX_TOKENS"
    assert not said(response)
    left = ask(client, "Write an essay about rain", model=FLASH, config={"max_output_tokens": 20})
    assert said(left)


def test_the_models_own_limit_holds(client: Any) -> None:
    response = ask(client, "Count to 9000")
    assert reason(response) == "MAX_TOKENS"
    assert response.usage_metadata.candidates_token_count == 8192


def test_a_stop_sequence_ends_the_answer_and_is_left_out(client: Any) -> None:
    response = ask(client, "Count to 10", config={"stop_sequences": ["9", ", 7"]})
    assert said(response) == "1, 2, 3, 4, 5, 6"
    assert reason(response) == "STOP"


PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000010000000200802000000")


def test_media_matter_to_the_answer_and_to_the_count(client: Any) -> None:
    image = {"inline_data": {"mime_type": "image/png", "data": PNG}}
    audio = {"inline_data": {"mime_type": "audio/pcm;rate=16000", "data": bytes(64_000)}}
    response = ask(client, [user("What is this?", image, audio)])
    assert "image/png" in said(response)
    assert "16 by 32 pixels" in said(response)
    assert "2.0 seconds" in said(response)
    counted = {
        d.modality.name: d.token_count for d in response.usage_metadata.prompt_tokens_details
    }
    assert counted == {"TEXT": 4, "IMAGE": 258, "AUDIO": 64}


def test_speech_is_24_khz_pcm(client: Any) -> None:
    config = {"response_modalities": ["AUDIO"]}
    model = "models/gemini-3.1-flash-tts-preview"
    response = ask(client, "Have a wonderful day", model=model, config=config)
    blob = response.candidates[0].content.parts[0].inline_data
    assert blob.mime_type == "audio/L16;codec=pcm;rate=24000"
    assert len(blob.data) > 24_000
    counted = response.usage_metadata.candidates_tokens_details
    assert [detail.modality.name for detail in counted] == ["AUDIO"]


def test_a_picture_comes_with_a_text(client: Any) -> None:
    config = {"response_modalities": ["TEXT", "IMAGE"]}
    text, image = ask(client, "Draw a red circle", config=config).candidates[0].content.parts
    assert "circle" in text.text
    assert image.inline_data.data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (PLAIN, {}),
        (FLASH, {"generation_config": {"thinking_config": {"include_thoughts": True}}}),
        (PLAIN, {"generation_config": {"candidate_count": 2}}),
        (PLAIN, {"generation_config": {"response_modalities": ["TEXT", "IMAGE"]}}),
        (PLAIN, {"generation_config": {"max_output_tokens": 10}}),
        (FLASH, {"tools": [{"google_search": {}}]}),
        (PLAIN, {"tools": [{"code_execution": {}}]}),
        (PLAIN, {"tools": [WEATHER]}),
    ],
)
def test_a_stream_joins_to_the_whole_answer(
    client: Any, model: str, fields: dict[str, Any]
) -> None:
    asked = "Tell me about the weather in Oslo: 3 * 4"
    whole = ask(client, asked, model=model, **fields)
    pieces = stream(client, asked, model=model, **fields)
    for candidate in whole.candidates:
        mine = [
            each for piece in pieces for each in piece.candidates if each.index == candidate.index
        ]
        joined: list[Any] = []
        for part in (part for each in mine for part in each.content.parts):
            same = (
                joined
                and "text" in part
                and "text" in joined[-1]
                and part.thought == joined[-1].thought
            )
            if same:
                joined[-1].text += part.text
            else:
                joined.append(part)
        assert joined == list(candidate.content.parts)
        assert [each.finish_reason.name for each in mine[:-1]] == ["FINISH_REASON_UNSPECIFIED"] * (
            len(mine) - 1
        )
        assert mine[-1].finish_reason == candidate.finish_reason
        assert mine[-1].grounding_metadata == candidate.grounding_metadata
    assert pieces[-1].usage_metadata == whole.usage_metadata
    running = [piece.usage_metadata.total_token_count for piece in pieces]
    assert running == sorted(running)
    assert {piece.response_id for piece in pieces} == {whole.response_id}


def test_a_short_answer_comes_in_several_pieces(client: Any) -> None:
    assert len(stream(client, "What is 2+2?")) >= 2


def test_counting_says_what_generating_says(client: Any) -> None:
    request = {
        "model": PLAIN,
        "contents": [
            user("What is this?", {"inline_data": {"mime_type": "image/png", "data": PNG}})
        ],
        "system_instruction": {"parts": [{"text": "Be kind."}]},
        "tools": [WEATHER],
    }
    counted = client.count_tokens(model=PLAIN, generate_content_request=request)
    usage = client.generate_content(request).usage_metadata
    assert counted.total_tokens == usage.prompt_token_count
    assert counted.prompt_tokens_details == usage.prompt_tokens_details


def test_a_cache_stands_in_front_of_the_prompt_and_is_counted(client: Any, target: str) -> None:
    caches = v1beta.CacheServiceClient(client_options={"api_endpoint": target, "api_key": "test"})
    cached = caches.create_cached_content(
        cached_content={
            "model": PLAIN,
            "contents": [user("My name is Ada. " + "The tide comes and goes. " * 300)],
            "system_instruction": {"parts": [{"text": "End every answer with 'Ahoy!'"}]},
        }
    )
    response = ask(client, "What is my name?", cached_content=cached.name)
    assert said(response) == "Your name is Ada. Ahoy!"
    usage = response.usage_metadata
    held = cached.usage_metadata.total_token_count
    assert usage.cached_content_token_count == held
    assert (
        usage.prompt_token_count
        == held + ask(client, "What is my name?").usage_metadata.prompt_token_count
    )
    request = {
        "model": PLAIN,
        "contents": [user("What is my name?")],
        "cached_content": cached.name,
    }
    counted = client.count_tokens(model=PLAIN, generate_content_request=request)
    assert counted.total_tokens == usage.prompt_token_count
    assert counted.cached_content_token_count == held


def test_a_cache_that_is_gone_is_not_found(client: Any) -> None:
    with pytest.raises(errors.NotFound):
        ask(client, "Hi", cached_content="cachedContents/nope")


def test_an_unknown_model_is_not_found(client: Any) -> None:
    with pytest.raises(errors.NotFound):
        ask(client, "Hi", model="models/nope")


def test_contents_are_required(client: Any) -> None:
    with pytest.raises(errors.InvalidArgument, match="contents"):
        client.generate_content(model=PLAIN)


def test_v1alpha_answers_the_same(client: Any, target: str) -> None:
    older = v1alpha.GenerativeServiceClient(
        client_options={"api_endpoint": target, "api_key": "test"}
    )
    response = older.generate_content(model=PLAIN, contents=[user("Count to 3")])
    assert response.candidates[0].content.parts[0].text == "1, 2, 3"


def test_vertex_answers_the_same_with_its_own_fields(target: str) -> None:
    vertex = aiplatform_v1.PredictionServiceClient(
        client_options={"api_endpoint": target, "api_key": "test"}
    )
    response = vertex.generate_content(model=SESSION_MODEL, contents=[user("Count to 3")])
    assert response.candidates[0].content.parts[0].text == "1, 2, 3"
    assert response.candidates[0].safety_ratings[0].severity.name == "HARM_SEVERITY_NEGLIGIBLE"
    assert response.usage_metadata.traffic_type.name == "ON_DEMAND"
    assert response.create_time
    pieces = list(
        vertex.stream_generate_content(model=SESSION_MODEL, contents=[user("Count to 30")])
    )
    assert len(pieces) > 2
