"""Every public name is there, and every module says what it is."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest

import gemini_grpc

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["gemini_grpc"] + [
    f"gemini_grpc.{version}{inner}"
    for version in ("v1alpha", "v1beta", "aiplatform_v1")
    for inner in ("", ".types", ".paths", ".servicers")
]


@pytest.mark.parametrize("name", PACKAGES)
def test_all_names_resolve_and_dir_shows_them(name: str) -> None:
    package = importlib.import_module(name)
    assert len(package.__all__) == len(set(package.__all__))
    for public in package.__all__:
        value = getattr(package, public)
        assert getattr(value, "__name__", public).rpartition(".")[2] == public
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize("name", PACKAGES)
def test_a_star_gives_them_all(name: str) -> None:
    names: dict[str, Any] = {}
    exec(f"from {name} import *", names)
    assert set(importlib.import_module(name).__all__) <= names.keys()


@pytest.mark.parametrize("name", PACKAGES)
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match="nope"):
        assert importlib.import_module(name).nope


@pytest.mark.parametrize("name", ["gemini_grpc", *(n for n in PACKAGES if n.endswith("v1beta"))])
def test_type_checkers_see_the_same_names(name: str) -> None:
    package = importlib.import_module(name)
    assert package.__file__
    tree = ast.parse(Path(package.__file__).read_text())
    seen = {
        alias.asname
        for block in tree.body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(package.__all__)


def test_every_module_says_what_it_is() -> None:
    for folder in ("src", "codegen"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            assert not text.strip() or ast.get_docstring(ast.parse(text)), path


def test_the_version_is_that_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == gemini_grpc.__version__
    assert (ROOT / "src/gemini_grpc/py.typed").exists()
