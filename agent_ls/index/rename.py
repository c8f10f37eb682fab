"""Rename everywhere, cautiously: what resolves is changed, everything else is listed.

A place is changed only if the name there can be nothing else, as far as scopes and imports tell:
the definition's own file, files that import the name from it (through re-exports too), members
behind a module's name or behind ``self``/``this`` inside the class. A member of an unknown value, a
shadowed name, a string: listed, never guessed. Worker processes only (parses the files involved).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import final

from agent_ls.core.edits import ChangeSet, FileChange, TextEdit, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, Span
from agent_ls.index.extract import ParseTimeoutError, dialect, facts_of, parse
from agent_ls.index.facts import Definition
from agent_ls.index.keywords import KEYWORDS
from agent_ls.index.mentions import RefHit
from agent_ls.index.names import EXTRA, language_of, stem_of
from agent_ls.index.naming import Target, target_of
from agent_ls.index.occurrences import Occurrence, Role, occurrences
from agent_ls.index.overrides import Family, Kin
from agent_ls.index.query import Index, enclosing
from agent_ls.index.rename_members import (
    family_of,
    members,
    of_classes,
    overrides_unknown,
    satisfies,
    unknown_bases,
)
from agent_ls.index.scopes import (
    SourceFile,
    binder,
    class_around,
    exports,
    is_star,
    means_module,
    module_names,
    sees,
)

Read = Callable[[RelPath], bytes | None]

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(rb"[\w$\x80-\xff]+")
_MOST_FILES = 2000
_MOST_STARS = 200


@final
@dataclass(frozen=True, slots=True)
class RenamePlan:
    """``changes`` is empty when ``reason`` says why nothing can be renamed.

    ``unresolved``: places that have the name and were left alone, for a person to look at.
    """

    changes: ChangeSet
    unresolved: tuple[RefHit, ...] = ()
    reason: str = ""


def rename(
    index: Index, read: Read, path: RelPath, offset: int, new_name: str, *, also: Iterable[RelPath] = ()
) -> RenamePlan:
    """Plan the renaming of the name at a byte offset.

    Args:
        index: Says which files may have the name.
        read: Text of now, unsaved text and drafts included; ``None`` for what is not there.
        path: The file the cursor is in.
        offset: Byte offset of the cursor, in or right behind the name.
        new_name: The name to give.
        also: Files whose text of now the index has not seen (unsaved or drafted): looked at as well.

    Parses every file that has the name: about 1 ms per 250 lines.
    """
    data = read(path)
    name = name_at(data, offset) if data is not None else ""
    language = language_of(path) or ""
    refusal = _refuse(name, new_name, language)
    if refusal:
        return RenamePlan(ChangeSet(), reason=refusal)
    files = _files(index, (path, *index.files_with(name, _MOST_FILES), *also), read, name, new_name)
    here = files.get(path)
    if here is None:
        return RenamePlan(ChangeSet(), reason=f"{path} cannot be parsed")
    target = target_of(files, here, offset)
    if isinstance(target, str):
        return RenamePlan(ChangeSet(), reason=target)
    stars: set[RelPath] = set()
    if target.kind == "top":
        files, stars = _through_stars(index, read, files, target.path, name, new_name)
    kin = Kin(index, read)
    family = family_of(kin, files, target, name)
    resolved = _resolve(files, target, name, kin, family)
    problem = _clash(files, resolved, target, new_name) or _caught(files, stars, new_name)
    problem = problem or overrides_unknown(files, kin, family, name) or satisfies(files, target, name)
    taken = kin.bearer(family, new_name, index.files_with(new_name, _MOST_FILES)) if family.classes else None
    if taken and not problem:
        problem = (
            f"`{new_name}` is already a method in {taken[0]}, line {taken[1]}: one would override the other"
        )
    if problem:
        return RenamePlan(ChangeSet(), reason=problem)
    left = [*_unresolved(files, resolved, target), *unknown_bases(files, family)]
    changes = _changes(files, resolved, new_name)
    if target.kind == "top" and stem_of(target.path) == name and language == "java":
        moved = _with_file(read, changes, target.path, new_name)
        if moved is None:
            return RenamePlan(
                ChangeSet(), reason=f"A class of Java has the name of its file, and `{new_name}` has one"
            )
        changes = moved
    return RenamePlan(changes, tuple(left), "")


def _refuse(name: str, new_name: str, language: str) -> str:
    if not name or not language:
        return "There is no name at this place"
    if language in EXTRA:
        return f"Renaming is not known for {language}"
    if name in KEYWORDS[language]:
        return f"`{name}` is a word of the language"
    if not _IDENTIFIER.fullmatch(new_name) or new_name in KEYWORDS[language]:
        return f"`{new_name}` is not a name in {language}"
    return f"It is called `{name}` already" if name == new_name else ""


def name_at(data: bytes, offset: int) -> str:
    for match in _WORD.finditer(data, max(0, data.rfind(b"\n", 0, offset))):
        if match.start() > offset:
            break
        if offset <= match.end() and not match[0][:1].isdigit():
            return match[0].decode("utf-8", "replace")
    return ""


def _files(
    index: Index, paths: Iterable[RelPath], read: Read, name: str, new_name: str
) -> dict[RelPath, SourceFile]:
    """Those of the files that have the name, parsed as they are now."""
    found: dict[RelPath, SourceFile] = {}
    for path in dict.fromkeys(paths):
        data = read(path)
        if (
            data is not None
            and name.encode() in data
            and (file := _parsed(index, path, data, name, new_name))
        ):
            found[path] = file
    return found


def _parsed(index: Index, path: RelPath, data: bytes, name: str, new_name: str) -> SourceFile | None:
    language = language_of(path)
    if language is None:
        return None
    language = dialect(data, language)
    try:
        tree = parse(data, language)
    except ParseTimeoutError:
        return None
    places = tuple(occurrences(data, tree, name))
    clashes = tuple(occurrences(data, tree, new_name))
    if language in EXTRA:  # what a name means there is not known: people decide
        places, clashes = tuple(Occurrence(place.span, Role.TEXT) for place in places), ()
    facts = facts_of(data, language, tree, names=False)
    facts = replace(facts, imports=index.spelled(path, language, facts.imports))
    return SourceFile(path, data, language, facts, places, clashes)


def _through_stars(
    index: Index, read: Read, files: dict[RelPath, SourceFile], source: RelPath, name: str, new_name: str
) -> tuple[dict[RelPath, SourceFile], set[RelPath]]:
    """With the files that pass on all of a module, and so the name without naming it; and which those are."""
    found = dict(files)
    seen, todo = {source}, [source]
    while todo and len(seen) < _MOST_STARS:
        passed = todo.pop()
        for path in index.importers(passed):
            data = read(path) if path not in seen else None
            if data is None or b"*" not in data:
                continue
            file = found.get(path) or _parsed(index, path, data, name, new_name)
            if file and any(is_star(file, i) and means_module(file, i, passed) for i in file.facts.imports):
                found[path] = file
                seen.add(path)
                todo.append(path)
    return found, seen - {source}


def _resolve(
    files: dict[RelPath, SourceFile], target: Target, name: str, kin: Kin, family: Family
) -> dict[RelPath, list[Occurrence]]:
    home = files[target.path]
    around = target.around
    if target.kind == "local" and around is not None:
        own = [p for p in home.places if around in p.scopes and p.role in (Role.PLAIN, Role.BOUND)]
        return {home.path: [p for p in own if binder(home, p) in (around, None)]}
    if target.kind == "member" and around is not None:
        if not family.classes:
            return {home.path: members(home, around, target.called)}
        found: dict[RelPath, list[Occurrence]] = {}
        for at in family.classes:
            if at.path in files:
                found.setdefault(at.path, []).extend(members(files[at.path], at.span, target.called))
        for file in files.values():
            found.setdefault(file.path, []).extend(of_classes(file, kin, family))
        return {path: list(dict.fromkeys(places)) for path, places in found.items() if places}
    return _top(files, home, name)


def _top(files: dict[RelPath, SourceFile], home: SourceFile, name: str) -> dict[RelPath, list[Occurrence]]:
    """Follow a module's name from its file to the files that see it, and on through re-exports."""
    sources = {home.path}
    if home.language in ("c", "cpp"):  # a function is declared in the header that its file includes
        sources |= {f.path for f in files.values() if exports(f, name) and sees(home, f.path, name)}
    while True:
        more = {file.path for file in files.values() if _passes_on(file, home, sources, name)}
        if more <= sources:
            break
        sources |= more
    resolved: dict[RelPath, list[Occurrence]] = {}
    for file in files.values():
        modules = {
            called
            for item in file.facts.imports
            if any(means_module(file, item, source) for source in sources)
            for called in module_names(file, item)
        }
        resolved[file.path] = _seen_places(
            file, _foreign(file, sources), visible=file.path in sources, modules=modules, home=file is home
        )
    return {path: places for path, places in resolved.items() if places}


