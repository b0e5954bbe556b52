"""Compare our protos with a newer upstream checkout, and take it over while keeping our comments.

    python -m codegen.update PATH           report what was added, changed or broken
    python -m codegen.update PATH --write   and write protos/

- An element keeps our comment as long as its full name and its type stay. Where one of them changed,
  the comment may be wrong: it is dropped, and the report shows it. A comment of upstream is never read:
  what is new is written without one, the report lists it, and buf's lint fails until it has one.
- A file that cannot be taken, such as one of an edition or of proto2, is left out with what needs it, and
  reported; if we have an older version of it, that stays.
- Of the packages in `REACHED` only what our services and RPCs need is taken, the others entirely.
- What is to be written is compiled first and compared with what was asked for.
- The exit code is 1 if upstream broke something, 2 if the checkout cannot be taken over.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from codegen import elements, load, proto_text, protos, reach
from codegen.build_messages import messages_of

if TYPE_CHECKING:
    from codegen.elements import Element

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

REACHED = frozenset({"google.cloud.aiplatform.v1"})
"""Packages of which we take only what our RPCs reach."""


class UpdateError(Exception):
    """The checkout of upstream cannot be taken over."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is different about one element."""

    element: Element
    """The element of upstream, or ours if upstream has none."""

    text: str
    """What is different."""

    breaks: bool = False
    """Whether a program written for ours may break."""

    gone: bool = False
    """Whether upstream does not have the element any more."""


@dataclass(frozen=True, slots=True)
class Update:
    """A newer version of our protos, and what it brings."""

    texts: Mapping[str, str]
    """Every file there is now, path below the folder of protos to text."""

    written: tuple[str, ...]
    """The files whose text is new."""

    gone: tuple[str, ...]
    """The files upstream does not have any more."""

    added: tuple[Element, ...]
    """Elements that we did not have."""

    differences: tuple[Difference, ...]
    """What is different about the elements that we had."""

    uncommented: tuple[tuple[Element, int], ...]
    """Elements without a comment, and the line on which each will stand."""

    not_taken: tuple[str, ...]
    """RPCs of our services that we leave out, because their package is in `REACHED`."""

    stale: tuple[tuple[Element, str], ...]
    """Elements with another name or type than ours, and our comment, which was dropped."""

    refused: Mapping[str, str]
    """The files of upstream that cannot be taken, and why."""

    unknown: tuple[Element, ...]
    """Elements with an option that the installed googleapis-common-protos does not define."""

    @property
    def breaks(self) -> bool:
        """Whether upstream broke an element we had."""
        return any(difference.breaks for difference in self.differences)


def compare(checkout: Path, folder: Path) -> Update:
    """Work out what taking over a checkout of upstream changes in a folder of protos."""
    ours = load.load(folder)
    theirs = _take(_load_upstream(checkout, ours), ours)
    files, refused = _printable(theirs.files, ours)
    before, after = elements.elements(ours), elements.elements(files)
    renamed = _renamed(before, after)
    comments = elements.comments(ours)
    old = {file.name: (folder / file.name).read_text() for file in ours}
    _check_comments(ours, comments, old)
    stale = tuple(
        (after[new], comments.pop(old))
        for new, old in _outdated(before, after, renamed)
        if old in comments
    )
    texts = {file.name: proto_text.print_file(file, comments) for file in files}
    lines = _compile(texts, after)
    return Update(
        texts=texts,
        written=tuple(name for name in sorted(texts) if texts[name] != old.get(name)),
        gone=tuple(sorted(old.keys() - texts.keys())),
        added=tuple(
            element for name, element in after.items() if name not in before.keys() | renamed.keys()
        ),
        differences=tuple(_differences(before, after, renamed)),
        uncommented=tuple(
            (element, lines[name])
            for name, element in after.items()
            if not comments.get(name, "").strip()
        ),
        not_taken=theirs.left_out,
        stale=stale,
        refused=refused,
        unknown=tuple(element for element in after.values() if element.unknown),
    )


