"""The examples a model is tuned with, from what users have them in.

Taken are:

- a list of pairs `(input, output)`, mappings `{"text_input": ..., "output": ...}` or `TuningExample`s;
- columns: a mapping or data frame with a list of inputs and one of outputs;
- the path of a CSV or JSON file that holds one of these;
- a `Dataset` or `TuningExamples`, as it is.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative import translation

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend

_READERS: dict[str, Callable[[str], Any]] = {
    ".csv": lambda text: list(csv.DictReader(text.splitlines())),
    ".json": json.loads,
}
"""How the files are read, by the end of their name."""


def to_dataset(
    value: object, backend: Backend, *, input_key: str = "text_input", output_key: str = "output"
) -> Any:
    """Return the `Dataset` of training data.

    Args:
        value: The examples.
        backend: The backend that is to learn from them.
        input_key: The name of what is asked, in mappings and columns.
        output_key: The name of what is to be answered.

    Raises:
        ArgumentError: They cannot be read, or there are none; the text says which example is wrong.
    """
    if isinstance(value, (str, Path)):
        value = _read(Path(value))
    pb = translation.pb_of(value)
    if pb is not None and pb.DESCRIPTOR.name == "TuningExamples":
        value = {"examples": value}
    if pb is not None:
        return translation.message("Dataset", value, backend, "training_data")
    rows = _columns(value, input_key, output_key) if hasattr(value, "keys") else value
    if not isinstance(rows, Iterable) or isinstance(rows, bytes):
        raise ArgumentError(
            "training_data: expected a list of examples, columns, or the path of a CSV or JSON file, "
            f"got {type(value).__name__}"
        )
    examples = [
        _example(row, f"training_data[{index}]", backend, input_key, output_key)
        for index, row in enumerate(rows)
    ]
    if not examples:
        raise ArgumentError("training_data: there are no examples in it")
    return translation.message(
        "Dataset", {"examples": {"examples": examples}}, backend, "training_data"
    )


def _read(path: Path) -> Any:
    reader = _READERS.get(path.suffix.lower())
    if reader is None or "://" in str(path) or ":/" in str(path):
        raise ArgumentError(
            f"training_data is {str(path)!r}; expected the path of a local file that ends in .csv or "
            ".json"
        )
    try:
        return reader(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as cause:
        raise ArgumentError(f"training_data: {path} cannot be read: {cause}") from cause


def _columns(value: Any, input_key: str, output_key: str) -> list[tuple[object, object]]:
    """Return the pairs of a mapping or data frame of columns."""
    for key in (input_key, output_key):
        if key not in value:
            raise ArgumentError(
                f"training_data has no {key!r}, it has {', '.join(map(repr, value.keys()))}; say with "
                "input_key and output_key what its columns are called"
            )
    inputs, outputs = list(value[input_key]), list(value[output_key])
    if len(inputs) != len(outputs):
        raise ArgumentError(
            f"training_data has {len(inputs)} of {input_key!r} and {len(outputs)} of {output_key!r}"
        )
    return list(zip(inputs, outputs, strict=True))


def _example(row: Any, path: str, backend: Backend, input_key: str, output_key: str) -> object:
    """Return one example."""
    if translation.pb_of(row) is not None:
        return translation.message("TuningExample", row, backend, path)
    if isinstance(row, Mapping) and input_key in row and output_key in row:
        pair = (row[input_key], row[output_key])
    elif isinstance(row, (tuple, list)) and len(row) == 2:
        pair = (row[0], row[1])
    else:
        raise ArgumentError(
            f"{path}: expected a pair of input and output, or a mapping with {input_key!r} and "
            f"{output_key!r}, got {row!r:.80}"
        )
    for name, text in zip((input_key, output_key), pair, strict=True):
        if not isinstance(text, str) or not text:
            raise ArgumentError(f"{path}.{name}: expected a text, got {text!r:.80}")
    return {"text_input": pair[0], "output": pair[1]}
