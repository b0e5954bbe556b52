"""What is committed belongs to everybody: no addresses of package registries, no paths of one machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# written in halves, so that this file does not name them
REGISTRIES = [
    "py" + "pi.org",
    "pythonhosted" + ".org",
    "index" + "-url",
    "conda" + ".anaconda.org",
    "registry" + ".npmjs",
    "arti" + "factory",
    "proxy.golang" + ".org",
    "buf.build" + "/",
]


def found(*texts: str) -> list[str]:
    """Return the lines of our files, also of those not yet added, that have one of the texts."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    patterns = [part for text in texts for part in ("-e", text)]
    command = ["git", "grep", "--untracked", "-n", "-I", "-i", "-F", *patterns, "--", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert found(*REGISTRIES) == []


def test_no_file_names_a_path_of_this_machine() -> None:
    places = [f"{place}/" for place in (ROOT, ROOT.parent, Path.home()) if len(place.parts) > 1]
    assert found(*places) == []
