"""Turn proto comments into docstrings."""

from __future__ import annotations

import textwrap

WIDTH = 99
"""The last column a line of documentation may reach."""


def clean(comment: str) -> str:
    """Return a comment as paragraphs of one line each, separated by empty lines."""
    paragraphs = [" ".join(part.split()) for part in comment.strip().split("\n\n")]
    return "\n\n".join(part for part in paragraphs if part)


def summary(text: str) -> str:
    """Return the first sentence of a text."""
    first = text.split("\n\n", maxsplit=1)[0]
    end = first.find(". ")
    return first if end < 0 else first[: end + 1]


def wrap(text: str, indent: int, hanging: int = 0, first: int = 0) -> str:
    """Wrap paragraphs for a place `indent` columns deep.

    The first line is not indented, because it follows a quote or a bullet `first` columns wide;
    the others are indented, and by `hanging` more.
    """
    margin = " " * (indent + hanging)
    lines: list[str] = []
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            lines.append("")
        taken = " " * (indent + first) if number == 0 else margin
        wrapped = textwrap.fill(
            paragraph,
            WIDTH,
            initial_indent=taken,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines.append(wrapped[len(taken) :] if number == 0 else wrapped)
    return "\n".join(lines)


def docstring(
    text: str, indent: int, sections: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
) -> str:
    """Return a whole docstring with its quotes; each section is a title and its `name: text` items."""
    margin = " " * indent
    parts = [wrap(text, indent, first=3)]
    for title, items in sections:
        if items:
            parts += ["", f"{margin}{title}:"]
            parts += [
                f"{margin}    {wrap(f'{name}: {body}' if name else body, indent + 4, 4 if name else 0)}"
                for name, body in items
            ]
    body = "\n".join(parts).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    closing = f'\n{margin}"""' if "\n" in body else '"""'
    if body.endswith('"') and "\n" not in body:
        body += " "
    return f'"""{body}{closing}'
