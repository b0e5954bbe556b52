"""Runs pyright as users have it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Found = tuple[str, int, str]
"""The name of a file, the number of a line, and the text of an error."""


def pyright(paths: Sequence[str], folder: Path) -> list[Found]:
    """Return the errors that pyright finds in files; `folder` is for its configuration."""
    config = {
        "typeCheckingMode": "standard",
        "include": list(paths),
        "extraPaths": [str(ROOT / "src")],
        "pythonVersion": "3.11",
        "reportMissingImports": "warning",
    }
    path = folder / "pyrightconfig.json"
    path.write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "--outputjson"]
    options = ["--pythonpath", sys.executable, "-p", str(path)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] >= len(paths)
    return [
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1, each["message"])
        for each in report["generalDiagnostics"]
        if each["severity"] == "error"
    ]
