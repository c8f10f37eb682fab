"""Add the import that a name needs: by the index where one thing can be meant, else the choices.

Worker processes only.
"""

from __future__ import annotations

from collections.abc import Callable

from agent_ls.core.edits import ChangeSet, FileChange, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex
from agent_ls.index.actions import IMPORTING, ActionPlan, refused
from agent_ls.index.bindings import statements
from agent_ls.index.extract import ParseTimeoutError, facts_of, parse
from agent_ls.index.keywords import KEYWORDS
from agent_ls.index.names import language_of
from agent_ls.index.occurrences import Role, occurrences
from agent_ls.index.placing import Wanted, placed
from agent_ls.index.query import Index
from agent_ls.index.rename import name_at
from agent_ls.index.spelling import is_own, spellings

Read = Callable[[RelPath], bytes | None]
_CHOICES = 12


def add_import(index: Index, read: Read, path: RelPath, offset: int, wish: str = "") -> ActionPlan:
    """Plan the import of the name at a byte offset.

    Args:
        index: Says who defines the name, and who imports it.
        read: Text of now, unsaved text and drafts included; ``None`` for what is not there.
        path: The file that lacks the import.
        offset: Byte offset in or right behind the name.
        wish: One of the choices of an earlier answer, or a module; empty: the only one there is.

    Where several things can be meant, the answer has ``choices`` and no changes.
    """
    data, language = read(path), language_of(path)
    if data is None or language not in IMPORTING:
        return refused(f"Imports are not known for {language or path}")
    name = name_at(data, offset)
    try:
        tree = parse(data, language)
    except ParseTimeoutError:
        return refused(f"{path} cannot be parsed")
    if not name or name in KEYWORDS[language]:
        return refused("There is no name at this place")
    place = next((p for p in occurrences(data, tree, name) if p.span.start <= offset <= p.span.end), None)
    if place is None or place.role not in (Role.PLAIN, Role.SHORTHAND):
        return refused(f"`{name}` is not a name here that an import could give a meaning")
    if any(b.local == name for s in statements(data, tree, language) for b in s.bindings):
        return refused(f"`{name}` is imported here already")
    facts = facts_of(data, language, tree, names=False)
    bound = any(
        p.role is Role.BOUND and (not p.scopes or p.scopes[0] in place.scopes)
        for p in occurrences(data, tree, name)
    )
    if bound or any(d.name == name and not d.container for d in facts.definitions):
        return refused(f"`{name}` is defined in {path} itself")
    found = spellings(index, read, path, name)
    if language in ("go", "java") and (same := _same_package(index, path, name)):
        return refused(f"`{name}` is of the same package ({same}) and needs no import")
    chosen = [w for w in found if not wish or wish in (w.text(language), w.module)]
    if not chosen:
        return refused(
            f"No import of `{name}` from {wish!r} is known"
            if wish
            else f"Nothing importable is called `{name}`",
            choices=tuple(w.text(language) for w in found[:_CHOICES]),
        )
    if len(chosen) > 1:
        choices = tuple(w.text(language) for w in chosen[:_CHOICES])
        return refused(f"`{name}` can mean {len(chosen)} things: choose one of the imports", choices=choices)
    return _plan(index, path, data, language, chosen[0])


def _plan(index: Index, path: RelPath, data: bytes, language: str, wanted: Wanted) -> ActionPlan:
    edit = placed(data, parse(data, language), language, wanted, is_own(index, path))
    change = FileChange(path, data, apply_text_edits(data, [edit]))
    line = LineIndex(change.after or b"").line_of(edit.span.start) + 1
    return ActionPlan(ChangeSet.of([change]), f"Added `{wanted.text(language)}` to {path}, line {line}.")


def _same_package(index: Index, path: RelPath, name: str) -> str:
    folder = path.rpartition("/")[0]
    return next((f for f in index.definers(name) if f.rpartition("/")[0] == folder and f != path), "")
