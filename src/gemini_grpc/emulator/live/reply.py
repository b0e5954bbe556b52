"""The model's turn: what it will say and when, and what of it has been sent.

A turn is one generation, or several when functions had to run in between. Everything is planned when
the answer is known; what is still planned when the user interrupts is never sent and never remembered.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemini_grpc.emulator import tokens
from gemini_grpc.emulator.live import speech, usage
from gemini_grpc.emulator.live.conversation import Turn, add_totals

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.live.settings import Live
    from gemini_grpc.emulator.live.setup import Setup

AUDIO_TYPE = f"audio/pcm;rate={speech.SPOKEN_RATE}"
_SOURCES = ("grounding_metadata", "url_context_metadata")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing the model does."""

    due: float
    """When, in seconds since 1970."""
    content: Data = field(default_factory=dict)
    """The `server_content`, without the audio."""
    said: tuple[Data, ...] = ()
    """The parts it adds to the conversation."""
    word: str = ""
    """What is to be heard in it."""
    calls: tuple[Data, ...] = ()
    """The functions that are called."""

    @property
    def rendered(self) -> Data:
        """The `server_content`, audio and all; audio is made only when it is sent."""
        if not self.word:
            return self.content
        blob = {"mime_type": AUDIO_TYPE, "data": speech.encode(self.word, speech.SPOKEN_RATE)}
        return {"model_turn": _model([{"inline_data": blob}]), **self.content}

    @property
    def ends(self) -> bool:
        """Whether it ends the turn."""
        return "turn_complete" in self.content

    @property
    def marks(self) -> bool:
        """Whether it says no more than that something is over."""
        return self.ends or "generation_complete" in self.content


class Reply:
    """One turn of the model, while it lasts."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._said: list[Data] = []
        self._seconds = 0.0
        self._prompt: Mapping[str, int] = {}
        self._usage: Data = {}
        self._reported = False

    def load(self, steps: list[Step], *, prompt: Mapping[str, int], counted: Data) -> None:
        """Go on with the steps of another generation."""
        self._steps = deque(steps)
        self._said, self._seconds = [], 0.0
        self._prompt, self._usage, self._reported = prompt, counted, False

    @property
    def due(self) -> float:
        """When the next step is due; infinity while functions run."""
        return self._steps[0].due if self._steps else math.inf

    def take(self, *, bundle: bool) -> list[Step]:
        """Return the next step, taken as done; with `bundle` also the marks that are due with it."""
        taken = [self._steps.popleft()]
        while bundle and self._steps and self._joins(taken[0]):
            taken.append(self._steps.popleft())
        for step in taken:
            self._said += step.said
            self._seconds += speech.seconds(step.word)
        return taken

    def stale(self) -> Data:
        """Return a piece of output that is still planned, empty if there is none."""
        pieces = (step.rendered for step in self._steps if "model_turn" in step.rendered)
        return next(pieces, {})

    def spoken(self) -> Turn | None:
        """Return what was sent of this generation, as a turn; None if nothing was."""
        if not self._said:
            return None
        return Turn(_model(_joined(self._said)), self._totals())

    def report(self) -> Data | None:
        """Return what this generation cost so far; None if that was reported already."""
        if self._reported:
            return None
        self._reported = True
        return usage.report(self._prompt, self._totals(), self._usage)

    def _joins(self, first: Step) -> bool:
        step = self._steps[0]
        return step.marks and step.due <= first.due and not first.calls

    def _totals(self) -> dict[str, int]:
        written = [part for part in self._said if "heard" not in part]
        audio = math.ceil(self._seconds * tokens.AUDIO_TOKENS_PER_SECOND)
        counted = tokens.count_contents([{"parts": written}])
        return add_totals([counted, {"AUDIO": audio} if audio else {}])


def plan(
    response: Data,
    setup: Setup,
    live: Live,
    *,
    split: Callable[[Data], Iterator[Data]],
    start: float,
) -> list[Step]:
    """Return the steps of an answer, in order of time."""
    bundle = setup.profile.bundles if live.bundle is None else live.bundle
    script = _Script(
        live, start + live.first_delay, bundle=bundle, transcribe=setup.transcribe_output
    )
    for piece in [response] if setup.spoken else split(response):
        for candidate in piece.get("candidates", ())[:1]:
            script.candidate(candidate, spoken=setup.spoken)
    calls = tuple(script.calls)
    if calls:
        script.add(calls=calls)
    if not any(setup.blocks(call["name"]) for call in calls):
        script.add({"generation_complete": True})
        script.wait_for_playback()
        script.add({"turn_complete": True})
    return script.steps


class _Script:
    """Writes the steps of one generation."""

    def __init__(self, live: Live, start: float, *, bundle: bool, transcribe: bool) -> None:
        self.steps: list[Step] = []
        self.calls: list[Data] = []
        self._live = live
        self._bundle = bundle
        self._transcribe = transcribe
        self._start = start
        self._now = start
        self._heard = 0.0  # seconds of audio so far

    def add(
        self,
        content: Data | None = None,
        *,
        said: tuple[Data, ...] = (),
        word: str = "",
        calls: tuple[Data, ...] = (),
    ) -> None:
        """Write one step."""
        step = Step(due=self._now, content=content or {}, said=said, word=word, calls=calls)
        self.steps.append(step)

    def wait_for_playback(self) -> None:
        """Move the time to where the audio has been played, if that is wanted."""
        if self._live.playback:
            self._now = max(self._now, self._start + self._heard)

    def candidate(self, candidate: Data, *, spoken: bool) -> None:
        """Write what a candidate, or a piece of it, says."""
        parts = candidate.get("content", {}).get("parts", [])
        self.calls += [part["function_call"] for part in parts if "function_call" in part]
        sources = {key: candidate[key] for key in _SOURCES if key in candidate}
        shown: list[Data] = []
        for part in parts:
            if spoken and part.get("text") and not part.get("thought"):
                self._speak(part["text"])
            elif "function_call" not in part:
                shown.append(part)
        if shown:
            self._write(shown, sources)
        elif sources:
            self.add(sources)

    def _write(self, parts: list[Data], sources: Data) -> None:
        counted = tokens.count_contents([{"parts": parts}])
        self._now += self._live.text_seconds(sum(counted.values()))
        said = tuple(part for part in parts if not part.get("thought"))
        self.add({"model_turn": _model(parts), **sources}, said=said)

    def _speak(self, said: str) -> None:
        for word in said.split():
            heard = f" {word}" if self._heard else word
            transcript = {"output_transcription": {"text": heard}} if self._transcribe else {}
            part = ({"text": heard, "heard": True},)
            self.add(transcript if self._bundle else None, said=part, word=word)
            if transcript and not self._bundle:
                self.add(transcript)
            seconds = speech.seconds(word)
            self._heard += seconds
            self._now += self._live.audio_seconds(seconds)


def _model(parts: list[Data]) -> Data:
    return {"role": "model", "parts": parts}


def _joined(parts: list[Data]) -> list[Data]:
    """Return parts with neighbouring texts made one."""
    result: list[Data] = []
    for part in parts:
        plain = {key: value for key, value in part.items() if key != "heard"}
        if result and plain.keys() == result[-1].keys() == {"text"}:
            result[-1] = {"text": result[-1]["text"] + plain["text"]}
        else:
            result.append(plain)
    return result