def _passes_on(file: SourceFile, home: SourceFile, sources: set[RelPath], name: str) -> bool:
    """Whether a plain name in this file is the one that is renamed."""
    if file is home or file.path in sources:
        return True
    own = exports(file, name) and file.language not in ("c", "cpp")
    return not own and any(sees(file, source, name) for source in sources)


def _foreign(file: SourceFile, sources: set[RelPath]) -> set[Span]:
    """Places in imports of other modules, which have a thing of the same name."""
    if file.language not in ("python", "javascript", "typescript", "tsx"):
        return set()
    meant = {
        i.span for i in file.facts.imports if any(means_module(file, i, source) for source in sources)
    }  # one statement can stand for several places, by the configuration
    spans = [item.span for item in file.facts.imports if item.span not in meant]
    # `import name` makes a name, too; the text before it tells that from `import a.name`.
    imported = [
        p.span
        for p in file.places
        if p.role is Role.IMPORT or (p.receiver == "?" and file.data[p.span.start - 1 : p.span.start] != b".")
    ]
    return {p for p in imported if any(s.start <= p.start and p.end <= s.end for s in spans)}


def _seen_places(
    file: SourceFile, foreign: set[Span], *, visible: bool, modules: set[str], home: bool
) -> list[Occurrence]:
    # An alias keeps the old name out of the file: only the import itself changes.
    own = [p for p in file.places if p.role is Role.IMPORT and p.span not in foreign]
    aliased = bool(own) and all(p.aliased for p in own)
    found: list[Occurrence] = []
    names = {d.name_span for d in file.facts.definitions if not d.container}
    nested = {
        d.name_span for d in file.facts.definitions if d.container and not _constructs(d, file.language)
    }
    for place in file.places:
        if place.role is Role.MEMBER:
            if place.receiver in modules:
                found.append(place)
        elif not visible or place.span in nested or binder(file, place, foreign) is not None:
            continue
        elif place.role is Role.IMPORT:
            if not home and place.span not in foreign:
                found.append(place)
        elif place.span in names or (
            place.role in (Role.PLAIN, Role.BOUND) and not aliased and not _in_class_body(file, place)
        ):
            found.append(place)
    return found


