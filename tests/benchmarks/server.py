"""A server that sends canned bytes, so that what is measured is the client.

    python -m tests.benchmarks.server FOLDER

It speaks HTTP/2 itself (with h2) because grpcio's server in Python is slower than the clients: a stream
of a thousand chunks leaves here in a few writes, as it does from a server in C++.
Prints its port and that of its TLS side, and serves until its standard input ends. The certificate of
the TLS side is in `FOLDER/ca.pem`.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
import sys
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.settings

from gemini_grpc import v1beta
from gemini_grpc.emulator import Certificates

CHUNKS = 1000
HEADERS = [(":status", "200"), ("content-type", "application/grpc")]
TRAILERS = [("grpc-status", "0")]


def _frame(message: Any) -> bytes:
    """Return a message as gRPC sends it: a flag, the length, the bytes."""
    data = type(message).serialize(message)
    return struct.pack(">BI", 0, len(data)) + data


def _text(words: str) -> bytes:
    candidate = {"content": {"role": "model", "parts": [{"text": words}]}, "index": 0}
    usage = {"prompt_token_count": 7, "candidates_token_count": 3, "total_token_count": 10}
    return _frame(v1beta.GenerateContentResponse(candidates=[candidate], usage_metadata=usage))


def _vectors() -> bytes:
    values = [[(n * 7 + m) % 97 / 97 for m in range(768)] for n in range(100)]
    return _frame(
        v1beta.BatchEmbedContentsResponse(embeddings=[{"values": each} for each in values])
    )


def _audio(size: int) -> bytes:
    blob = {"mime_type": "audio/pcm;rate=24000", "data": bytes(size)}
    turn = {"model_turn": {"role": "model", "parts": [{"inline_data": blob}]}}
    return _frame(v1beta.BidiGenerateContentServerMessage(server_content=turn))


ANSWERS = {
    "GenerateContent": _text(
        "The sky is blue because air scatters short waves more than long ones."
    ),
    "StreamGenerateContent": _text(" a few words of it") * CHUNKS,
    "BatchEmbedContents": _vectors(),
}
"""What is sent when the request is complete."""
COMPLETE = _frame(v1beta.BidiGenerateContentServerMessage(setup_complete={}))
"""What is sent for the first message of a bidirectional call."""
ECHO = _audio(960)
"""What is sent for each message after it."""


class Connection(asyncio.Protocol):
    """One connection of a client."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        config = h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8", validate_inbound_headers=False
        )
        self._http = h2.connection.H2Connection(config)
        most = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1000}
        self._http.local_settings = h2.settings.Settings(client=False, initial_values=most)
        self._http.initiate_connection()
        self._methods: dict[int, str] = {}
        self._received: dict[int, bytearray] = {}
        self._waiting: dict[int, bytes] = {}
        self._set_up: set[int] = set()
        transport.write(self._http.data_to_send())

    def data_received(self, data: bytes) -> None:
        """Handle what came."""
        for event in self._http.receive_data(data):
            match event:
                case h2.events.RequestReceived(stream_id=stream, headers=headers):
                    self._methods[stream] = str(dict(headers)[":path"]).rpartition("/")[2]
                    self._received[stream] = bytearray()
                    self._http.send_headers(stream, HEADERS)
                case h2.events.DataReceived(stream_id=stream, data=part):
                    self._http.acknowledge_received_data(event.flow_controlled_length, stream)
                    self._take(stream, part)
                case h2.events.StreamEnded(stream_id=stream):
                    self._answer(stream)
                case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                    for stream in list(self._waiting):
                        self._send(stream, b"")
        self._transport.write(self._http.data_to_send())

    def _take(self, stream: int, part: bytes) -> None:
        """Answer each whole message of a bidirectional call."""
        if self._methods[stream] != "BidiGenerateContent":
            return
        buffer = self._received[stream]
        buffer += part
        while len(buffer) >= 5 and len(buffer) >= 5 + (size := int.from_bytes(buffer[1:5], "big")):
            del buffer[: 5 + size]
            self._http.send_data(stream, ECHO if stream in self._set_up else COMPLETE)
            self._set_up.add(stream)

    def _answer(self, stream: int) -> None:
        """Send the whole answer of a method that has one."""
        self._send(stream, ANSWERS.get(self._methods[stream], b""))

    def _send(self, stream: int, data: bytes) -> None:
        """Send as much as the windows allow, and the trailers at the end."""
        data = self._waiting.pop(stream, b"") + data
        while data:
            size = min(
                self._http.local_flow_control_window(stream), self._http.max_outbound_frame_size
            )
            if not size:
                self._waiting[stream] = data
                return
            self._http.send_data(stream, data[:size])
            data = data[size:]
        self._http.send_headers(stream, TRAILERS, end_stream=True)


def _tls(folder: Path) -> ssl.SSLContext:
    """Return the context of a server for localhost; write the certificate that clients trust."""
    certificates = Certificates.make()
    certificates.write(folder)
    (folder / "server.pem").write_bytes(certificates.server)
    (folder / "key.pem").write_bytes(certificates.server_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "key.pem")
    context.set_alpn_protocols(["h2"])
    return context


async def serve() -> None:
    """Serve until the standard input ends."""
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(Connection, "127.0.0.1", 0)
    secure = await loop.create_server(Connection, "127.0.0.1", 0, ssl=_tls(Path(sys.argv[1])))
    print(*(server.sockets[0].getsockname()[1] for server in (plain, secure)), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
