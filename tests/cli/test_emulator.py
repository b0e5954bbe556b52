from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import grpc
import pytest

from gemini_grpc.cli import emulator as command
from gemini_grpc.cli.main import main
from gemini_grpc.emulator import Certificates, Emulator
from gemini_grpc.v1beta import GenerativeServiceClient

START = (sys.executable, "-m", "gemini_grpc", "emulator")


class Running:
    """The command in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*START, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.lines = [self.process.stdout.readline().strip()]
        while not self.lines[-1].startswith("export "):
            self.lines.append(self.process.stdout.readline().strip())
            assert self.process.poll() is None
        self.target = self.lines[0].rpartition(" ")[2]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, stderr = self.process.communicate(timeout=10)
        return self.process.returncode, stderr


@pytest.fixture
def start() -> Iterator[type[Running]]:
    made: list[Running] = []

    def make(*arguments: str) -> Running:
        made.append(Running(*arguments))
        return made[-1]

    yield make  # type: ignore[misc]
    for running in made:
        running.stop()


def ask() -> str:
    with GenerativeServiceClient() as client:
        response = client.generate_content(
            model="models/gemini-3.8-flash", contents=[{"parts": [{"text": "hi"}]}], retry=None
        )
    return response.candidates[0].content.parts[0].text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_what_the_line_to_export_says_until_a_signal(
    start, monkeypatch, tmp_path, number
):
    script = tmp_path / "script.yaml"
    script.write_text("GenerateContent: [{reply: {text: scripted}}]")
    running = start("--script", str(script))
    name, value = running.lines[-1].removeprefix("export ").split("=")
    assert value == running.target
    monkeypatch.setenv(name, value)
    assert ask() == "scripted"
    assert running.stop(number) == (0, "")


def test_with_tls_the_authority_is_in_the_file_it_names(start, tmp_path):
    running = start("--mtls", "--tls-dir", str(tmp_path))
    path = Path(re.fullmatch(r"export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=(.+)", running.lines[-1])[1])
    assert path == tmp_path / "ca.pem"
    credentials = grpc.ssl_channel_credentials(
        path.read_bytes(),
        (tmp_path / "client-key.pem").read_bytes(),
        (tmp_path / "client.pem").read_bytes(),
    )
    with grpc.secure_channel(running.target, credentials) as channel:
        list_models = channel.unary_unary(
            "/google.ai.generativelanguage.v1beta.ModelService/ListModels"
        )
        assert list_models(b"", timeout=5.0)


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command with what it cannot use; return its one line."""
    try:
        code = main(["emulator", *arguments])
    except SystemExit as end:
        code = end.code
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err.startswith("gemini-grpc emulator: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_a_port_in_use_is_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "Address already in use" in fails(capsys, "--port", str(port))


def test_a_port_in_use_is_one_line_of_the_whole_process():
    with Emulator() as running:
        port = running.target.rpartition(":")[2]
        done = subprocess.run([*START, "--port", port], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert (
        done.stderr
        == f"gemini-grpc emulator: 127.0.0.1:{port} cannot be used: Address already in use\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GenerateContnt: []", "did you mean 'GenerateContent'"),
        ("GenerateContent: [{reply: {txt: a}}]", "did you mean 'text'"),
        ("a: [", "line 1"),
    ],
)
def test_a_script_that_cannot_be_used_is_one_line(capsys, tmp_path, text, expected):
    path = tmp_path / "script.yaml"
    path.write_text(text)
    line = fails(capsys, "--script", str(path))
    assert str(path) in line
    assert expected in line