def _constructs(definition: Definition, language: str) -> bool:
    """A constructor of Java has the name of its class."""
    return language == "java" and definition.container.rpartition(".")[2] == definition.name


def _in_class_body(file: SourceFile, place: Occurrence) -> bool:
    """A class attribute of the same name: another thing."""
    return place.role is Role.BOUND and class_around(file, place.span.start, place.span.end) is not None


def _clash(
    files: dict[RelPath, SourceFile],
    resolved: dict[RelPath, list[Occurrence]],
    target: Target,
    new_name: str,
) -> str:
    """Whether the new name would be taken for something that is there already."""
    if not any(resolved.values()):
        return "No place could be resolved"
    for path, places in resolved.items():
        file = files[path]
        for other in file.clashes:
            if other.role is Role.TEXT:
                continue
            if target.kind == "local" and target.around not in other.scopes:
                continue
            if other.role in (Role.MEMBER, Role.LABEL) and target.kind != "member":
                continue
            line = LineIndex(file.data).line_of(other.span.start) + 1
            if places:
                return f"`{new_name}` is already used in {path}, line {line}"
    return ""


def _caught(files: dict[RelPath, SourceFile], stars: set[RelPath], new_name: str) -> str:
    """Whether a file that takes everything of a module has the new name from elsewhere."""
    for path in sorted(stars):
        for other in files[path].clashes:
            apart = other.role in (Role.TEXT, Role.MEMBER, Role.LABEL) or other.scopes
            if not apart and not _in_class_body(files[path], other):
                line = LineIndex(files[path].data).line_of(other.span.start) + 1
                return f"`{new_name}` is already used in {path}, line {line}, which takes everything"
    return ""


def _changes(
    files: dict[RelPath, SourceFile], resolved: dict[RelPath, list[Occurrence]], new_name: str
) -> ChangeSet:
    raw = new_name.encode()
    return ChangeSet.of(
        FileChange(
            path,
            files[path].data,
            apply_text_edits(
                files[path].data,
                [TextEdit(p.span, raw) for p in sorted(places, key=lambda p: p.span)],
            ),
        )
        for path, places in resolved.items()
        if places
    )


def _with_file(read: Read, changes: ChangeSet, home: RelPath, new_name: str) -> ChangeSet | None:
    """The changes with the file of a class that gets its new name; ``None``: there is such a file."""
    folder = home.rpartition("/")[0]
    target = RelPath(f"{folder}/{new_name}.java" if folder else f"{new_name}.java")
    if read(target) is not None:
        return None
    return ChangeSet.of(replace(c, path=target, moved_from=home) if c.path == home else c for c in changes)


def _unresolved(
    files: dict[RelPath, SourceFile], resolved: dict[RelPath, list[Occurrence]], target: Target
) -> Iterable[RefHit]:
    """Every other place of the name. For a local only what may call it by keyword."""
    for path in sorted(files):
        file = files[path]
        done = {p.span for p in resolved.get(path, ())}
        left: Sequence[Occurrence] = [p for p in file.places if p.span not in done]
        if target.kind == "local":
            left = [p for p in left if target.parameter and p.role is Role.LABEL]
        lines = LineIndex(file.data)
        for place in left:
            around = enclosing(file.facts.definitions, place.span.start)
            line = lines.line_of(place.span.start) + 1
            yield RefHit(path, line, around.path if around else "")
