"""Record what goes over the wire of a session, and play it to another session byte for byte.

A cassette has the connections of one session, each with its messages in the order in which they were
written and read, and its end. Audio, images and credentials are not in it: media are replaced by zeros
of the same length, credentials by stars. What a session writes is compared in the same form.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc

from gemini_grpc import v1beta
from gemini_grpc.emulator.journal import redact as without_credentials
from gemini_grpc.live._async.service import AsyncLive
from gemini_grpc.live._sync.service import Live

_TYPES: dict[str, Any] = {
    "client": v1beta.types.BidiGenerateContentClientMessage.pb(),
    "server": v1beta.types.BidiGenerateContentServerMessage.pb(),
}


def redact(who: str, data: bytes) -> bytes:
    """Return a message with zeros for its media; one without media stays as it is."""
    message = _TYPES[who].FromString(data)
    blobs = list(_blobs(message))
    for blob in blobs:
        blob.data = bytes(len(blob.data))
    return message.SerializeToString() if blobs else data


def _blobs(message: Any) -> Iterator[Any]:
    """Yield the blobs anywhere in a message that hold something."""
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None or descriptor.message_type.GetOptions().map_entry:
            continue
        for inner in value if descriptor.is_repeated else [value]:
            if descriptor.message_type.name == "Blob":
                yield inner
            else:
                yield from _blobs(inner)


@dataclass
class Track:
    """One connection."""

    metadata: list[tuple[str, str]] = field(default_factory=list)
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    """Who said it, `client` or `server`, and what."""
    end: tuple[str, str] = ("CANCELLED", "")
    """The status and what it says; CANCELLED as long as it is not known."""

    def note(self, who: str, data: bytes) -> None:
        self.messages.append((who, redact(who, data)))


class Cassette:
    """What went over the wire of one session."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []

    def begin(self, metadata: Any) -> Track:
        """Begin the track of a connection."""
        track = Track(list(without_credentials(tuple(metadata))))
        self.tracks.append(track)
        return track

    def dump(self) -> str:
        """Return it as JSON."""
        tracks = [
            {
                "metadata": track.metadata,
                "messages": [
                    [who, base64.b64encode(data).decode()] for who, data in track.messages
                ],
                "end": track.end,
            }
            for track in self.tracks
        ]
        return json.dumps(tracks, indent=1)

    @classmethod
    def load(cls, text: str) -> Cassette:
        """Return what `dump` gave."""
        made = cls()
        for track in json.loads(text):
            messages = [(who, base64.b64decode(data)) for who, data in track["messages"]]
            pairs = [(key, value) for key, value in track["metadata"]]
            code, said = track["end"]
            made.tracks.append(Track(pairs, messages, (code, said)))
        return made


# recording


class RecordingLive(Live):
    """Begins sessions that are recorded."""

    cassette: Cassette

    def _dial(self, timeout: float) -> tuple[Any, tuple[Any, ...]]:
        call, metadata = super()._dial(timeout)

        def recorded(requests: Iterator[bytes], metadata: Any) -> _Recorded:
            track = self.cassette.begin(metadata)
            return _Recorded(call(_noted(requests, track), metadata=metadata), track)

        return recorded, metadata


class AsyncRecordingLive(AsyncLive):
    """Begins sessions that are recorded."""

    cassette: Cassette

    async def _dial(self, timeout: float) -> tuple[Any, tuple[Any, ...]]:
        call, metadata = await super()._dial(timeout)

        def recorded(metadata: Any) -> _AsyncRecorded:
            return _AsyncRecorded(call(metadata=metadata), self.cassette.begin(metadata))

        return recorded, metadata


def _noted(requests: Iterator[bytes], track: Track) -> Iterator[bytes]:
    for data in requests:
        track.note("client", data)
        yield data


class _Recorded:
    def __init__(self, call: Any, track: Track) -> None:
        self._call = call
        self._track = track
        self.cancel = call.cancel
        self.add_done_callback = call.add_done_callback

    def __next__(self) -> bytes:
        try:
            data: bytes = next(self._call)
        except StopIteration:
            self._track.end = ("OK", "")
            raise
        except grpc.RpcError as error:
            call: Any = error
            self._track.end = (call.code().name, call.details())
            raise
        self._track.note("server", data)
        return data


