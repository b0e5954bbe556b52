"""Quotas: how much a project may ask of a model, and the refusal when it is too much.

Minutes slide: what was asked counts for 60 seconds. Days end at midnight Pacific time, as the service
says of its own. Only generating and embedding count; a live session is one request, and its tokens are
not counted. A request that is refused counts nothing. The project is what `x-goog-user-project` says, or else
whoever the credential belongs to.
"""

from __future__ import annotations

import datetime
import threading
import zoneinfo
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from google.rpc import error_details_pb2

from gemini_grpc import checks
from gemini_grpc.emulator import tokens
from gemini_grpc.emulator.faults import retry_info
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc.metadata import API_KEY, AUTHORIZATION, QUOTA_PROJECT

if TYPE_CHECKING:
    from gemini_grpc.emulator.clock import Clock
    from gemini_grpc.emulator.convert import Data

ANY = "*"
HELP = "https://ai.google.dev/gemini-api/docs/rate-limits"
_SERVICE = "generativelanguage.googleapis.com"
_MINUTE = 60.0

METHODS = frozenset(
    {
        *("GenerateContent", "StreamGenerateContent", "BidiGenerateContent", "GenerateAnswer"),
        *("GenerateText", "GenerateMessage", "EmbedContent", "BatchEmbedContents"),
        *("EmbedText", "BatchEmbedText", "Predict", "PredictLongRunning"),
    }
)
"""The methods that count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What each project may ask of each model. None is no limit.

    Raises:
        ArgumentError: There is no limit at all, or one is not a number.
    """

    requests_per_minute: int | None = None
    """Requests in any 60 seconds."""
    input_tokens_per_minute: int | None = None
    """Tokens of prompts in any 60 seconds."""
    requests_per_day: int | None = None
    """Requests until midnight Pacific time."""
    model: str = ANY
    """The model it is for, as `gemini-3.8-flash` or `models/gemini-3.8-flash`; `*` for each."""
    project: str = ANY
    """The project it is for; `*` for each."""

    def __post_init__(self) -> None:
        limits = [getattr(self, kind.option) for kind in _KINDS]
        if all(limit is None for limit in limits):
            options = ", ".join(kind.option for kind in _KINDS)
            raise ArgumentError(f"a quota has at least one of {options}")
        for kind, limit in zip(_KINDS, limits, strict=True):
            checks.count(kind.option, limit, least=0, none="no limit")
        for name in ("model", "project"):
            if not isinstance(getattr(self, name), str):
                raise ArgumentError(f"{name} is {getattr(self, name)!r}; expected a string")

    def covers(self, project: str, model: str) -> bool:
        """Tell whether it is for a project and a model."""
        return self.project in {ANY, project} and _bare(self.model) in {ANY, model}


@dataclass(frozen=True, slots=True)
class _Kind:
    """One way to count."""

    option: str
    metric: str
    id: str
    daily: bool
    tokens: bool


_KINDS = (
    _Kind(
        "requests_per_minute",
        "generate_content_requests",
        "GenerateRequestsPerMinutePerProjectPerModel",
        daily=False,
        tokens=False,
    ),
    _Kind(
        "input_tokens_per_minute",
        "generate_content_input_token_count",
        "GenerateContentInputTokensPerModelPerMinute",
        daily=False,
        tokens=True,
    ),
    _Kind(
        "requests_per_day",
        "generate_content_requests",
        "GenerateRequestsPerDayPerProjectPerModel",
        daily=True,
        tokens=False,
    ),
)


@dataclass(frozen=True, slots=True)
class _Excess:
    """A limit that a request would break."""

    kind: _Kind
    limit: int
    wait: float


class Quotas:
    """Counts the requests of one emulator against its quotas. Thread-safe."""

    def __init__(self, quotas: Iterable[Quota], clock: Clock) -> None:
        self._quotas = tuple(quotas)
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[object, deque[tuple[float, int]]] = {}

    def clear(self) -> None:
        """Forget what was used."""
        with self._lock:
            self._used.clear()

    def charge(self, method: str, request: Data, metadata: Mapping[str, str | bytes]) -> None:
        """Count a request.

        Raises:
            StatusError: RESOURCE_EXHAUSTED: it would be too much.
        """
        if not self._quotas or method not in METHODS:
            return
        model = _bare(request.get("model", ""))
        project = _project(metadata)
        asked = count_input(request)
        now = self._clock.now()
        uses: list[tuple[deque[tuple[float, int]], float, int]] = []
        excesses: list[_Excess] = []
        with self._lock:
            for index, quota in enumerate(self._quotas):
                if not quota.covers(project, model):
                    continue
                for kind in _KINDS:
                    limit = getattr(quota, kind.option)
                    if limit is None:
                        continue
                    used = self._used.setdefault((index, kind.option, project, model), deque())
                    amount = asked if kind.tokens else 1
                    wait = _wait(used, now, amount, limit)
                    if wait > 0:
                        excesses.append(_Excess(kind, limit, wait))
                    until = _midnight(now) if kind.daily else now + _MINUTE
                    uses.append((used, until, amount))
            if not excesses:
                for used, until, amount in uses:
                    used.append((until, amount))
        if excesses:
            raise _refusal(excesses, model)


