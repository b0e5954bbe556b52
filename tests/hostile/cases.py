"""What a hostile server does: a table of scripts, by the place at which they break the rules."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.hostile.server import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    OK_HEADERS,
    PING,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Connection,
    Greeting,
    Script,
    Stream,
    block,
    frame,
    message,
    send_settings,
)

PUSH_PROMISE, PRIORITY = 5, 2
PADDED = 8
MIB = 1 << 20


@dataclass(frozen=True)
class Case:
    """One way to break the rules."""

    name: str
    script: Script
    greet: Greeting = send_settings
    waits: bool = False
    """The server keeps silent afterwards, so only the deadline ends a call."""
    waits_live: bool = False
    """The same for sessions: grpc core waits for more after half a message while the client may send."""
    is_fine: bool = False
    """A call may succeed: the rules allow it, or grpc core passes over it."""
    slow: bool = False
    """It takes long or much memory."""


def nothing(stream: Stream) -> None:
    """Say nothing."""


def ints(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def go_away(stream: Stream, code: int, last: int, text: bytes = b"") -> bytes:
    return frame(GOAWAY, 0, ints(last, code) + text)


# before SETTINGS


def before(name: str, greet: Greeting, **more: bool) -> Case:
    return Case(f"before SETTINGS: {name}", nothing, greet, **more)


def says(data: bytes, *, close: bool = False) -> Greeting:
    def greet(connection: Connection) -> None:
        connection.send(data)
        if close:
            connection.close()

    return greet


def setting(name: int, value: int) -> bytes:
    return frame(SETTINGS, 0, struct.pack(">HI", name, value))


HTTP_1 = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno"

BEFORE = [
    before("silence", says(b""), waits=True),
    before("the end", says(b"", close=True)),
    before("HTTP/1.1", says(HTTP_1, close=True)),
    before("HTTP/1.1 that stays open", says(HTTP_1)),
    before("SSH", says(b"SSH-2.0-OpenSSH_9.6\r\n")),
    before("an alert of TLS", says(b"\x15\x03\x01\x00\x02\x02\x46", close=True)),
    before("zeros", says(bytes(4096))),
    before("ones", says(b"\xff" * 4096)),
    before("a PING", says(frame(PING, 0, bytes(8)))),
    before("DATA", says(frame(DATA, 1, b"x"))),
    before("GOAWAY", says(frame(GOAWAY, 0, ints(0, 0)))),
    before("SETTINGS of 5 bytes", says(frame(SETTINGS, 0, bytes(5)))),
    before("SETTINGS of a stream", says(frame(SETTINGS, 1))),
    before("an acknowledgement", says(frame(SETTINGS, 0, flags=1)), waits=True, is_fine=True),
    before("a window of 2 GiB", says(setting(4, 1 << 31))),
    before("frames of 1 byte", says(setting(5, 1))),
    before("half of SETTINGS", says(frame(SETTINGS, 0, bytes(6))[:11], close=True)),
    before("a frame of 16 MiB", says(b"\xff\xff\xff\x04\x00\x00\x00\x00\x00" + bytes(100))),
]


# headers


def in_headers(name: str, script: Script, **more: bool) -> Case:
    return Case(f"headers: {name}", script, **more)


def answers(*pairs: tuple[str, str]) -> Script:
    """Answer with headers, a message and good trailers."""

    def script(stream: Stream) -> None:
        stream.answer(pairs)
        stream.write(message(stream.good))
        stream.trail()

    return script


def page(status: str, *pairs: tuple[str, str]) -> Script:
    """Answer as a web server does."""

    def script(stream: Stream) -> None:
        stream.answer(((":status", status), ("content-type", "text/html"), *pairs))
        stream.write(b"<html><body>sorry</body></html>", end=True)

    return script


def raw(*parts: Callable[[Stream], bytes]) -> Script:
    """Send frames made for the stream."""

    def script(stream: Stream) -> None:
        for part in parts:
            stream.send(part(stream))

    return script


def flood_of_continuations(stream: Stream) -> None:
    stream.send(frame(HEADERS, stream.number, block(OK_HEADERS)))
    for _ in range(300):
        stream.send(frame(CONTINUATION, stream.number, block([("x-flood", "v" * 16000)])))


GRPC = (("content-type", "application/grpc"),)
IN_HEADERS = [
    in_headers("no :status", answers(*GRPC), is_fine=True),
    in_headers("a :status that is none", answers((":status", "abc"), *GRPC)),
    in_headers("an empty :status", answers((":status", ""), *GRPC)),
    in_headers("two :status", answers((":status", "200"), (":status", "404"), *GRPC), is_fine=True),
    *(
        in_headers(f"a page with {status}", page(status), waits_live=status == "200")
        for status in (
            "200",
            "204",
            "301",
            "400",
            "401",
            "403",
            "404",
            "429",
            "500",
            "502",
            "503",
            "504",
        )
    ),
    in_headers("a page without an end", lambda s: s.answer(((":status", "502"),)), waits=True),
    in_headers("100 only", lambda s: s.answer(((":status", "100"),)), waits=True),
    in_headers("no content-type", answers((":status", "200")), is_fine=True),
    in_headers(
        "another content-type",
        answers((":status", "200"), ("content-type", "application/json")),
        is_fine=True,
    ),
    in_headers("capital letters", answers(*OK_HEADERS, ("X-Big", "v")), is_fine=True),
    in_headers("a line end in a value", answers(*OK_HEADERS, ("x-a", "b\r\nc: d")), is_fine=True),
    in_headers("a null in a value", answers(*OK_HEADERS, ("x-a", "\x00")), is_fine=True),
    in_headers("no name", answers(*OK_HEADERS, ("", "v")), is_fine=True),
    in_headers("a pseudo-header last", answers(*OK_HEADERS, (":x", "v")), is_fine=True),
    in_headers("connection", answers(*OK_HEADERS, ("connection", "close")), is_fine=True),
    in_headers("bad base64", answers(*OK_HEADERS, ("x-a-bin", "%%%")), is_fine=True),
    in_headers("2 MiB", answers(*OK_HEADERS, ("x-big", "v" * (2 * MIB)))),
    in_headers(
        "none at all", raw(lambda s: frame(HEADERS, s.number, b"", END_HEADERS)), waits=True
    ),
    in_headers(
        "bad HPACK",
        raw(lambda s: frame(HEADERS, s.number, b"\xff\xff\xff\xff\xff\xff", END_HEADERS)),
    ),
    in_headers("an index of HPACK", raw(lambda s: frame(HEADERS, s.number, b"\xfe", END_HEADERS))),
    in_headers(
        "a table of HPACK that is too large",
        raw(lambda s: frame(HEADERS, s.number, b"\x3f\xff\xff\xff\x07", END_HEADERS)),
    ),
    in_headers(
        "bad Huffman codes",
        raw(lambda s: frame(HEADERS, s.number, b"\x00\x84\xff\xff\xff\xff\x01a", END_HEADERS)),
    ),
    in_headers(
        "padding longer than the frame",
        raw(lambda s: frame(HEADERS, s.number, b"\xff\x88", END_HEADERS | PADDED)),
    ),
    in_headers(
        "another frame between",
        raw(
            lambda s: frame(HEADERS, s.number, block(OK_HEADERS)),
            lambda _: frame(PING, 0, bytes(8)),
        ),
    ),
    in_headers("CONTINUATION alone", raw(lambda s: frame(CONTINUATION, s.number, b"\x88"))),
    in_headers("a flood of CONTINUATION", flood_of_continuations),
    in_headers("of stream 0", raw(lambda _: frame(HEADERS, 0, b"\x88", END_HEADERS)), waits=True),
    in_headers(
        "of a stream that is not open",
        raw(lambda s: frame(HEADERS, s.number + 100, b"\x88", END_HEADERS)),
        waits=True,
    ),
    in_headers(
        "PUSH_PROMISE",
        raw(lambda s: frame(PUSH_PROMISE, s.number, ints(2) + b"\x88", END_HEADERS)),
        waits=True,
    ),
    in_headers("twice", lambda s: (s.answer(), answers(*OK_HEADERS)(s))[0], is_fine=True),
]


# messages


def in_messages(name: str, script: Script, **more: bool) -> list[Case]:
    """Return a fault as the first message, and after a good one."""

    def first(stream: Stream) -> None:
        stream.answer()
        script(stream)

    def middle(stream: Stream) -> None:
        stream.answer()
        stream.write(message(stream.good))
        script(stream)

    return [
        Case(f"first message: {name}", first, **more),
        Case(f"after a message: {name}", middle, **more),
    ]


def bytes_then_ok(data: bytes) -> Script:
    """Send bytes and good trailers."""

    def script(stream: Stream) -> None:
        stream.write(data)
        stream.trail()

    return script


def with_encoding(name: str, data: bytes) -> Script:
    def script(stream: Stream) -> None:
        stream.answer((*OK_HEADERS, ("grpc-encoding", name)))
        stream.write(message(data, flag=1))
        stream.trail()

    return script


def nested(depth: int) -> bytes:
    """Return the bytes of a message in a message in a message, in a field that they may have."""
    data = b""
    for _ in range(depth):
        size = len(data)
        length = bytes([size & 127 | 128, size >> 7 & 127 | 128, size >> 14])
        data = b"\x0a" + length + data
    return data


def overflow_window(stream: Stream) -> None:
    """Send more than the window of the stream and of the connection, in spite of both."""
    stream.send(frame(DATA, stream.number, message(bytes(16379), length=64 * MIB)))
    for _ in range(1000):
        stream.send(frame(DATA, stream.number, bytes(16384)))


IN_MESSAGES = (
    [
        case
        for cases in (
            in_messages("compressed without an encoding", bytes_then_ok(message(b"x", flag=1))),
            in_messages("an unknown flag", bytes_then_ok(message(b"x", flag=2)), is_fine=True),
            in_messages("every flag", bytes_then_ok(message(b"x", flag=255)), is_fine=True),
            in_messages("garbage", bytes_then_ok(message(b"\xff" * 100))),
            in_messages("a tag of 0", bytes_then_ok(message(b"\x00\x00"))),
            in_messages("a field that ends too soon", bytes_then_ok(message(b"\x0a\x7f"))),
            in_messages("nested 50,000 deep", bytes_then_ok(message(nested(50_000))), is_fine=True),
            in_messages("4 GiB", bytes_then_ok(message(b"x", length=(1 << 32) - 1))),
            in_messages("2 GiB", bytes_then_ok(message(b"x", length=1 << 31))),
            in_messages(
                "4 GiB and silence", lambda s: s.write(message(b"x", length=(1 << 32) - 1))
            ),
            in_messages(
                "half of the prefix",
                lambda s: s.write(b"\x00\x00\x00", end=True),
                is_fine=True,
                waits_live=True,
            ),
            in_messages(
                "half, and the end",
                lambda s: s.write(message(b"x", length=9), end=True),
                is_fine=True,
                waits_live=True,
            ),
            in_messages("half, and trailers", bytes_then_ok(message(b"x", length=9)), is_fine=True),
            in_messages(
                "half, and silence", lambda s: s.write(message(b"x", length=9)), waits=True
            ),
            in_messages("silence", nothing, waits=True),
            in_messages("the end of the connection", lambda s: s.connection.close()),
            in_messages("DATA of stream 0", raw(lambda _: frame(DATA, 0, b"x")), waits=True),
            in_messages(
                "DATA of another stream",
                raw(lambda s: frame(DATA, s.number + 100, b"x")),
                waits=True,
            ),
            in_messages(
                "padding longer than the frame",
                raw(lambda s: frame(DATA, s.number, b"\xff\x00", PADDED)),
                waits=True,
                slow=True,  # now and then core neither resets the stream nor ends the connection
            ),
            in_messages(
                "more than the window",  # core may have widened it by then, and wait for the rest
                overflow_window,
                slow=True,
            ),
            in_messages(
                "a window of 0 more", raw(lambda s: frame(WINDOW_UPDATE, s.number, ints(0)))
            ),
            in_messages(
                "a window of 4 GiB",
                raw(lambda _: frame(WINDOW_UPDATE, 0, ints((1 << 31) - 1)) * 3),
                waits=True,
            ),
            in_messages(
                "WINDOW_UPDATE of 3 bytes", raw(lambda s: frame(WINDOW_UPDATE, s.number, bytes(3)))
            ),
            *(
                in_messages(
                    f"RST_STREAM {code}",
                    raw(lambda s, code=code: frame(RST_STREAM, s.number, ints(code))),
                )
                for code in (*range(14), 255, 0xFFFFFFFF)
            ),
            in_messages(
                "RST_STREAM of 3 bytes", raw(lambda s: frame(RST_STREAM, s.number, bytes(3)))
            ),
            in_messages(
                "RST_STREAM of stream 0", raw(lambda _: frame(RST_STREAM, 0, ints(2))), waits=True
            ),
            *(
                in_messages(
                    f"GOAWAY {code} that leaves the call out",
                    raw(lambda s, code=code: go_away(s, code, 0)),
                )
                for code in (0, 2, 11)
            ),
            *(
                in_messages(
                    f"GOAWAY {code} and the end",
                    lambda s, code=code: (
                        s.send(go_away(s, code, s.number, b"bye")),
                        s.connection.close(),
                    )[1],
                )
                for code in (0, 2, 11, 12, 255)  # grpc core itself aborts at 13 and 14
            ),
            in_messages("GOAWAY and silence", raw(lambda s: go_away(s, 0, s.number)), waits=True),
            in_messages("GOAWAY of 3 bytes", raw(lambda _: frame(GOAWAY, 0, bytes(3)))),
            in_messages("SETTINGS that are wrong", raw(lambda _: setting(4, 1 << 31))),
            in_messages("PING of 3 bytes", raw(lambda _: frame(PING, 0, bytes(3)))),
            in_messages("an unknown frame", raw(lambda s: frame(99, s.number, b"x")), waits=True),
            in_messages(
                "a frame of 16 MiB",
                raw(lambda s: b"\xff\xff\xff\x00\x00" + ints(s.number) + bytes(64)),
            ),
            in_messages(
                "a flood of PING",
                lambda s: s.send(frame(PING, 0, bytes(8)) * 20_000),
                waits=True,
                slow=True,
            ),
            in_messages(
                "a flood of SETTINGS",
                lambda s: s.send(frame(SETTINGS, 0) * 20_000),
                waits=True,
                slow=True,
            ),
            in_messages(
                "a flood of empty DATA",
                lambda s: s.send(frame(DATA, s.number) * 50_000),
                waits=True,
                slow=True,
            ),
            in_messages(
                "a flood of PRIORITY",
                lambda s: s.send(frame(PRIORITY, s.number, bytes(5)) * 20_000),
                waits=True,
                slow=True,
            ),
        )
        for case in cases
    ]
    + [
        Case("first message: an unknown encoding", with_encoding("br", b"x")),
        Case("first message: gzip that is none", with_encoding("gzip", b"x" * 100)),
        Case(
            "first message: gzip that ends too soon",
            with_encoding("gzip", gzip.compress(bytes(9999))[:20]),
        ),
        Case("first message: deflate that is none", with_encoding("deflate", b"x" * 100)),
        Case("first message: without headers", bytes_then_ok(message(b"")), is_fine=True),
    ]
)


# trailers


def in_trailers(name: str, *pairs: tuple[str, str], **more: bool) -> list[Case]:
    """Return trailers after a message, and instead of one."""

    def after(stream: Stream) -> None:
        stream.answer()
        stream.write(message(stream.good))
        stream.trail(*(pairs or (("x-a", "b"),)))

    def alone(stream: Stream) -> None:
        stream.trail(*OK_HEADERS, *pairs)

    return [Case(f"trailers: {name}", after, **more), Case(f"trailers only: {name}", alone, **more)]


BUSY = ("grpc-status", "8")
IN_TRAILERS = [
    case
    for cases in (
        in_trailers("no grpc-status", is_fine=True),
        in_trailers("a status that is no number", ("grpc-status", "abc")),
        in_trailers("an empty status", ("grpc-status", "")),
        in_trailers("a status of -1", ("grpc-status", "-1")),
        in_trailers("a status of 17", ("grpc-status", "17")),
        in_trailers("a status of 40 digits", ("grpc-status", "9" * 40)),
        in_trailers("two statuses", ("grpc-status", "5"), ("grpc-status", "7")),
        in_trailers("0 with a text", ("grpc-status", "0"), ("grpc-message", "no"), is_fine=True),
        in_trailers("bad percents", ("grpc-status", "5"), ("grpc-message", "%zz%4%%%ff%00")),
        in_trailers("a text of 100 kB", ("grpc-status", "5"), ("grpc-message", "x" * 100_000)),
        in_trailers(
            "details that are no base64", ("grpc-status", "5"), ("grpc-status-details-bin", "%")
        ),
        in_trailers(
            "details that are garbage", ("grpc-status", "5"), ("grpc-status-details-bin", "////")
        ),
        in_trailers(
            "details nested deep", ("grpc-status", "5"), ("grpc-status-details-bin", "Gv8BGv8BGv8B")
        ),
        in_trailers("2 MiB", ("grpc-status", "5"), ("x-big", "v" * (2 * MIB))),
        *(
            in_trailers(
                f"a pushback of {text[:9]}", ("grpc-status", "14"), ("grpc-retry-pushback-ms", text)
            )
            for text in ("abc", "", "-1", "1e9", "9" * 5000, "0")
        ),
    )
    for case in cases
] + [
    Case(
        "trailers: without an end",
        lambda s: (s.answer(), s.write(message(s.good)), s.answer((("grpc-status", "5"),)))[0],
        waits=True,
        is_fine=True,
    ),
]


# afterwards


def afterwards(name: str, script: Script) -> Case:
    """Return what comes after a good answer; the next call over the connection comes too."""

    def answered(stream: Stream) -> None:
        stream.answer()
        stream.write(message(stream.good))
        stream.trail()
        script(stream)

    return Case(f"afterwards: {name}", answered, is_fine=True)


AFTERWARDS = [
    afterwards("DATA", raw(lambda s: frame(DATA, s.number, b"x"))),
    afterwards("trailers", lambda s: s.trail(("grpc-status", "5"))),
    afterwards("RST_STREAM", raw(lambda s: frame(RST_STREAM, s.number, ints(0)))),
    afterwards("GOAWAY", raw(lambda s: go_away(s, 0, s.number))),
    afterwards("an angry GOAWAY", raw(lambda s: go_away(s, 11, s.number, b"too_many_pings"))),
    afterwards("the end of the connection", lambda s: s.connection.close()),
    afterwards(
        "bad HPACK", raw(lambda s: frame(HEADERS, s.number, b"\xff" * 6, END_HEADERS | END_STREAM))
    ),
    afterwards("SETTINGS that are wrong", raw(lambda _: setting(4, 1 << 31))),
    afterwards("bytes that are no frame", raw(lambda _: b"\xff" * 100)),
]

CASES = [*BEFORE, *IN_HEADERS, *IN_MESSAGES, *IN_TRAILERS, *AFTERWARDS]
