"""How often and how patiently a call is tried: a value, and what it means for an error."""

from __future__ import annotations

import enum
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import grpc

from gemini_grpc import checks
from gemini_grpc.errors import ArgumentError


class Default(enum.Enum):
    """The type of `DEFAULT`, so that None can mean none."""

    TOKEN = "default"  # noqa: S105  # not a password

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT: Final = Default.TOKEN
"""The argument was not given: what the method's table says is used."""

_LONGEST = 1e8
"""Seconds, three years: longer than that gRPC does not tell the server, and grpcio miscounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a failed call is tried again.

    Only calls that may be repeated are, except when the request was never sent (AIP-194). What the
    server says about waiting (RetryInfo, `grpc-retry-pushback-ms`) takes the place of the back-off.
    """

    attempts: int = 5
    """How often a call is tried at most, the first time included; at least 1."""
    initial: float = 0.5
    """Seconds before the second attempt."""
    multiplier: float = 2.0
    """How much longer each further pause is; at least 1."""
    maximum: float = 30.0
    """Seconds no pause of the back-off exceeds; finite."""
    jitter: float = 0.5
    """The part of each pause that is left to chance, 0 to 1, so that clients do not return in step."""
    codes: frozenset[grpc.StatusCode] = frozenset({grpc.StatusCode.UNAVAILABLE})
    """The codes that are retried without the server asking for it."""
    maximum_hint: float = 600.0
    """Seconds. If the server asks for a longer wait, the call fails at once and the error carries the
    hint (`retry_after`)."""
    predicate: Callable[[Exception], bool] | None = None
    """Decides instead of `codes`, given the error; for policies taken over from google.api_core."""

    def __post_init__(self) -> None:
        if not self.attempts >= 1:
            raise ArgumentError(f"attempts is {self.attempts}; it counts the first, so at least 1")
        if not 0 <= self.initial <= self.maximum < math.inf:
            raise ArgumentError(
                f"initial is {self.initial} and maximum {self.maximum}; "
                "expected 0 <= initial <= maximum, in seconds"
            )
        if not self.multiplier >= 1:
            raise ArgumentError(f"multiplier is {self.multiplier}; expected at least 1")
        if not 0 <= self.jitter <= 1:
            raise ArgumentError(f"jitter is {self.jitter}; expected 0 to 1")
        checks.seconds("maximum_hint", self.maximum_hint)

    def pause(self, attempt: int, chance: float) -> float:
        """Return the seconds to wait after the given attempt (1 is the first); chance is 0 to 1."""
        try:
            full = min(self.maximum, self.initial * self.multiplier ** (attempt - 1))
        except OverflowError:
            full = self.maximum
        return min(_LONGEST, full * (1 - self.jitter * chance))


class GoogleRetry(Protocol):
    """A `Retry` or `AsyncRetry` of google.api_core, as far as type checkers tell it from other things."""

    def with_timeout(self, timeout: float | None) -> object:
        """Return the same with another time; it is not called."""


Retry = RetryPolicy | GoogleRetry | Default | None
"""What `retry=` takes."""


def settled(
    retry: object, timeout: object, prefix: str = ""
) -> tuple[RetryPolicy | Default | None, float | Default | None]:
    """Return the policy and the seconds for the arguments `retry` and `timeout` of a user.

    `prefix` precedes the names of the arguments in errors.

    Raises:
        ArgumentError: An argument is neither ours nor google's, or the timeout is not more than 0.
    """
    left = seconds(timeout, f"{prefix}timeout")
    if retry is None or retry is DEFAULT or isinstance(retry, RetryPolicy):
        return retry, left
    return from_google(retry, left, f"{prefix}retry")


def seconds(timeout: Any, name: str = "timeout") -> float | Default | None:
    """Return a timeout in seconds; None, for no limit, where it is longer than grpcio can count.

    Raises:
        ArgumentError: It is not a finite number of more than 0.
    """
    if timeout is DEFAULT or is_google_default(timeout):
        return DEFAULT
    checks.seconds(name, timeout, positive=True, optional=True)
    return None if timeout is None or timeout > _LONGEST else float(timeout)


def remaining(left: float | None) -> float | None:
    """Return the rest of a deadline as the timeout of a call: at least a millisecond; None for no limit.

    If nothing is left, the call fails with DeadlineExceeded instead of an ArgumentError.
    """
    return None if left is None else max(left, 0.001)


def is_google_default(value: object) -> bool:
    """Tell whether a value is `google.api_core.gapic_v1.method.DEFAULT`, which google's signatures have."""
    return type(value).__name__ == "_MethodDefault"


def from_google(
    retry: Any, timeout: float | Default | None, name: str = "retry"
) -> tuple[RetryPolicy | Default, float | Default | None]:
    """Return the policy that a `Retry` or `AsyncRetry` of google.api_core describes, and the timeout.

    Raises:
        ArgumentError: It is no policy at all.
    """
    if is_google_default(retry):
        return DEFAULT, timeout
    if not hasattr(retry, "_predicate") or not hasattr(retry, "_multiplier"):
        raise ArgumentError(
            f"{name} is {type(retry).__name__}; expected a RetryPolicy, None for one attempt, or a "
            "Retry of google.api_core"
        )
    found = RetryPolicy(
        attempts=sys.maxsize,
        initial=min(retry._initial, retry._maximum, _LONGEST),
        multiplier=max(1.0, retry._multiplier),
        maximum=min(retry._maximum, _LONGEST),
        jitter=1.0,
        predicate=retry._predicate,
    )
    most = seconds(getattr(retry, "_timeout", None), f"the timeout of {name}")
    if not isinstance(most, float):
        return found, timeout
    return found, min(timeout, most) if isinstance(timeout, (int, float)) else most
