"""What a user says about a session: values, checked when they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gemini_grpc import checks
from gemini_grpc.errors import ArgumentError

Modality = Literal["AUDIO", "TEXT", "IMAGE"]
MODALITIES = frozenset({"AUDIO", "TEXT", "IMAGE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConfig:
    """The setup of a session. It is fixed for a connection."""

    modalities: Sequence[Modality] = ()
    """What the model answers with: `["AUDIO"]` or `["TEXT"]`; the model's default if empty."""
    system: str | Mapping[str, Any] | None = None
    """The system instruction: text only."""
    generation: Mapping[str, Any] = field(default_factory=dict)
    """More fields of `GenerationConfig`: temperature, max_output_tokens, thinking_config, ..."""
    voice: str = ""
    """The name of a prebuilt voice."""
    language: str = ""
    """The language of speech, as BCP-47."""
    transcripts: bool = False
    """Ask for transcripts of what the user and the model say."""
    manual_activity: bool = False
    """The caller says when the user speaks, with `activity_start` and `activity_end`; the server
    does not listen for it."""
    detection: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `AutomaticActivityDetection`: sensitivities, padding, silence."""
    interruptions: bool = True
    """Speech of the user interrupts the model."""
    compression: bool | Mapping[str, Any] = False
    """Compress the context when it grows too long: true for the server's defaults, or fields of
    `ContextWindowCompressionConfig`. Without it a session ends after 15 minutes of audio."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More fields of `BidiGenerateContentSetup`, for what has no name here. They are merged with the fields
    that other options stand for; a field that both set to different values is an ArgumentError."""

    def __post_init__(self) -> None:
        if isinstance(self.modalities, str) or not set(self.modalities) <= MODALITIES:
            raise ArgumentError(
                f"modalities is {self.modalities!r}; expected a list of {', '.join(sorted(MODALITIES))}"
            )
        if self.manual_activity and self.detection:
            raise ArgumentError("detection has no effect with manual_activity; leave one out")
        for name in ("generation", "detection", "extra"):
            checks.instance(name, getattr(self, name), Mapping)
        for name in ("voice", "language"):
            checks.instance(name, getattr(self, name), str)
        merged("extra", self._options(), self.extra)

    def setup(self, model: str) -> dict[str, Any]:
        """Return the fields of `BidiGenerateContentSetup` for a model.

        Raises:
            ArgumentError: `extra` has another model.
        """
        name = model if "/" in model else f"models/{model}"
        return merged("extra", {"model": name} | self._options(), self.extra)

    def _options(self) -> dict[str, Any]:
        """Return the fields that the options stand for, without `extra`."""
        found: dict[str, Any] = {}
        if generation := self._generation():
            found["generation_config"] = generation
        if self.system is not None:
            text = isinstance(self.system, str)
            found["system_instruction"] = (
                {"parts": [{"text": self.system}]} if text else self.system
            )
        if realtime := self._realtime():
            found["realtime_input_config"] = realtime
        if self.transcripts:
            found["input_audio_transcription"] = {}
            found["output_audio_transcription"] = {}
        if self.compression:
            given = self.compression
            found["context_window_compression"] = (
                {"sliding_window": {}} if given is True else dict(given)
            )
        return found

    def _generation(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.modalities:
            found["response_modalities"] = list(self.modalities)
        speech: dict[str, Any] = {}
        if self.voice:
            speech["voice_config"] = {"prebuilt_voice_config": {"voice_name": self.voice}}
        if self.language:
            speech["language_code"] = self.language
        return merged(
            "generation", found | ({"speech_config": speech} if speech else {}), self.generation
        )

    def _realtime(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.manual_activity:
            found["automatic_activity_detection"] = {"disabled": True}
        elif self.detection:
            found["automatic_activity_detection"] = dict(self.detection)
        if not self.interruptions:
            found["activity_handling"] = "NO_INTERRUPTION"
        return found


def merged(name: str, fields: Mapping[str, Any], more: object) -> dict[str, Any]:
    """Return fields of a message, with more of them merged into messages at any depth.

    Args:
        name: What `more` is, for the error.
        fields: The fields that other options stand for.
        more: A mapping, a message or None.

    Raises:
        ArgumentError: Both set a field, to different values.
    """
    found = dict(fields)
    for key, value in _fields_of(more).items():
        here = found.get(key)
        if value is None or value == here:
            continue
        if here is None:
            found[key] = value
        elif isinstance(here, Mapping) and (
            isinstance(value, Mapping) or hasattr(value, "ListFields") or hasattr(value, "_pb")
        ):
            found[key] = merged(f"{name}.{key}", here, value)
        else:
            raise ArgumentError(
                f"{name}.{key} is {value!r}, but other options set it to {here!r}; leave one out"
            )
    return found


def _fields_of(value: Any) -> Mapping[str, Any]:
    """Return the fields of a mapping or a message that are set."""
    if value is None or isinstance(value, Mapping):
        return value or {}
    return {field.name: each for field, each in getattr(value, "_pb", value).ListFields()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """How a session survives the end of a connection.

    A wait that the server asks for (RetryInfo) takes the place of a pause, and a quota that is used up is
    waited for. If that would outlast `budget`, or is more than ten minutes, the session fails at once; the
    wait is in `details` of the error.
    """

    handle: str = ""
    """The handle of an earlier session to go on with."""
    attempts: int = 10
    """How many connections may fail in a row. A connection fails if the server does not accept it, or if it
    ends within 5 seconds and without a complete turn."""
    budget: float = 60.0
    """Seconds that one interruption may last: the time since a connection that did not fail."""
    initial: float = 0.25
    """Seconds before the second attempt; the first is made at once."""
    maximum: float = 8.0
    """Seconds no pause exceeds."""
    on_poisoned: Literal["fresh", "fail"] = "fresh"
    """What to do when a handle does not work: begin anew, which `Reconnected` tells, or give up."""
    fresh_without_handle: bool = True
    """Begin anew when the connection is lost and there is no handle; otherwise give up."""
    retry_first: bool = True
    """Retry the first connection too, within `attempts` and `budget`, while the server is UNAVAILABLE; if
    false, a session whose server cannot be reached fails at once."""

    def __post_init__(self) -> None:
        checks.count("attempts", self.attempts)
        checks.choice("on_poisoned", self.on_poisoned, "fresh", "fail")
        for name in ("budget", "initial", "maximum"):
            checks.seconds(name, getattr(self, name), endless=True)
        if self.initial > self.maximum:
            raise ArgumentError(
                f"initial is {self.initial} and maximum {self.maximum}; expected 0 <= initial <= maximum"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """How much may wait to be sent. gRPC itself would take two minutes of audio (measured)."""

    audio: float = 0.5
    """Seconds of audio; what is older is dropped and counted, except by `send_audio`, which waits."""
    control: int = 256
    """How many control messages; these are never dropped."""
    when_full: Literal["wait", "error"] = "wait"
    """What sending a control message does beyond that: wait for room, or raise `SendQueueFull`."""

    def __post_init__(self) -> None:
        checks.seconds("audio", self.audio, positive=True, endless=True)
        checks.count("control", self.control)
        checks.choice("when_full", self.when_full, "wait", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """How much may wait to be taken by the caller who iterates over the session."""

    audio: float = 120.0
    """Seconds of audio; the model speaks faster than real time."""
    events: int = 10_000
    """How many events."""
    overflow: Literal["block", "error", "drop_oldest"] = "block"
    """What to do beyond that: stop reading, end the session with an error, or drop and count."""

    def __post_init__(self) -> None:
        checks.seconds("audio", self.audio, positive=True, endless=True)
        checks.count("events", self.events)
        checks.choice("overflow", self.overflow, "block", "error", "drop_oldest")
