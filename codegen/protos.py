"""Lint the protos with buf, and compare them with those of the last commit.

    python -m codegen.protos [--against REVISION]

buf reads images that protoc made, so it needs no network and no copies of googleapis.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from codegen import load

ROOT = Path(__file__).resolve().parent.parent


def image_of(protos: Path, folder: Path) -> Path:
    """Compile the protos below a folder into an image for buf."""
    sources = sorted(path.relative_to(protos).as_posix() for path in protos.rglob("*.proto"))
    image = folder / "image.binpb"
    load.compile_image(protos, sources, image)
    return image


def committed(revision: str, folder: Path) -> Path | None:
    """Unpack the protos of a commit below a folder; None if it has none."""
    command = ["git", "archive", revision, "protos"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "protos"


def buf(*arguments: str) -> int:
    """Run buf with our settings; return its exit code."""
    command = [str(Path(sys.executable).with_name("buf")), *arguments]
    return subprocess.run(
        [*command, "--config", str(ROOT / "buf.yaml")], cwd=ROOT, check=False
    ).returncode


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m codegen.protos")
    parser.add_argument("--against", default="HEAD", help="the revision to compare with")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        try:
            image = image_of(ROOT / "protos", Path(first))
        except load.ProtoError as error:
            print(error, file=sys.stderr)
            return 2
        code = buf("lint", str(image))
        before = committed(arguments.against, Path(second))
        if before is not None:
            against = image_of(before, Path(second))
            code = buf("breaking", str(image), "--against", str(against)) or code
        return code


if __name__ == "__main__":
    sys.exit(main())
