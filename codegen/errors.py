"""What is said when the generator cannot go on."""

from __future__ import annotations


class InputError(Exception):
    """Nothing can be generated from the inputs; the text names the file and what in it is wrong."""
