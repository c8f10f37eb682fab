"""Move what stands at a module's top to another file: with the imports it needs, and for all who import it.

Everything that must change is known before anything is: a cycle, a clash of names, a user that cannot
be followed end in a sentence and no change. Worker processes only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from agent_ls.core.edits import ChangeSet, FileChange, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.index.actions import IMPORTING, MOVABLE, SCRIPTS, ActionPlan, refused
from agent_ls.index.cycles import cycle
from agent_ls.index.extract import ParseTimeoutError, parse
from agent_ls.index.moved import Moved, Refusal, from_the_top
from agent_ls.index.names import language_of
from agent_ls.index.placing import Wanted, placed
from agent_ls.index.query import Index
from agent_ls.index.spelling import python_module, script_module
from agent_ls.index.takers import followers
from agent_ls.index.unused import remove_unused_imports

Read = Callable[[RelPath], bytes | None]


def move_symbol(
    index: Index, read: Read, path: RelPath, offset: int, target: RelPath, *, also: Iterable[RelPath] = ()
) -> ActionPlan:
    """Plan the move of the definition whose name stands at a byte offset to the end of another file.

    Args:
        index: Says who may import it.
        read: Text of now, unsaved text and drafts included; ``None`` for what is not there.
        path: The file that defines it, at its top.
        offset: Byte offset in or right behind the name.
        target: Where it goes; made if it is not there.
        also: Files whose text of now the index has not seen.

    Parses both files and those that have the name: about 1 ms per 250 lines.
    """
    try:
        return _moved(index, read, path, offset, target, tuple(also))
    except Refusal as refusal:
        return refused(str(refusal))
    except ParseTimeoutError:
        return refused("A file that the move concerns cannot be parsed")


def _moved(
    index: Index, read: Read, path: RelPath, offset: int, target: RelPath, also: tuple[RelPath, ...]
) -> ActionPlan:
    _check(path, target)
    moved = from_the_top(read, path, offset)
    into = read(target)
    _check_folder(moved, target, into)
    needs = [wanted for wanted in (_respelled(moved, need, target) for need in moved.needs()) if wanted]
    if moved.helpers:
        needs += [_from(target, path, read, name, moved.typed(name)) for name in moved.helpers]
    there = {need.local for need in moved.needs() if moved.resolved(need) == target}
    _check_names(moved, into or b"", needs, target, there)
    stays = moved.used_outside()
    users, left = followers(index, read, moved, target, also)
    _check_cycle(index, moved, target, stays=stays)
    changes = dict(users)
    source = _without(moved)
    if stays:
        source = _with(path, source, [_from(path, target, read, moved.name, typed=moved.is_type)], index)
    source = _tidied(index, read, path, source, moved)
    grown = changes.pop(target, into or b"")
    arrived = _with(target, _appended(moved, grown, exported=stays), needs, index)
    after = {**changes, path: source, target: arrived}
    _check_syntax(after, read)
    plan = ChangeSet.of(FileChange(at, read(at), text) for at, text in after.items() if text != read(at))
    return ActionPlan(plan, f"Moved `{moved.name}` from {path} to {target}, {len(plan)} files.", left)


def _check(path: RelPath, target: RelPath) -> None:
    one, other = language_of(path), language_of(target)
    if one not in IMPORTING:
        raise Refusal(f"Moving is not known for {one or path}")
    if one not in MOVABLE:
        raise Refusal(
            f"Moving a symbol is not possible for {one} yet; what it needs elsewhere cannot be followed"
        )
    if path == target:
        raise Refusal("It is in that file already")
    if one != other and not (one in SCRIPTS and other in SCRIPTS):
        raise Refusal(f"{target} is of another language than {path}")
    if (one == "javascript" and other != "javascript") or (other == "javascript" and one != "javascript"):
        raise Refusal(f"{path} and {target} are scripts of different kinds")


def _check_folder(moved: Moved, target: RelPath, into: bytes | None) -> None:
    if moved.language != "go":
        return
    if moved.path.rpartition("/")[0] != target.rpartition("/")[0]:
        raise Refusal("In Go only a move inside a package can be followed: its users name the package")
    if target.endswith("_test.go") != moved.path.endswith("_test.go"):
        raise Refusal("A test file and another are built at different times")
    package = re.compile(rb"^package\s+(\w+)", re.MULTILINE)
    one, other = package.search(moved.data), package.search(into or b"")
    if one is None or (into is not None and (other is None or one[1] != other[1])):
        raise Refusal(f"{target} is of another package")
    if any(
        re.search(rb"^//\s*(?:go:build|\+build)|import \"C\"", text or b"", re.MULTILINE)
        for text in (moved.data, into)
    ):
        raise Refusal("One of the files is built under a condition")


def _respelled(moved: Moved, need: Wanted, target: RelPath) -> Wanted | None:
    """An import of the source, as the target must write it; ``None``: it is there by itself."""
    if moved.language == "go":
        return need
    home = moved.resolved(need)
    if home == target:
        if need.name != need.local or need.name in ("", "*"):
            raise Refusal(f"It calls {target} `{need.local}`: that has no meaning there")
        return None
    if not need.module.startswith("."):
        return need
    if moved.language == "python":
        return replace(need, module=_relative_python(moved.path, need.module, target))
    joined = moved.joined(need.module)
    return replace(need, module=script_module(target, RelPath(joined)) if joined else need.module)


def _relative_python(path: RelPath, module: str, target: RelPath) -> str:
    level = len(module) - len(module.lstrip("."))
    base = path.split("/")[:-level]
    goal = [*base, *(part for part in module[level:].split(".") if part)]
    here = target.split("/")[:-1]
    shared = 0
    while shared < min(len(here), len(goal)) and here[shared] == goal[shared]:
        shared += 1
    if shared == 0 and here:
        raise Refusal(f"{target} cannot import `{module}` as {path} does: they have no package in common")
    return "." * (len(here) - shared + 1) + ".".join(goal[shared:])


def _from(path: RelPath, file: RelPath, read: Read, name: str, typed: bool = False) -> Wanted:  # noqa: FBT001, FBT002
    """The import of a name of ``file``, as ``path`` writes it."""
    if language_of(path) == "python":
        module = python_module(path, file, read)
        if not module:
            raise Refusal(f"{file} has no name by which it can be imported")
        return Wanted(module, name, name)
    return Wanted(script_module(path, file), name, name, typed)


def _check_names(moved: Moved, into: bytes, needs: list[Wanted], target: RelPath, there: set[str]) -> None:
    """No name may mean one thing in the moved text and another in the target."""
    bound = moved.bound_in(target, into)
    if moved.name in bound and bound[moved.name] is None:
        raise Refusal(f"{target} has a `{moved.name}` already")
    for wanted in needs:
        other = bound.get(wanted.local, wanted)
        same = other is not None and other.name == wanted.name
        if other is None or not (
            same and (other.module == wanted.module or moved.means_target(other, target))
        ):
            raise Refusal(f"`{wanted.local}` means something else in {target}")
    needed = {moved.name, *there, *(wanted.local for wanted in needs)}
    for name in bound:
        if name not in needed and moved.inside(name):
            raise Refusal(f"`{name}` of {target} would be taken for another `{name}`")


def _check_cycle(index: Index, moved: Moved, target: RelPath, *, stays: bool) -> None:
    if moved.language == "go":
        return
    if stays and moved.helpers:
        raise Refusal(
            f"It uses {', '.join(f'`{n}`' for n in moved.helpers)} of {moved.path}, which uses it: "
            "each file would import the other"
        )
    edges = [(moved.path, target)] if stays else []
    edges += [(target, moved.path)] if moved.helpers else []
    edges += [(target, home) for need in moved.needs() if (home := moved.resolved(need)) and home != target]
    for start, end in edges:
        way = cycle(index, start, end)
        if way:
            raise Refusal(f"The files would import each other in a circle: {' → '.join(way)}")


def _without(moved: Moved) -> bytes:
    """The source without the block and the blank lines behind it."""
    span = moved.block
    blank = re.compile(rb"(?:[ \t]*(?:\r\n|\r|\n))*").match(moved.data, span.end)
    end = blank.end() if blank else span.end
    if not moved.data[end:].strip():  # at the end: the blank lines before it go
        head = moved.data[: span.start].rstrip()
        return head + moved.newline if head else b""
    return moved.data[: span.start] + moved.data[end:]


def _appended(moved: Moved, into: bytes, *, exported: bool) -> bytes:
    text = moved.text.strip(b"\r\n") + moved.newline
    if exported and moved.language in SCRIPTS and not moved.exported:
        at = moved.name_offset()
        text = text[:at] + b"export " + text[at:]
    newline = b"\r\n" if b"\r\n" in into else moved.newline
    text = newline.join(text.splitlines()) + newline
    head = into.rstrip()
    if not head:
        package = re.search(rb"^package\s+\w+", moved.data, re.MULTILINE) if moved.language == "go" else None
        future = b"from __future__ import annotations" if moved.postponed() else b""
        first = package[0] if package else future
        return first + newline * (3 if future else 2) + text if first else text
    return head + newline * (3 if moved.language == "python" else 2) + text


def _with(path: RelPath, data: bytes, needs: list[Wanted], index: Index) -> bytes:
    language = language_of(path) or ""
    local = (
        {file.partition("/")[0].removesuffix(".py") for file in index.files()}
        if language == "python"
        else set[str]()
    )
    for wanted in needs:
        if wanted.local in Moved.imports(data, language):
            continue
        edit = placed(data, parse(data, language), language, wanted, lambda m: m.partition(".")[0] in local)
        data = apply_text_edits(data, [edit])
    return data


def _tidied(index: Index, read: Read, path: RelPath, source: bytes, moved: Moved) -> bytes:
    """The source without the imports that only the moved text used."""

    def now(wanted: RelPath) -> bytes | None:
        return source if wanted == path else read(wanted)

    only = {need.local for need in moved.needs()}
    plan = remove_unused_imports(index, now, path, only=only)
    return next((c.after for c in plan.changes if c.after is not None), source)


def _check_syntax(after: dict[RelPath, bytes], read: Read) -> None:
    for path, text in after.items():
        language, before = language_of(path) or "", read(path)
        if parse(text, language).root_node.has_error and not (
            before and parse(before, language).root_node.has_error
        ):
            raise Refusal(f"{path} could not be written anew without a syntax error")