def _check_comments(
    ours: Iterable[FileDescriptorProto], comments: Mapping[str, str], texts: Mapping[str, str]
) -> None:
    """Make sure that every word of our comments is known: the compiler drops some in odd places."""
    for file in ours:
        printed = proto_text.print_file(file, comments)
        if _comment_words(printed) != _comment_words(texts[file.name]):
            raise elements.MisplacedCommentError(
                f"{file.name}: a comment stands neither above an element nor behind `//`"
            )


def _comment_words(text: str) -> list[str]:
    found = re.findall(r'"(?:[^"\\\n]|\\.)*"|(/[/*].*)', text)
    return sorted(word for comment in found for word in comment.removeprefix("//").split())


def write(update: Update, folder: Path) -> None:
    """Write an update into a folder of protos."""
    _write_all({name: update.texts[name] for name in update.written}, folder)
    for name in update.gone:
        (folder / name).unlink()


@dataclass(frozen=True, slots=True)
class _Taken:
    """What we take from upstream."""

    files: tuple[FileDescriptorProto, ...]
    left_out: tuple[str, ...]


def _load_upstream(
    checkout: Path, ours: Sequence[FileDescriptorProto]
) -> Sequence[FileDescriptorProto]:
    """Compile what may be needed of a checkout; return those files and all they import."""
    sources = [
        path.relative_to(checkout).as_posix()
        for package in sorted({file.package for file in ours})
        for path in _sources(checkout, package, ours)
    ]
    with tempfile.TemporaryDirectory() as temporary:
        image = Path(temporary) / "image.binpb"
        # upstream may have imports it does not use; we write only those that are used
        load.compile_image(checkout, sources, image, warnings_are_errors=False)
        return FileDescriptorSet.FromString(image.read_bytes()).file


def _sources(checkout: Path, package: str, ours: Sequence[FileDescriptorProto]) -> list[Path]:
    """Return the files of a package to begin with: all, or those that have services of ours."""
    folder = checkout / package.replace(".", "/")
    found = sorted(folder.glob("*.proto"))
    if package in REACHED:
        services = "|".join(
            service.name for file in ours if file.package == package for service in file.service
        )
        declares = re.compile(rf"^\s*service\s+({services})\b", re.MULTILINE)
        found = [path for path in found if declares.search(path.read_text())]
    if not found:
        raise UpdateError(f"{folder} has no .proto of ours: is {checkout} a checkout of upstream?")
    return found


def _take(theirs: Sequence[FileDescriptorProto], ours: Sequence[FileDescriptorProto]) -> _Taken:
    """Return the files of our packages, cut down to what we take, with the imports they need."""
    files: list[FileDescriptorProto] = []
    left_out: list[str] = []
    mine = _rpcs(ours)
    services = {name.rpartition(".")[0] for name in mine}
    for package in sorted({file.package for file in ours}):
        if package in REACHED:
            files += reach.reach(theirs, package, mine)
            here = _rpcs(file for file in theirs if file.package == package)
            left_out += [
                name for name in here if name not in mine and name.rpartition(".")[0] in services
            ]
        else:
            files += [file for file in theirs if file.package == package]
    for file in files:
        file.dependency[:] = reach.imports(file, theirs)
    return _Taken(tuple(files), tuple(left_out))


def _rpcs(files: Iterable[FileDescriptorProto]) -> list[str]:
    return [
        f"{file.package}.{service.name}.{method.name}"
        for file in files
        for service in file.service
        for method in service.method
    ]