class _AsyncRecorded:
    def __init__(self, call: Any, track: Track) -> None:
        self._call = call
        self._track = track
        self.cancel = call.cancel
        self.add_done_callback = call.add_done_callback
        self.done_writing = call.done_writing
        self.wait_for_connection = call.wait_for_connection

    async def write(self, data: bytes) -> None:
        self._track.note("client", data)
        await self._call.write(data)

    async def read(self) -> Any:
        try:
            data = await self._call.read()
        except grpc.RpcError:
            self._track.end = ((await self._call.code()).name, await self._call.details())
            raise
        if data is grpc.aio.EOF:
            self._track.end = ((await self._call.code()).name, await self._call.details())
        else:
            self._track.note("server", data)
        return data


# playing


class PlayingLive(Live):
    """Begins sessions whose server is a cassette."""

    player: Player

    def _dial(self, timeout: float) -> tuple[Any, tuple[Any, ...]]:
        _, metadata = super()._dial(timeout)

        def played(requests: Iterator[bytes], metadata: Any) -> _Played:
            return _Played(self.player, requests)

        return played, metadata


class AsyncPlayingLive(AsyncLive):
    """Begins sessions whose server is a cassette."""

    player: Player

    async def _dial(self, timeout: float) -> tuple[Any, tuple[Any, ...]]:
        _, metadata = await super()._dial(timeout)
        return lambda metadata: _AsyncPlayed(self.player), metadata


class Player:
    """Plays the tracks of a cassette, one for each connection, and checks what the client says."""

    def __init__(self, cassette: Cassette) -> None:
        self._tracks = iter(cassette.tracks)
        self.differences: list[tuple[bytes, bytes]] = []
        """What was on the tape, and what was said instead."""
        self.written = 0
        """How many messages were as on the tape."""

    def next_track(self) -> Track:
        return next(self._tracks)

    def compare(self, expected: bytes, data: bytes) -> None:
        if redact("client", data) == expected:
            self.written += 1
        else:
            self.differences.append((expected, data))


class _Status(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__()
        self._code, self._details = code, details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> tuple[Any, ...]:
        return ()


class _Played:
    """A track as a call of grpcio: reading takes what the client writes in its turn."""

    def __init__(self, player: Player, requests: Iterator[bytes]) -> None:
        self._player = player
        self._requests = requests
        track = player.next_track()
        self._messages = iter(track.messages)
        self._end = track.end
        self._callbacks: list[Callable[[Any], None]] = []

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self._callbacks.append(callback)

    def cancel(self) -> None:
        self._end = ("CANCELLED", "")
        self._finish()

    def _finish(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    def __next__(self) -> bytes:
        for who, data in self._messages:
            if who == "server":
                return data
            said = next(self._requests, None)
            if said is None:
                break
            self._player.compare(data, said)
        code, details = self._end
        if code == "OK":
            for _ in self._requests:
                self._player.differences.append((b"", _))
        self._finish()
        if self._end[0] == "OK":
            raise StopIteration
        raise _Status(grpc.StatusCode[code], details)


class _AsyncPlayed:
    """The same for grpc.aio."""

    def __init__(self, player: Player) -> None:
        self._player = player
        track = player.next_track()
        self._messages = iter(track.messages)
        self._end = track.end
        self._written: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._callbacks: list[Callable[[Any], None]] = []

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self._callbacks.append(callback)

    def cancel(self) -> None:
        self._end = ("CANCELLED", "")
        self._written.put_nowait(None)
        self._finish()

    def _finish(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    async def write(self, data: bytes) -> None:
        self._written.put_nowait(data)

    async def done_writing(self) -> None:
        self._written.put_nowait(None)

    async def wait_for_connection(self) -> None:
        pass

    async def read(self) -> Any:
        for who, data in self._messages:
            if who == "server":
                return data
            said = await self._written.get()
            if said is None:
                break
            self._player.compare(data, said)
        if self._end[0] == "OK":
            while (said := await self._written.get()) is not None:
                self._player.differences.append((b"", said))
        self._finish()
        return grpc.aio.EOF

    async def code(self) -> grpc.StatusCode:
        return grpc.StatusCode[self._end[0]]

    async def details(self) -> str:
        return self._end[1]

    async def trailing_metadata(self) -> tuple[Any, ...]:
        return ()
