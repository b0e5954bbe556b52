"""Write the generated code, or compare it with what is on disk.

python -m codegen            write
python -m codegen --check    compare; exit code 1 when a file is stale, missing or left over
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from codegen import build, layout, load, render, unasync, write
from codegen.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""


def generate(root: Path) -> dict[str, str]:
    """Return every generated file of a checkout: its path below the root, and its text."""
    files = load.load(root / "protos")
    defaults = load.load_defaults(root / "codegen" / "defaults.toml")
    packages = build.build(files, defaults)
    texts = render.render(packages)
    texts.update(unasync.derive(load.load_async(root)))
    return layout.lay_out(texts, root / "pyproject.toml")


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    try:
        texts = generate(ROOT)
    except InputError as error:
        for line in str(error).splitlines():
            print(f"codegen: {line}", file=sys.stderr)
        return 2
    if not arguments.check:
        write.write(ROOT, texts)
        return 0
    differences = write.compare(ROOT, texts)
    for difference in differences:
        print(difference)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
