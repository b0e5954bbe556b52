"""Calls, streams, uploads and token requests go through proxies that others have made."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gemini_grpc as genai
from gemini_grpc import AsyncClient, Client
from gemini_grpc.emulator import Emulator
from gemini_grpc.live import LiveConfig
from tests.peers import environments

pytestmark = pytest.mark.peer

RELEASE = "proxy.py==2.4.10"
MODEL = "gemini-flash-latest"
SPOKEN = LiveConfig(transcripts=True)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run proxy.py, which asks for a user and a password; return its URL."""
    python = environments.environment("proxy", RELEASE)
    folder = tmp_path_factory.mktemp("proxy")
    ports = folder / "port"
    command = [str(python), "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0"]
    options = ["--port-file", str(ports), "--basic-auth", "user:secret", "--num-workers", "1"]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([*command, *options], stdout=log, stderr=log)
        try:
            for _ in range(600):
                if ports.exists() and ports.read_text().strip():
                    break
                assert running.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
            port = ports.read_text().split()[0]
            yield f"http://user:secret@127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait()


@pytest.fixture
def options(proxy: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Serve an emulator with TLS; return the options of clients that reach it through the proxy."""
    with Emulator(tls=True) as emulator:
        assert emulator.certificates is not None
        ca = tmp_path / "ca.pem"
        ca.write_bytes(emulator.certificates.ca)
        yield {"api_endpoint": emulator.target, "proxy": proxy, "ca_certificates": str(ca)}


def test_a_synchronous_client_works_through_a_proxy(
    options: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("sea " * 1000)
    with Client(api_key="test", client_options=options) as client:
        model = genai.GenerativeModel(MODEL, client=client)
        assert model.generate_content("Hello").text
        assert "".join(chunk.text for chunk in model.generate_content("Hello", stream=True))
        file = genai.upload_file(tmp_path / "notes.txt", client=client)
        assert file.size_bytes == 4000
        with client.live.connect("gemini-3.8-live", config=SPOKEN) as session:
            assert session.ask("Hello").transcript


def test_an_asynchronous_client_works_through_a_proxy(
    options: dict[str, Any], tmp_path: Path
) -> None:
    async def main() -> None:
        (tmp_path / "notes.txt").write_text("sea " * 1000)
        async with AsyncClient(api_key="test", client_options=options) as client:
            model = genai.GenerativeModel(MODEL, client=client)
            assert (await model.generate_content_async("Hello")).text
            stream = await model.generate_content_async("Hello", stream=True)
            assert "".join([chunk.text async for chunk in stream])
            file = await genai.upload_file_async(tmp_path / "notes.txt", client=client)
            assert file.size_bytes == 4000
            async with client.live.connect("gemini-3.8-live", config=SPOKEN) as session:
                assert (await session.ask("Hello")).transcript

    asyncio.run(main())


def test_a_wrong_password_is_told_by_the_proxy(options: dict[str, Any]) -> None:
    options["proxy"] = options["proxy"].replace("secret", "wrong")
    with Client(api_key="test", client_options=options) as client:
        model = genai.GenerativeModel(MODEL, client=client)
        with pytest.raises(genai.errors.Unavailable, match=r"407|proxy"):
            model.generate_content("Hello", request_options={"timeout": 20, "retry": None})
