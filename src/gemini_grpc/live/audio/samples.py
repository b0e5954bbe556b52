"""PCM16: little-endian 16-bit samples of one channel, the only audio a live session carries.

- Where PCM is taken, `bytes` and everything like them will do, and arrays of int16, float32 or float64
  samples too: those of NumPy, of the module `array`, and the buffers of audio devices.
- Samples as floats are between -1 and 1; what is beyond is clipped.
- Where PCM is returned it is `bytes`.
"""

from __future__ import annotations

import math
import operator
import struct
import sys
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from gemini_grpc.errors import ArgumentError
from gemini_grpc.live.audio import arrays

if TYPE_CHECKING:
    from typing_extensions import Buffer

INPUT_RATE = 16_000
"""Samples a second that a model listens to; other rates are converted by the service."""
OUTPUT_RATE = 24_000
"""Samples a second that a model answers with."""
LOWEST_RATE = 8_000
HIGHEST_RATE = 192_000

_NATIVE = ">" if sys.byteorder == "big" else "<"
_ORDERS = {">": ">", "!": ">", "<": "<"}
_FORMATS = ("audio/pcm", "audio/l16")  # the service also calls its little-endian PCM the second


class Array(Protocol):
    """An array of NumPy, as far as types tell it before Python 3.12."""

    @property
    def __array_interface__(self) -> object:
        """Describe the memory of the array."""


PCM: TypeAlias = "Buffer | Array"
"""What is taken as PCM16."""


def check_rate(rate: int, name: str = "rate") -> int:
    """Return the rate.

    Raises:
        ArgumentError: It is no integer, or out of 8000 to 192000.
    """
    try:
        checked = operator.index(rate)
    except TypeError:
        checked = 0
    if not LOWEST_RATE <= checked <= HIGHEST_RATE:
        raise ArgumentError(
            f"{name} is {rate!r}; expected an integer from {LOWEST_RATE} to {HIGHEST_RATE}"
        )
    return checked


def check_seconds(seconds: float, name: str) -> float:
    """Return the seconds.

    Raises:
        ArgumentError: They are negative, infinite or no number.
    """
    if not 0 <= seconds < math.inf:
        raise ArgumentError(f"{name} is {seconds!r}; expected seconds, finite and not negative")
    return seconds


def raw(pcm: PCM, name: str = "pcm") -> bytes:
    """Return the bytes of PCM16, which may end within a sample.

    Raises:
        ArgumentError: It is not PCM, or has several channels.
    """
    return pcm if isinstance(pcm, bytes) else _little(_mono(_view(pcm, name), name), name)


def whole(pcm: PCM, name: str = "pcm") -> bytes:
    """Return the bytes of PCM16, whole samples only.

    Raises:
        ArgumentError: It is not PCM, has several channels, or ends within a sample.
    """
    if type(pcm) is bytes and len(pcm) % 2 == 0:  # nearly always, and 50 times a second
        return pcm
    return _even(raw(pcm, name), name)


def decode(data: bytes) -> tuple[int, ...]:
    """Return the samples of PCM16 as integers."""
    return struct.unpack(f"<{len(data) // 2}h", data)


def encode(samples: list[int]) -> bytes:
    """Return integers, which must fit, as PCM16."""
    return struct.pack(f"<{len(samples)}h", *samples)


def clip(value: float) -> int:
    """Return the nearest sample, the even one of two."""
    return max(-32768, min(32767, round(value)))


def duration(pcm: PCM, rate: int) -> float:
    """Return how many seconds PCM16 lasts.

    Raises:
        ArgumentError: `pcm` is not whole samples, or `rate` is out of range.
    """
    return len(whole(pcm)) / 2 / check_rate(rate)


def silence(seconds: float, rate: int) -> bytes:
    """Return silence, to the nearest sample.

    Raises:
        ArgumentError: `seconds` is negative or infinite, or `rate` is out of range.
    """
    return bytes(2 * round(check_seconds(seconds, "seconds") * check_rate(rate)))


def mime_type(rate: int) -> str:
    """Return how messages name PCM16 of a rate, as `audio/pcm;rate=16000`.

    Raises:
        ArgumentError: `rate` is out of range.
    """
    return f"audio/pcm;rate={check_rate(rate)}"


def rate_of(mime_type: str, default: int = OUTPUT_RATE) -> int:
    """Return the rate that a message names, or the default if it names none.

    Raises:
        ArgumentError: `mime_type` is not PCM16 of one channel, or its rate or `default` is out of range.
    """
    kind, *parts = (part.strip() for part in mime_type.lower().split(";"))
    pairs = (part.partition("=") for part in parts)
    named = {name.strip(): value.strip().strip('"') for name, _, value in pairs}
    if (kind and kind not in _FORMATS) or named.get("channels", "1") != "1":
        raise ArgumentError(
            f"mime_type is {mime_type!r}; expected PCM of one channel, as 'audio/pcm;rate=24000'"
        )
    text = named.get("rate")
    if text is None:
        return check_rate(default, "default")
    rate = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise ArgumentError(
            f"the rate in mime_type {mime_type!r} cannot be used; "
            f"expected {LOWEST_RATE} to {HIGHEST_RATE}"
        )
    return rate