def _compile(texts: Mapping[str, str], wanted: Mapping[str, Element]) -> dict[str, int]:
    """Compile texts, make sure that they say what was wanted; return the lines of the elements."""
    with tempfile.TemporaryDirectory() as temporary:
        _write_all(texts, Path(temporary))
        files = load.load(Path(temporary))
    got = elements.elements(files)
    facts = {name: element.facts for name, element in got.items()}
    wrong = [name for name, element in wanted.items() if element.facts != facts.get(name)]
    if wrong or got.keys() != wanted.keys():
        odd = sorted({*wrong, *(got.keys() ^ wanted.keys())})
        raise UpdateError(f"printed otherwise than upstream has it: {', '.join(odd)}")
    return elements.lines(files)


def _write_all(texts: Mapping[str, str], folder: Path) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _renamed(before: Mapping[str, Element], after: Mapping[str, Element]) -> dict[str, str]:
    """Return the old name of each field and enum value that kept its number only."""
    lost = {
        (element.kind, element.scope, element.facts["number"]): name
        for name, element in before.items()
        if element.kind in {"field", "value"} and name not in after
    }
    return {
        name: lost[key]
        for name, element in after.items()
        if name not in before
        and (key := (element.kind, element.scope, element.facts.get("number", ""))) in lost
    }


def _outdated(
    before: Mapping[str, Element], after: Mapping[str, Element], renamed: Mapping[str, str]
) -> Iterable[tuple[str, str]]:
    """Yield the new and the old name of each element that our comment may not fit any more."""
    yield from renamed.items()
    for name in before.keys() & after.keys():
        if _types(before[name]) != _types(after[name]):
            yield name, name


def _types(element: Element) -> list[str]:
    """Return the kind and the types of an element; whether a field has presence does not matter."""
    facts = element.facts
    types = (facts.get(fact, "") for fact in ("type", "request", "response", "streams"))
    return [element.kind, *(text.removeprefix("optional ") for text in types)]


def _printable(
    theirs: Sequence[FileDescriptorProto], ours: Sequence[FileDescriptorProto]
) -> tuple[list[FileDescriptorProto], dict[str, str]]:
    """Return the files to write, ours where upstream's cannot be taken, and why it cannot be."""
    older = {file.name: file for file in ours}
    packages = {file.package for file in ours}
    refused: dict[str, str] = {}
    while True:
        files = [older.get(file.name) if file.name in refused else file for file in theirs]
        kept = [file for file in files if file is not None]
        defined = {name for file in kept for name in _defined(file)}
        found = {
            file.name: reason
            for file in theirs
            if file.name not in refused and (reason := _refusal(file, packages, defined))
        }
        if not found:
            return kept, refused
        refused |= found


def _refusal(file: FileDescriptorProto, packages: Iterable[str], defined: set[str]) -> str:
    """Return why a file cannot be taken, or nothing."""
    try:
        proto_text.print_file(file, {})
    except proto_text.UnsupportedError as error:
        return str(error).removeprefix(f"{file.name}: ")
    used = {field.type_name[1:] for _, _, each in messages_of(file) for field in each.field}
    for service in file.service:
        used |= {
            kind[1:] for each in service.method for kind in (each.input_type, each.output_type)
        }
    mine = tuple(f"{package}." for package in packages)
    missing = sorted(name for name in used - defined if name.startswith(mine))
    return f"needs {', '.join(missing)}" if missing else ""


def _defined(file: FileDescriptorProto) -> Iterable[str]:
    """Yield the full names of the messages and enums of a file."""
    yield from (f"{file.package}.{enum.name}" for enum in file.enum_type)
    for name, _, message in messages_of(file):
        yield name
        yield from (f"{name}.{enum.name}" for enum in message.enum_type)


