"""The setup of a session, checked: everything about it that is fixed from the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status
from gemini_grpc.emulator.live import profile as profiles
from gemini_grpc.emulator.live.conversation import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.live.profile import Profile

REFUSED = (
    "response_logprobs",
    "logprobs",
    "response_mime_type",
    "response_schema",
    "response_json_schema",
    "response_json_schema_ordered",
    "stop_sequences",
)
"""The generation parameters that make no sense in a live dialog."""
_SPOKEN = frozenset({"response_modalities", "speech_config", "candidate_count"})
_WINDOW = 131_072

Violation = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a session is fixed to."""

    model: str
    """The resource name of the model."""
    profile: Profile
    """The habits of the model."""
    request: Data
    """What every GenerateContentRequest of the session shares."""
    spoken: bool
    """Whether the model answers in audio."""
    detection: Data
    """The `AutomaticActivityDetection`."""
    interruptible: bool
    """Whether activity of the user cuts off the model."""
    all_input: bool
    """Whether what comes outside of activity belongs to the turn."""
    resumable: bool
    """Whether handles are issued."""
    handle: str
    """The handle of the session to go on with; empty for a new one."""
    limits: Limits
    """How long the conversation may get."""
    transcribe_input: bool
    """Whether the client gets the words of the user."""
    transcribe_output: bool
    """Whether the client gets the words of the model."""
    behaviors: dict[str, str]
    """What functions say about their behavior, by name."""

    @property
    def manual(self) -> bool:
        """Whether the client marks activity itself."""
        return bool(self.detection.get("disabled"))

    def blocks(self, function: str) -> bool:
        """Tell whether the model waits for a function."""
        behavior = self.behaviors.get(function)
        return self.profile.blocking if behavior is None else behavior == "BLOCKING"


def check(data: Data, find: Callable[[str], Data]) -> Setup:
    """Return the setup of a `BidiGenerateContentSetup`.

    Raises:
        StatusError: What `find` raises, and INVALID_ARGUMENT for all that is wrong in the rest.
    """
    if not data.get("model"):
        raise status.invalid("setup.model", "is required")
    model = find(data["model"])
    name = model["name"]
    habits = profiles.of(name)
    if violations := [
        *_wrong_config(data, habits),
        *_wrong_instruction(data),
        *_wrong_tools(data, habits),
        *_wrong_detection(data),
        *_wrong_compression(data),
    ]:
        raise status.invalid_fields(violations)
    realtime = data.get("realtime_input_config", {})
    config = data.get("generation_config", {})
    resumption = data.get("session_resumption")
    kept = {key: value for key, value in config.items() if key not in _SPOKEN}
    request: Data = {"model": name, **({"generation_config": kept} if kept else {})}
    request |= {key: data[key] for key in ("system_instruction", "tools") if key in data}
    return Setup(
        model=name,
        profile=habits,
        request=request,
        spoken=_modality(config, habits) == "AUDIO",
        detection=realtime.get("automatic_activity_detection", {}),
        interruptible=realtime.get("activity_handling") != "NO_INTERRUPTION",
        all_input=realtime.get("turn_coverage") == "TURN_INCLUDES_ALL_INPUT",
        resumable=resumption is not None,
        handle=(resumption or {}).get("handle", ""),
        limits=_limits(data, model.get("input_token_limit", _WINDOW)),
        transcribe_input="input_audio_transcription" in data,
        transcribe_output="output_audio_transcription" in data,
        behaviors={
            function["name"]: function["behavior"]
            for _, function in _functions(data)
            if function.get("behavior", "UNSPECIFIED") != "UNSPECIFIED"
        },
    )


def _modality(config: Data, habits: Profile) -> str:
    wanted: list[str] = config.get("response_modalities", [])
    return wanted[0] if wanted else habits.modalities[0]


def _limits(data: Data, window: int) -> Limits:
    compression = data.get("context_window_compression", {})
    if "sliding_window" not in compression:
        return Limits(window=window)
    trigger = compression.get("trigger_tokens", window * 4 // 5)
    target = compression["sliding_window"].get("target_tokens", trigger // 2)
    return Limits(window=window, trigger=trigger, target=target)


def _wrong_config(data: Data, habits: Profile) -> Iterator[Violation]:
    path = "setup.generation_config"
    config = data.get("generation_config", {})
    for field in REFUSED:
        if config.get(field):
            yield f"{path}.{field}", "is not supported in a live session"
    if "thinking_config" in config and not habits.thinking:
        yield f"{path}.thinking_config", "is not supported by this model"
    modalities = config.get("response_modalities", [])
    if len(modalities) > 1:
        yield f"{path}.response_modalities", f"has {len(modalities)}, expected one"
    elif modalities and modalities[0] not in habits.modalities:
        expected = " or ".join(habits.modalities)
        yield f"{path}.response_modalities", f"is {modalities[0]}, expected {expected}"


def _wrong_instruction(data: Data) -> Iterator[Violation]:
    for index, part in enumerate(data.get("system_instruction", {}).get("parts", ())):
        if "text" not in part:
            yield f"setup.system_instruction.parts[{index}]", "is not text"


def _wrong_tools(data: Data, habits: Profile) -> Iterator[Violation]:
    seen: set[str] = set()
    for path, function in _functions(data):
        name = function.get("name", "")
        if not name:
            yield f"{path}.name", "is required"
        elif name in seen:
            yield f"{path}.name", f"{name!r} is declared twice"
        seen.add(name)
        if function.get("behavior") == "NON_BLOCKING" and not habits.asynchronous:
            yield f"{path}.behavior", "is NON_BLOCKING, which this model does not support"


def _wrong_detection(data: Data) -> Iterator[Violation]:
    detection = data.get("realtime_input_config", {}).get("automatic_activity_detection", {})
    for field in ("prefix_padding_ms", "silence_duration_ms"):
        if detection.get(field, 0) < 0:
            path = "setup.realtime_input_config.automatic_activity_detection"
            yield f"{path}.{field}", f"is {detection[field]}, expected 0 or more"


def _wrong_compression(data: Data) -> Iterator[Violation]:
    path = "setup.context_window_compression"
    compression = data.get("context_window_compression", {})
    trigger = compression.get("trigger_tokens")
    target = compression.get("sliding_window", {}).get("target_tokens")
    if trigger is not None and trigger <= 0:
        yield f"{path}.trigger_tokens", f"is {trigger}, expected more than 0"
    if target is not None and target < 0:
        yield f"{path}.sliding_window.target_tokens", f"is {target}, expected 0 or more"
    if None not in {trigger, target} and target >= trigger:
        yield f"{path}.sliding_window.target_tokens", f"is {target}, not below {trigger}"


def _functions(data: Data) -> Iterator[tuple[str, Data]]:
    """Yield every function with its path."""
    for place, tool in enumerate(data.get("tools", ())):
        for index, function in enumerate(tool.get("function_declarations", ())):
            yield f"setup.tools[{place}].function_declarations[{index}]", function
