"""What is generated is what is committed; and every way to differ is found."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from codegen import __main__ as main
from codegen import load, write

ROOT = main.ROOT


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return main.generate(ROOT)


@pytest.fixture
def copy(tmp_path: Path, texts: dict[str, str]) -> Path:
    write.write(tmp_path, texts)
    return tmp_path


def test_two_runs_are_identical_to_the_byte(texts: dict[str, str]) -> None:
    again = main.generate(ROOT)
    assert list(again) == list(texts)
    assert again == texts


def test_what_is_generated_is_what_is_on_disk(texts: dict[str, str]) -> None:
    assert write.compare(ROOT, texts) == []


def test_what_was_written_is_current(copy: Path, texts: dict[str, str]) -> None:
    assert write.compare(copy, texts) == []


def test_an_edited_file_is_stale(copy: Path, texts: dict[str, str]) -> None:
    name = "src/gemini_grpc/v1beta/types/content.py"
    (copy / name).write_text(texts[name] + "\n")
    assert write.compare(copy, texts) == [f"stale: {name}"]


def test_a_file_that_was_deleted_is_missing(copy: Path, texts: dict[str, str]) -> None:
    name = "src/gemini_grpc/rpc/_sync/channel.py"
    (copy / name).unlink()
    assert write.compare(copy, texts) == [f"missing: {name}"]


@pytest.mark.parametrize("name", ["v1beta/types/gone.pyi", "v1alpha/old/x.py", "rpc/_sync/y.txt"])
def test_a_file_that_nothing_generates_is_left_over(
    copy: Path, texts: dict[str, str], name: str
) -> None:
    path = copy / "src/gemini_grpc" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    assert write.compare(copy, texts) == [f"left over: src/gemini_grpc/{name}"]
    write.write(copy, texts)
    assert not path.exists()


def test_differences_are_all_listed(copy: Path, texts: dict[str, str]) -> None:
    shutil.rmtree(copy / "src/gemini_grpc/v1beta/types")
    missing = write.compare(copy, texts)
    assert len(missing) == len([name for name in texts if "v1beta/types/" in name])
    assert missing == sorted(missing)


def check(monkeypatch: pytest.MonkeyPatch, root: Path) -> int:
    monkeypatch.setattr(main, "ROOT", root)
    monkeypatch.setattr(sys, "argv", ["codegen", "--check"])
    return main.main()


def test_check_ends_with_1_and_names_the_file(
    copy: Path,
    texts: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(main, "generate", lambda root: texts)
    assert check(monkeypatch, copy) == 0
    (copy / "src/gemini_grpc/v1beta/paths.py").write_text("")
    assert check(monkeypatch, copy) == 1
    assert capsys.readouterr().out == "stale: src/gemini_grpc/v1beta/paths.py\n"


def test_protos_that_do_not_compile_end_with_2_and_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "protos").mkdir()
    (tmp_path / "protos/broken.proto").write_text('syntax = "proto3"; message Broken {')
    assert check(monkeypatch, tmp_path) == 2
    assert "broken.proto" in capsys.readouterr().err


def test_a_package_that_is_not_listed_ends_with_2_and_says_where_to_list_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "protos").mkdir()
    (tmp_path / "codegen").mkdir()
    shutil.copy(ROOT / "codegen/defaults.toml", tmp_path / "codegen")
    (tmp_path / "protos/new.proto").write_text('syntax = "proto3"; package new.one; message A {}')
    assert check(monkeypatch, tmp_path) == 2
    text = capsys.readouterr().err
    assert text.startswith(
        "codegen: new.proto: package new.one is not in PACKAGES of codegen/names"
    )


def test_the_folders_of_every_package_are_owned(texts: dict[str, str]) -> None:
    assert all(name.startswith(write.OWNED) for name in texts)
    assert {"src/gemini_grpc/v1beta", "src/gemini_grpc/rpc/_sync"} <= set(write.OWNED)


def test_a_warning_of_the_compiler_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.proto").write_text(
        'syntax = "proto3"; package a; import "google/protobuf/empty.proto";'
    )
    with pytest.raises(load.ProtoError, match="unused"):
        load.load(tmp_path)
