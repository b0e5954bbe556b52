"""Read the inputs: the protos as one FileDescriptorSet, the defaults, and the asynchronous sources."""

from __future__ import annotations

import importlib.resources
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from google.api import annotations_pb2, client_pb2, field_behavior_pb2, resource_pb2
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2

from codegen.errors import InputError

OPTIONS = (annotations_pb2, client_pb2, field_behavior_pb2, resource_pb2, operations_pb2)
"""Imported so that the options they define are known when descriptors are parsed."""

ASYNC_FOLDERS = (
    "src/gemini_grpc/generative/_async",
    "src/gemini_grpc/http/_async",
    "src/gemini_grpc/live/_async",
    "src/gemini_grpc/rpc/_async",
)
"""Where the asynchronous shells are written by hand."""


class ProtoError(InputError):
    """The protos do not compile; the text is the compiler's."""


def load(protos: Path) -> list[descriptor_pb2.FileDescriptorProto]:
    """Compile the protos below a folder; return our files in import order, with their comments."""
    sources = sorted(path.relative_to(protos).as_posix() for path in protos.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.binpb"
        compile_image(protos, sources, image)
        files = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes()).file
    return [file for file in files if file.name in set(sources)]


def compile_image(
    protos: Path, sources: list[str], image: Path, *, warnings_are_errors: bool = True
) -> None:
    """Write the protos and all they import as a FileDescriptorSet, which buf reads as well."""
    common = Path(str(annotations_pb2.__file__)).parents[2]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{protos}", f"-I{common}"]
    # googleapis-common-protos ships this one under another name
    operations = common / "google/longrunning/operations_proto.proto"
    command.append(f"-Igoogle/longrunning/operations.proto={operations}")
    command.append(f"-I{importlib.resources.files('grpc_tools') / '_proto'}")
    command += ["--include_imports", "--include_source_info", f"--descriptor_set_out={image}"]
    done = subprocess.run([*command, *sources], capture_output=True, text=True, check=False)
    if done.returncode or (done.stderr and warnings_are_errors):
        raise ProtoError(done.stderr.strip() or f"protoc ended with {done.returncode}")


def load_defaults(path: Path) -> dict[str, object]:
    """Read the data file of default timeouts and repeatability.

    Raises:
        InputError: It is no TOML.
    """
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"codegen/{path.name}: {error}") from error


def load_async(root: Path) -> dict[str, str]:
    """Return the asynchronous sources, path below the root to text."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for folder in ASYNC_FOLDERS
        for path in sorted((root / folder).glob("*.py"))
    }