def to_float(pcm: PCM) -> array[float]:
    """Return the samples as floats of 32 bits, -1 to just below 1; `numpy.asarray` takes them as they are.

    Raises:
        ArgumentError: `pcm` is not whole samples.
    """
    data = whole(pcm)
    np = arrays.numpy()
    if np is None:
        return array("f", [sample / 32768.0 for sample in decode(data)])
    floats = array("f")
    floats.frombytes((np.frombuffer(data, "<i2").astype("f4") / np.float32(32768)).tobytes())
    return floats


def from_float(samples: PCM | Iterable[float]) -> bytes:
    """Return floats as PCM16; what is beyond -1 and 1 is clipped.

    Raises:
        ArgumentError: `samples` are no floats, or one of them is NaN.
    """
    try:
        view = memoryview(cast("Buffer", samples))
    except TypeError:
        try:
            view = memoryview(array("d", cast("Iterable[float]", samples)))
        except TypeError:
            raise _not_pcm(samples, "samples", "floats") from None
    if _format(view)[1] not in ("f", "d"):
        raise ArgumentError(f"samples has the format {view.format!r}; expected float32 or float64")
    return _little(_mono(view, "samples"), "samples")


def to_mono(pcm: PCM, channels: int) -> bytes:
    """Return interleaved channels as one, their mean.

    An array may also have two dimensions, the second being the channels.

    Raises:
        ArgumentError: `channels` is not positive, or does not divide the samples of `pcm`.
    """
    if channels < 1:
        raise ArgumentError(f"channels is {channels}; expected at least 1")
    view = _view(pcm, "pcm")
    if view.ndim > 1 and (view.shape or ())[1:] != (channels,):
        raise ArgumentError(f"pcm has the shape {view.shape}; channels is {channels}")
    data = _even(_little(view, "pcm"), "pcm")
    if len(data) % (2 * channels):
        raise ArgumentError(f"pcm has {len(data) // 2} samples; channels is {channels}")
    if channels == 1:
        return data
    np = arrays.numpy()
    if np is None:
        words = decode(data)
        groups = zip(*(words[channel::channels] for channel in range(channels)), strict=True)
        return encode([round(sum(group) / channels) for group in groups])
    sums = np.frombuffer(data, "<i2").reshape(-1, channels).sum(axis=1, dtype="i8")
    return cast("bytes", np.rint(sums / channels).astype("<i2").tobytes())


def quantize(values: Iterable[float], name: str) -> bytes:
    """Return floats (also an array of them) as PCM16.

    Raises:
        ArgumentError: One of them is NaN.
    """
    np = arrays.numpy()
    if np is None:
        floats = list(values)
        if any(map(math.isnan, floats)):
            raise ArgumentError(f"{name} has a sample that is not a number")
        return encode([clip(max(-1.0, min(1.0, value)) * 32768.0) for value in floats])
    table = np.asarray(values, dtype="f8")
    if np.isnan(table).any():
        raise ArgumentError(f"{name} has a sample that is not a number")
    scaled = np.rint(np.clip(table, -1.0, 1.0) * 32768.0)
    return cast("bytes", np.minimum(scaled, 32767.0).astype("<i2").tobytes())


def numbers(data: bytes, order: str, kind: str) -> Any:
    """Return the numbers of a format of the module `struct` in memory, as an array if NumPy is there."""
    np = arrays.numpy()
    if np is None:
        return struct.unpack(f"{order}{len(data) // struct.calcsize(kind)}{kind}", data)
    return np.frombuffer(data, np.dtype(kind).newbyteorder(order))


def _view(pcm: PCM, name: str) -> memoryview:
    try:
        return memoryview(cast("Buffer", pcm))
    except (TypeError, ValueError):  # NumPy raises the second for dates
        raise _not_pcm(pcm, name, "bytes or an array of samples") from None


def _not_pcm(value: object, name: str, expected: str) -> ArgumentError:
    return ArgumentError(f"{name} is {type(value).__name__}; expected {expected}")


def _mono(view: memoryview, name: str) -> memoryview:
    """Return the view if it is one row or one column."""
    if sum(size != 1 for size in view.shape or ()) > 1:
        raise ArgumentError(
            f"{name} has the shape {view.shape}; expected one channel (`to_mono` makes one of several)"
        )
    return view


def _format(view: memoryview) -> tuple[str, str]:
    """Return the byte order and the kind of the items, as the module `struct` writes them."""
    return _ORDERS.get(view.format[0], _NATIVE), view.format.lstrip("@=<>!")


def _little(view: memoryview, name: str) -> bytes:
    """Return what a view holds as PCM16, in C order."""
    order, kind = _format(view)
    data = view.tobytes()
    match order + kind:
        case "<B" | ">B" | "<b" | ">b" | "<c" | ">c" | "<h":
            return data
        case ">h":
            swapped = bytearray(len(data))
            swapped[0::2], swapped[1::2] = data[1::2], data[0::2]
            return bytes(swapped)
        case "<f" | ">f" | "<d" | ">d":
            return quantize(numbers(data, order, kind), name)
    raise ArgumentError(
        f"{name} has samples of the format {view.format!r}; expected bytes, int16, float32 or float64"
    )


def _even(data: bytes, name: str) -> bytes:
    if len(data) % 2:
        raise ArgumentError(
            f"{name} has {len(data)} bytes; a sample is two, so expected an even number"
        )
    return data