def count_input(request: Any) -> int:
    """Return how many tokens the prompt of any request has: all its contents and texts."""
    if isinstance(request, dict):
        if "parts" in request:
            return sum(tokens.count_contents([request]).values())
        return sum(count_input(value) for key, value in request.items() if key in _PROMPTS)
    if isinstance(request, list):
        return sum(map(count_input, request))
    return tokens.count_text(request) if isinstance(request, str) else 0


_PROMPTS = frozenset(
    {
        *("contents", "content", "system_instruction", "requests", "prompt", "text", "texts"),
        *("messages", "context", "instances", "inline_passages", "passages"),
    }
)
"""The fields of requests that hold what the model reads."""


def _wait(used: deque[tuple[float, int]], now: float, amount: int, limit: int) -> float:
    """Return the seconds until an amount is free again; 0 if it is free now."""
    while used and used[0][0] <= now:
        used.popleft()
    over = sum(use for _, use in used) + amount - limit
    if over <= 0:
        return 0.0
    for until, use in used:
        over -= use
        if over <= 0:
            return until - now
    return (used[-1][0] if used else now + _MINUTE) - now  # more than the limit by itself


def _refusal(excesses: list[_Excess], model: str) -> StatusError:
    """Return RESOURCE_EXHAUSTED with everything that a client can do something with."""
    wait = max(excess.wait for excess in excesses)
    violations = [_violation(excess, model) for excess in excesses]
    help_link = error_details_pb2.Help.Link(
        description="Learn more about Gemini API quotas", url=HELP
    )
    lines = "".join(
        f"\n* Quota exceeded for metric: {_SERVICE}/{excess.kind.metric}, limit: {excess.limit}"
        for excess in excesses
    )
    return StatusError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "You exceeded your current quota of this emulator. For more information on this error, "
        f"head to: {HELP}.{lines}\nPlease retry in {wait:g}s.",
        details=[
            error_details_pb2.QuotaFailure(violations=violations),
            error_details_pb2.Help(links=[help_link]),
            retry_info(wait),
        ],
    )


def _violation(excess: _Excess, model: str) -> error_details_pb2.QuotaFailure.Violation:
    kind = excess.kind
    violation = error_details_pb2.QuotaFailure.Violation(
        description=f"{kind.id} allows {excess.limit}"
    )
    more = {
        "quota_metric": f"{_SERVICE}/{kind.metric}",
        "quota_id": kind.id,
        "quota_dimensions": {"location": "global", "model": model},
        "quota_value": excess.limit,
    }
    known = violation.DESCRIPTOR.fields_by_name  # older googleapis-common-protos lack these fields
    violation.MergeFrom(
        type(violation)(**{name: value for name, value in more.items() if name in known})
    )
    return violation


def _project(metadata: Mapping[str, str | bytes]) -> str:
    """Return who pays: the quota project, or whoever has the credential."""
    for name in (QUOTA_PROJECT, API_KEY, AUTHORIZATION):
        if value := metadata.get(name):
            return str(value)
    return ""


def _bare(model: str) -> str:
    return model.rpartition("/")[2]


def _midnight(now: float) -> float:
    """Return when the day of Pacific time ends."""
    try:
        pacific: datetime.tzinfo = zoneinfo.ZoneInfo("America/Los_Angeles")
    except zoneinfo.ZoneInfoNotFoundError:  # no time zones on this machine: without summer time
        pacific = datetime.timezone(datetime.timedelta(hours=-8))
    today = datetime.datetime.fromtimestamp(now, pacific)
    tomorrow = today.date() + datetime.timedelta(days=1)
    return datetime.datetime.combine(tomorrow, datetime.time(), pacific).timestamp()
