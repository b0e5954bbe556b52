"""When something ends: after a time, or at a moment, from what users have them in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from gemini_grpc.errors import ArgumentError

LATEST = 253402300799
"""The last second that a `Timestamp` can be: the end of the year 9999."""
LONGEST = 315_576_000_000
"""The most seconds that a `Duration` has."""


def expiration(ttl: object, expire_time: object) -> dict[str, Duration | Timestamp]:
    """Return the one of `ttl` and `expire_time` that is given, as the message has it.

    Args:
        ttl: How long from now: seconds, `"300s"`, a `timedelta`, a `Duration`, or
            `{"seconds": ..., "nanos": ...}`.
        expire_time: When: an aware `datetime`, seconds since 1970, a mapping as above, a `Timestamp`.

    Returns:
        The field and its value; nothing if neither is given.

    Raises:
        ArgumentError: Both are given, or the one that is cannot be used.
    """
    if ttl is not None and expire_time is not None:
        raise ArgumentError("ttl and expire_time are both given; pass one of them")
    if ttl is not None:
        return {"ttl": _duration(ttl)}
    return {} if expire_time is None else {"expire_time": _timestamp(expire_time)}


def _duration(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, str) and (seconds := _SECONDS.fullmatch(value)):
        value = float(seconds[1])  # "300s", as JSON has it
    if isinstance(value, timedelta):
        value = {"seconds": value // _SECOND, "nanos": value % _SECOND // _MICROSECOND * 1000}
    parts = _parts(value)
    if parts is None or not (0, 0) < parts <= (LONGEST, 0):
        raise ArgumentError(
            f"ttl is {value!r}; expected a time to live: seconds above 0, a timedelta, '300s', or "
            "{'seconds': ..., 'nanos': ...}"
        )
    return Duration(seconds=parts[0], nanos=parts[1])


def _timestamp(value: object) -> Timestamp:
    if isinstance(value, Timestamp):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ArgumentError(
                f"expire_time is {value!r}, which has no time zone; give it one, as in "
                "datetime.now(timezone.utc) + timedelta(hours=1)"
            )
        stamp = Timestamp()
        stamp.FromDatetime(value)
        return stamp
    parts = _parts(value)
    if parts is None or not (0, 0) <= parts <= (LATEST, 0):
        raise ArgumentError(
            f"expire_time is {value!r}; expected an aware datetime, seconds since 1970, or "
            "{'seconds': ..., 'nanos': ...}"
        )
    return Timestamp(seconds=parts[0], nanos=parts[1])


_SECONDS = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)s", re.ASCII)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


def _parts(value: Any) -> tuple[int, int] | None:
    """Return seconds and nanoseconds; None if the value is neither a number nor a mapping of them."""
    if isinstance(value, Mapping):
        parts = (value.get("seconds", 0), value.get("nanos", 0))
        whole = all(isinstance(part, int) and not isinstance(part, bool) for part in parts)
        known = set(value) <= {"seconds", "nanos"} and value
        return parts if whole and known and 0 <= parts[1] < 10**9 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    seconds = math.floor(value)
    nanos = 0 if isinstance(value, int) else round((value - seconds) * 1e6) * 1000
    return (seconds + 1, 0) if nanos >= 10**9 else (seconds, nanos)
