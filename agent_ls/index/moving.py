"""Move what stands at a module's top to another file: with the imports it needs, and for all who import it.

Everything that must change is known before anything is: a cycle, a clash of names, a user that cannot
be followed end in a sentence and no change. Worker processes only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from agent_ls.core.edits import ChangeSet, FileChange, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.index.actions import IMPORTING, MOVABLE, SCRIPTS, ActionPlan, refused
from agent_ls.index.arriving import check_annotations, check_names, first_use, imported, postponed
from agent_ls.index.cycles import Loads
from agent_ls.index.extract import ParseTimeoutError, parse
from agent_ls.index.movable import from_the_top
from agent_ls.index.moved import Moved, Refusal
from agent_ls.index.names import language_of
from agent_ls.index.placing import Wanted, placed
from agent_ls.index.placing_types import placed_for_types
from agent_ls.index.query import Index
from agent_ls.index.script_exports import exporting, unlisted
from agent_ls.index.spelling import is_own, python_module, script_module
from agent_ls.index.takers import Follower, followers
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
    there = _there(index, moved, target)
    needs = [w for w in (_respelled(moved, n, target, there) for n in moved.needs()) if w]
    needs += [_from(target, path, read, name, typed=_typed(moved, name, into)) for name in moved.helpers]
    check_names(moved, into or b"", needs, target, there)
    check_annotations(moved, into or b"", needs)
    stays = moved.used_outside()
    users, left = followers(index, read, moved, target, also, stays=stays)
    _check_cycle(Loads(index, read), moved, target, needs, users, stays=stays)
    changes = {at: user.text for at, user in users.items()}
    grown = changes.pop(target, into or b"")
    source = _left_behind(index, read, moved, target, stays=stays)
    arrived = _with(target, _arrived(moved, grown, target, stays=stays), needs, index)
    after = {**changes, path: source, target: arrived}
    _check_syntax(after, read)
    plan = ChangeSet.of(FileChange(at, read(at), text) for at, text in after.items() if text != read(at))
    return ActionPlan(plan, f"Moved `{moved.name}` from {path} to {target}, {len(plan)} files.", left)


def _typed(moved: Moved, name: str, into: bytes | None) -> bool:
    """Whether the target takes a helper for its types only."""
    if moved.language != "python":
        return moved.typed(name)
    lazy = moved.postponed() and (not (into or b"").strip() or postponed(into or b""))
    # What a decorator or a base class reads off annotations while the program runs cannot be told.
    plain = moved.kind == "function" and b"@" not in moved.text.partition(b"def ")[0]
    return plain and lazy and moved.annotates_with(name)


def _left_behind(index: Index, read: Read, moved: Moved, target: RelPath, *, stays: bool) -> bytes:
    """The source without what is moved, with what the target needs of it."""
    path = moved.path
    source = _without(moved)
    if moved.language in SCRIPTS:
        source = unlisted(source, moved.language, moved.name)
        source = exporting(source, moved.language, moved.helpers)
    if stays:
        source = _with(
            path, source, [_from(path, target, read, moved.name, typed=moved.is_type)], index, target
        )
    return _tidied(index, read, path, source, moved)


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


def _there(index: Index, moved: Moved, target: RelPath) -> set[str]:
    """Names that the source imports from the target; a script may do so by a configured path."""
    scripts = moved.language in SCRIPTS
    items = index.imports_of(moved.path) if scripts else []
    named = {i.module for i, files in items if target in files and not i.module.startswith(".")}
    return {n.local for n in moved.needs() if n.module in named or moved.resolved(n) == target}


def _respelled(moved: Moved, need: Wanted, target: RelPath, there: set[str]) -> Wanted | None:
    """An import of the source, as the target must write it; ``None``: it is there by itself."""
    if moved.language == "go":
        return need
    if need.local in there:
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


def _from(path: RelPath, file: RelPath, read: Read, name: str, *, typed: bool) -> Wanted:
    """The import of a name of ``file``, as ``path`` writes it."""
    if language_of(path) == "python":
        module = python_module(path, file, read)
        if not module:
            raise Refusal(f"{file} has no name by which it can be imported")
        return Wanted(module, name, name, typed)
    return Wanted(script_module(path, file), name, name, typed)


def _check_cycle(
    loads: Loads,
    moved: Moved,
    target: RelPath,
    needs: list[Wanted],
    users: Mapping[RelPath, Follower],
    *,
    stays: bool,
) -> None:
    """No import that the move adds may make files load each other in a circle."""
    if moved.language == "go":
        return
    loaded = [n for n in needs if not n.typed]
    helped = [n.local for n in loaded if n.local in moved.helpers]
    stays = stays and not moved.is_type and not moved.used_later()
    if moved.needs_later(n.local for n in loaded) and not stays:
        loaded, helped = [], []
    if stays and helped:
        raise Refusal(
            f"It uses {', '.join(f'`{n}`' for n in helped)} of {moved.path}, which uses it: "
            "each file would import the other. Move what it uses first, or both into a third file"
        )
    edges = [(target, moved.path)] if helped else []
    edges += [(moved.path, target)] if stays else []
    names = {n.local for n in loaded}
    homes = [moved.resolved(need) for need in moved.needs() if need.local in names]
    edges += [(target, home) for home in homes if home and home != target]
    for start, end in edges:
        if way := loads.circle(start, end):
            raise Refusal(f"The files would import each other in a circle: {' → '.join(way)}")
        loads.add(start, end)
    new = {path for path, user in users.items() if user.loads and target not in loads.of(path)}
    if way := loads.way(target, new - {target}):
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


def _arrived(moved: Moved, into: bytes, target: RelPath, *, stays: bool) -> bytes:
    """The target with the text at its end, or before what needs it while the file is loaded."""
    text = moved.text.strip(b"\r\n") + moved.newline
    if moved.language in SCRIPTS and not moved.exported and (stays or moved.listed):
        at = moved.name_offset()
        text = text[:at] + b"export " + text[at:]
    newline = b"\r\n" if b"\r\n" in into else moved.newline
    text = newline.join(text.splitlines()) + newline
    gap = newline * (3 if moved.language == "python" else 2)
    head = into.rstrip()
    if not head:
        package = re.search(rb"^package\s+\w+", moved.data, re.MULTILINE) if moved.language == "go" else None
        future = b"from __future__ import annotations" if moved.postponed() else b""
        first = package[0] if package else future
        return first + (gap if future else newline * 2) + text if first else text
    at = first_use(moved, into, target)
    if at is None:
        return head + gap + text
    before = into[:at].rstrip()
    return (before + gap if before else b"") + text.rstrip() + gap + into[at:]


def _with(path: RelPath, data: bytes, needs: list[Wanted], index: Index, *more: RelPath) -> bytes:
    language = language_of(path) or ""
    own = is_own(index, path, *more)
    for wanted in needs:
        if wanted.local in imported(data, language):
            continue
        if wanted.typed and language == "python":
            data = placed_for_types(data, wanted, own)
        else:
            edit = placed(data, parse(data, language), language, wanted, own)
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