def test_a_file_that_is_missing_is_one_line(capsys, tmp_path):
    path = str(tmp_path / "nothing.yaml")
    assert f"{path} cannot be read: No such file" in fails(capsys, "--script", path)
    assert f"{path} cannot be read: No such file" in fails(capsys, "--quota", path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "requests_per_minit: 3",
            "quota 1 has no option 'requests_per_minit'; did you mean 'requests_per_minute'",
        ),
        ("[{requests_per_day: 3}, {model: m}]", "quota 2: a quota has at least one of"),
        ("3", "expected a mapping, got int"),
    ],
)
def test_a_quota_that_cannot_be_used_is_one_line(capsys, tmp_path, text, expected):
    path = tmp_path / "quota.yaml"
    path.write_text(text)
    assert expected in fails(capsys, "--quota", str(path))


def test_a_certificate_that_cannot_be_used_is_one_line(capsys, tmp_path):
    path = tmp_path / "broken.pem"
    path.write_text("broken")
    both = ("--certificate", str(path), "--key", str(path))
    assert "are not a certificate and its key" in fails(capsys, "--tls", *both)
    assert "need --tls or --mtls" in fails(capsys, *both)
    assert "given together" in fails(capsys, "--tls", "--key", str(path))


def test_a_directory_that_cannot_be_written_is_one_line(capsys, tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    assert "File exists" in fails(capsys, "--tls", "--tls-dir", str(path))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--prot", "9090"), "did you mean '--port'?"),
        (("--port", "many"), "'many' is not a port"),
        (("--port", "70000"), "'70000' is not a port"),
        (("--seed", "x"), "invalid int value"),
        (("--host", "0.0.0.0"), "--allow-non-loopback"),
        (("--jitter", "3"), "jitter is 3.0"),
        (("--api-key", ""), "--api-key: a key is empty; leave the option out to take any"),
        (("--api-key", "k", "--api-key", " "), "a key is empty"),
        (("--model", "a/b"), "models has 'a/b'; expected names of models"),
        (("--max-concurrent-streams", "0"), "max_concurrent_streams is 0"),
    ],
)
def test_options_that_cannot_be_used_are_one_line(capsys, arguments, expected):
    assert expected in fails(capsys, *arguments)


def test_a_command_is_needed(capsys):
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2
    assert capsys.readouterr().err == "gemini-grpc: the following arguments are required: command\n"


def test_the_version_is_shown(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("gemini-grpc ")


def served(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Emulator:
    """Run the command in this process, and stop it as soon as it serves."""
    made: list[Emulator] = []
    stopped = SimpleNamespace(wait=lambda _: True)
    monkeypatch.setattr(command, "threading", SimpleNamespace(Event=lambda: stopped))
    monkeypatch.setattr(command, "_instructions", lambda emulator, *_: made.append(emulator) or [])
    before = signal.getsignal(signal.SIGTERM)
    assert main(["emulator", *arguments]) == 0
    assert signal.getsignal(signal.SIGTERM) == before
    return made[0]


def test_options_reach_the_emulator(monkeypatch, tmp_path):
    quota = tmp_path / "quota.json"
    quota.write_text('[{"requests_per_minute": 3, "model": "gemini-3.8-flash"}]')
    made = served(
        monkeypatch,
        "--seed",
        "3",
        "--lenient",
        "--quota",
        str(quota),
        "--first-token",
        "0.5",
        "--api-key",
        "k",
        "--model",
        "my-model",
    )
    assert "models/my-model" in set(made.world.models)
    assert (made.world.seed, made.world.strict, made.world.latency.first) == (3, False, 0.5)
    assert made._conditions.authentication.api_keys == ["k"]
    assert made._conditions.quotas._quotas[0].requests_per_minute == 3


def test_certificates_may_be_ones_own(monkeypatch, tmp_path):
    own = Certificates.make()
    for name, data in {"c.pem": own.server, "k.pem": own.server_key, "ca.pem": own.ca}.items():
        (tmp_path / name).write_bytes(data)
    files = [str(tmp_path / name) for name in ("c.pem", "k.pem", "ca.pem")]
    made = served(
        monkeypatch, "--mtls", "--certificate", files[0], "--key", files[1], "--client-ca", files[2]
    )
    assert (made.certificates.server, made.certificates.ca) == (own.server, own.ca)
