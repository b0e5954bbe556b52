"""The protos are compared with the revision that a change of theirs shows against."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen import protos

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

PROTO = """syntax = "proto3";

// The package.
package a.v1;

// A message.
message Message {
  // Its text.
  string text = 1;
}
"""
BROKEN = PROTO.replace("string text", "bytes text")
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")

Check = Callable[..., int]


def git(folder: Path, *arguments: str) -> None:
    command = ["git", *IDENTITY, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--allow-empty", "--message", "Change")


def change(folder: Path, text: str) -> None:
    path = folder / "protos/a/v1/a.proto"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    shutil.copy(protos.ROOT / "buf.yaml", tmp_path)
    monkeypatch.setattr(protos, "ROOT", tmp_path)
    change(tmp_path, PROTO)
    return tmp_path


@pytest.fixture
def checkout(folder: Path) -> Path:
    """Make a checkout with two commits and protos that have not changed."""
    git(folder, "init")
    commit(folder)
    commit(folder)
    return folder


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Check:
    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["protos", *arguments])
        return protos.main()

    return run


def test_what_is_not_committed_is_compared_with_the_last_commit(
    checkout: Path, check: Check, capfd: pytest.CaptureFixture[str]
) -> None:
    change(checkout, BROKEN)
    assert check() != 0
    text = capfd.readouterr().out
    assert "compared with HEAD\n" in text
    assert "FIELD_SAME_TYPE" in text
    assert 'changed type from "string" to "bytes"' in text


def test_what_was_committed_is_compared_with_the_commit_before(
    checkout: Path, check: Check, capfd: pytest.CaptureFixture[str]
) -> None:
    change(checkout, BROKEN)
    commit(checkout)
    assert check() != 0
    assert "compared with HEAD~1\n" in capfd.readouterr().out


def test_protos_that_have_not_changed_pass(checkout: Path, check: Check) -> None:
    assert check() == 0


def test_a_revision_can_be_asked_for(checkout: Path, check: Check) -> None:
    git(checkout, "tag", "before")
    change(checkout, BROKEN)
    commit(checkout)
    commit(checkout)
    assert check() == 0
    assert check("--against", "before") != 0


def test_a_break_that_buf_yaml_names_is_accepted(checkout: Path, check: Check) -> None:
    with (checkout / "buf.yaml").open("a") as settings:
        settings.write("  ignore_only:\n    FIELD_SAME_TYPE: [a/v1/a.proto]\n")
    change(checkout, BROKEN)
    commit(checkout)
    assert check() == 0


@pytest.mark.parametrize("rule", ["FIELD_SAME_TYPE", "FILE"])
def test_an_exception_in_buf_yaml_that_no_break_needs_is_an_error(
    checkout: Path, check: Check, capfd: pytest.CaptureFixture[str], rule: str
) -> None:
    with (checkout / "buf.yaml").open("a") as settings:
        settings.write(f"  ignore_only:\n    {rule}: [a/v1/a.proto]\n")
    assert check() == 0  # the protos have not changed: the break may be of an older commit
    change(checkout, PROTO.replace("Its text", "Its words"))
    assert check() != 0
    assert f"buf.yaml ignores {rule}: a/v1/a.proto, where nothing breaks" in capfd.readouterr().out
    change(checkout, BROKEN)
    assert check() == 0


def test_a_revision_that_is_not_there_is_an_error(
    checkout: Path, check: Check, capfd: pytest.CaptureFixture[str]
) -> None:
    assert check("--against", "nosuch") == 2
    assert "cannot compare with nosuch: " in capfd.readouterr().err


def test_without_history_nothing_is_compared_and_that_is_said(
    folder: Path, check: Check, capfd: pytest.CaptureFixture[str]
) -> None:
    assert check() == 0  # no checkout
    assert "skipped: nothing to compare the protos with: " in capfd.readouterr().out
    git(folder, "init")
    commit(folder)
    assert check() == 0  # no commit before
    assert "skipped: " in capfd.readouterr().out


def test_without_git_nothing_is_compared(
    checkout: Path,
    check: Check,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", "")
    assert check() == 0
    assert "git is not installed" in capfd.readouterr().out
