"""The command: its parts, and how it says that something is wrong.

Whatever is wrong with the input is one line on the standard error and exit code 2; nobody who mistypes
an option has to read a traceback.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from gemini_grpc import __version__
from gemini_grpc.cli import emulator
from gemini_grpc.errors import UsageError, nearest

BAD_INPUT = 2
"""The exit code for input that cannot be used."""


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, with the nearest option."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit."""
        unknown = message.partition("unrecognized arguments: ")[2].split()
        options = [option for action in self._actions for option in action.option_strings]
        hint = nearest(unknown[0].partition("=")[0], options) if unknown else ""
        self.exit(BAD_INPUT, f"{self.prog}: {message}{hint}\n")

    def parse_all(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """Return the arguments; one that is not known is an error of the part it was given to."""
        parsed, unknown = self.parse_known_args(arguments)
        if unknown:
            part: Parser = parsed.parser
            part.error(f"unrecognized arguments: {' '.join(unknown)}")
        return parsed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = Parser(prog="gemini-grpc", description="Gemini over gRPC.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"gemini-grpc {__version__}")
    parser.set_defaults(parser=parser)
    parts = parser.add_subparsers(title="commands", dest="command", required=True)
    part = parts.add_parser(
        "emulator",
        help="serve every RPC of the API on this machine",
        description=emulator.DESCRIPTION,
        allow_abbrev=False,
    )
    emulator.add_options(part)
    part.set_defaults(parser=part, run=emulator.run)
    parsed = parser.parse_all(arguments)
    try:
        code: int = parsed.run(parsed)
    except (UsageError, OSError) as error:
        print(f"gemini-grpc {parsed.command}: {_one_line(error)}", file=sys.stderr)
        return BAD_INPUT
    return code


def _one_line(error: Exception) -> str:
    """Return what an error says, without its class and line breaks."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split())
