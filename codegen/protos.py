"""Lint the protos with buf, and compare them with those of an older revision.

    python -m codegen.protos [--against REVISION]

- Without a revision, protos that differ from the last commit are compared with it; else it may be the
  last commit that changed them, and they are compared with the one before.
- Where there is no such revision (no checkout, no history) that is said and nothing is compared. A
  revision that was asked for has to be there: without it the exit code is 2.
- An exception in `ignore_only` of `buf.yaml` that no break needs is an error: it would hide the next break.
- buf reads images that protoc made, so it needs no network and no copies of googleapis.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

from codegen import load

ROOT = Path(__file__).resolve().parent.parent


def image_of(protos: Path, folder: Path) -> Path:
    """Compile the protos below a folder into an image for buf."""
    sources = sorted(path.relative_to(protos).as_posix() for path in protos.rglob("*.proto"))
    image = folder / "image.binpb"
    load.compile_image(protos, sources, image)
    return image


class NoRevisionError(Exception):
    """There is nothing to compare with; the text is git's."""


def choose_revision() -> str:
    """Return the revision to compare with when none was asked for.

    Raises:
        NoRevisionError: This is no checkout.
    """
    changed = git("status", "--porcelain", "--", "protos")
    return "HEAD" if changed else "HEAD~1"


def committed(revision: str, folder: Path) -> Path:
    """Unpack the protos of a revision below a folder.

    Raises:
        NoRevisionError: There is no such revision, or it has no protos.
    """
    with tarfile.open(fileobj=io.BytesIO(git("archive", revision, "protos"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "protos"


def git(*arguments: str) -> bytes:
    """Run git and return what it printed.

    Raises:
        NoRevisionError: It failed, or is not installed.
    """
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise NoRevisionError("git is not installed") from error
    if done.returncode:
        raise NoRevisionError(done.stderr.decode().strip())
    return done.stdout


def buf(*arguments: str) -> int:
    """Run buf with our settings; return its exit code."""
    command = [_buf(), *arguments, "--config", str(ROOT / "buf.yaml")]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _buf() -> str:
    return str(Path(sys.executable).with_name("buf"))


CATEGORIES = frozenset({"FILE", "PACKAGE", "WIRE", "WIRE_JSON"})
"""What `ignore_only` may name besides a rule: every rule of a group."""


def stale_exceptions(image: Path, against: Path) -> list[str]:
    """Return the entries of `ignore_only` in `buf.yaml` that no break of an image needs."""
    settings = yaml.safe_load((ROOT / "buf.yaml").read_text())
    exceptions: dict[str, list[str]] = settings["breaking"].pop("ignore_only", None) or {}
    if not exceptions:
        return []
    command = [_buf(), "breaking", str(image), "--against", str(against), "--error-format", "json"]
    done = subprocess.run(
        [*command, "--config", json.dumps(settings)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    breaks = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        f"{rule}: {path}"
        for rule, paths in exceptions.items()
        for path in paths
        if not any(
            (rule in CATEGORIES or rule == each["type"])
            and Path(each.get("path", "")).is_relative_to(path)
            for each in breaks
        )
    ]


def breaking(image: Path, against: Path) -> int:
    """Let buf say what one image breaks of another, with the rules as `buf.yaml` names them."""
    return buf("breaking", str(image), "--against", str(against), "--error-format", "msvs")


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m codegen.protos")
    parser.add_argument(
        "--against", help="the revision to compare with (default: the last one that may differ)"
    )
    asked = parser.parse_args().against
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        try:
            image = image_of(ROOT / "protos", Path(first))
        except load.ProtoError as error:
            print(error, file=sys.stderr)
            return 2
        code = buf("lint", str(image))
        try:
            revision = asked or choose_revision()
            before = committed(revision, Path(second))
        except NoRevisionError as error:
            if asked:
                print(f"protos: cannot compare with {asked}: {error}", file=sys.stderr)
                return 2
            print(f"skipped: nothing to compare the protos with: {error}")
            return code
        print(f"compared with {revision}", flush=True)
        against = image_of(before, Path(second))
        if against.read_bytes() != image.read_bytes():
            for entry in stale_exceptions(image, against):
                print(f"protos: buf.yaml ignores {entry}, where nothing breaks; remove it")
                code = code or 1
        return breaking(image, against) or code


if __name__ == "__main__":
    sys.exit(main())