def _differences(
    before: Mapping[str, Element], after: Mapping[str, Element], renamed: Mapping[str, str]
) -> Iterable[Difference]:
    """Yield what is different about each element of ours."""
    new_names = {old: new for new, old in renamed.items()}
    for name, old in before.items():
        new = after.get(new_names.get(name, name))
        if new is None:
            yield Difference(old, "is gone", breaks=True, gone=True)
            continue
        if new.name != name:
            yield Difference(new, f"was called {name.rpartition('.')[2]}", breaks=True)
        if new.kind != old.kind:
            yield Difference(new, f"was a {old.kind}", breaks=True)
            continue
        for fact in sorted(old.facts.keys() | new.facts.keys()):
            was, now = old.facts.get(fact, "none"), new.facts.get(fact, "none")
            if was != now:
                text = f"{fact} was {was}, is {now}"
                relaxed = fact == "required" and now == "none"
                breaks = fact not in elements.COMPATIBLE and not relaxed
                yield Difference(new, text, breaks=breaks)


def report(update: Update) -> str:
    """Return what there is to say about an update, for a person to read."""
    changed = [each for each in update.differences if not each.breaks]
    gone = {each.element.name for each in update.differences if each.gone}
    broken = [
        each
        for each in update.differences
        # what stood in something that is gone needs no line of its own
        if each.breaks and not (each.gone and each.element.scope in gone)
    ]
    sections = [
        ("added", [_declaration(element) for element in update.added]),
        ("changed", [f"{_title(each.element)}: {each.text}" for each in changed]),
        ("broken", [f"{_title(each.element)}: {each.text}" for each in broken]),
        (
            "files that cannot be taken, left out with what needs them",
            [f"{name}: {reason}" for name, reason in sorted(update.refused.items())],
        ),
        (
            "comments that were dropped, because the name or the type changed",
            [f"{_title(each)}: {' '.join(text.split())}" for each, text in update.stale],
        ),
        (
            "to be commented in our own words",
            [f"{each.file}:{line} {_title(each)}" for each, line in update.uncommented],
        ),
        (
            "with an option that is not known here, which was left out",
            [_title(element) for element in update.unknown],
        ),
        ("RPCs of upstream that we do not take", list(update.not_taken)),
        ("files with a new text", list(update.written)),
        ("files that are gone", list(update.gone)),
    ]
    lines = [
        line
        for title, items in sections
        if items
        for line in (f"{title}: {len(items)}", *(f"  {item}" for item in items))
    ]
    if not (update.written or update.gone or update.refused):
        lines.append("our protos are those of upstream")
    return "\n".join(lines)


def _title(element: Element) -> str:
    return f"{element.kind} {element.name}"


def _declaration(element: Element) -> str:
    """Return an element with what it says: its type, number and so on."""
    facts = ", ".join(
        f"{name} {fact}" for name, fact in element.facts.items() if name not in {"file", "options"}
    )
    return f"{_title(element)}: {facts}" if facts else _title(element)


def find_breaking(update: Update, folder: Path) -> int:
    """Let buf say what an update breaks in a folder of protos; return its exit code."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        _write_all(update.texts, Path(first))
        image = protos.image_of(Path(first), Path(first))
        against = protos.image_of(folder, Path(second))
        return protos.breaking(image, against)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/update-protos", description="Compare our protos with those of upstream."
    )
    parser.add_argument("path", type=Path, help="a checkout of upstream, which has google/ai")
    parser.add_argument("--write", action="store_true", help="update our protos")
    parser.add_argument(
        "--protos", type=Path, default=ROOT / "protos", help="our protos (default: protos)"
    )
    options = parser.parse_args(arguments)
    try:
        update = compare(options.path, options.protos)
    except (
        UpdateError,
        load.ProtoError,
        elements.MisplacedCommentError,
        proto_text.UnsupportedError,
    ) as error:
        print(f"update-protos: {error}", file=sys.stderr)
        return 2
    print(report(update), flush=True)
    code = find_breaking(update, options.protos)
    if options.write:
        write(update, options.protos)
        print(
            "written; next: the comments, codegen/defaults.toml for RPCs that are new or gone, then "
            "scripts/generate and scripts/check; CONTRIBUTING.md lists what a new RPC needs"
        )
    return 1 if code or update.breaks else 0


if __name__ == "__main__":
    sys.exit(main())
