"""Renames of what stands in classes: methods and fields, with the classes that share them. Worker processes only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, Span
from agent_ls.index.mentions import RefHit
from agent_ls.index.naming import CALLED, SELF, Target
from agent_ls.index.occurrences import Occurrence, Role
from agent_ls.index.overrides import CLASSES, INHERITING, ClassAt, Family, Kin
from agent_ls.index.query import enclosing
from agent_ls.index.scopes import SourceFile, binder, class_around

_SAYS_SO = re.compile(rb"@Override\b|@override\b|\boverride\b")


_CALL = re.compile(rb"\s*(?:::\s*<|\()")


def family_of(kin: Kin, files: dict[RelPath, SourceFile], target: Target, name: str) -> Family:
    """The classes that have a renamed method in common; none for anything else."""
    home, around = files[target.path], target.around
    if target.kind != "member" or around is None or home.language not in INHERITING:
        return Family(())
    if not any(d.span == around and d.kind in CLASSES for d in home.facts.definitions):
        return Family(())
    return kin.family(ClassAt(home.path, around), name, files)


def members(home: SourceFile, around: Span, called: bool | None) -> list[Occurrence]:  # noqa: FBT001
    """The definitions in a class and what is said of ``self`` there; ``called``: only methods, or only fields."""
    names = {d.name_span for d in home.facts.definitions if called in (None, d.kind in CALLED)}
    defined = {d.name_span for d in home.facts.definitions}
    above: list[Occurrence] = []
    found: list[Occurrence] = []
    for place in home.places:
        if not (around.start <= place.span.start and place.span.end <= around.end):
            continue
        inner = class_around(home, place.span.start, place.span.end)
        if inner is not None and inner.span != around:
            continue
        own = place.receiver in SELF or place.receiver.partition("(")[0] == "super"
        if place.role is Role.PLAIN and home.language == "java" and place.span not in defined:
            own = binder(home, place) is None  # Java looks plain names up in the class
        elif place.role is not Role.MEMBER:
            # Python's class bodies see the names above: `@name.setter`.
            own = place.role is Role.PLAIN and any(place.scopes == one.scopes for one in above)
        is_call = _CALL.match(home.data, place.span.end) is not None
        if place.span in names or (own and place.span not in defined and called in (None, is_call)):
            found.append(place)
            if home.language == "python" and place.span in names:
                above.append(place)
    return found


def of_classes(file: SourceFile, kin: Kin, family: Family) -> list[Occurrence]:
    """``Class.method`` where the name before the dot is one of these classes."""
    own = set(family.classes)
    return [
        p
        for p in file.places
        if p.role is Role.MEMBER
        and re.fullmatch(r"[A-Za-z_][\w.]*", p.receiver)
        and p.receiver not in SELF
        and kin.means(file.path, p.receiver) in own
    ]


def overrides_unknown(files: dict[RelPath, SourceFile], kin: Kin, family: Family, name: str) -> str:
    """Why a method cannot get another name: it says that it overrides one, which was not found."""
    for at in family.classes:
        if at.path not in files or any(a in family.classes for a in kin.ancestors(at)):
            continue
        file = files[at.path]
        for d in file.facts.definitions:
            if d.name == name and at.span.start <= d.span.start and d.span.end <= at.span.end:
                # Annotations stand before some definitions, and in others.
                ends = [file.data.rfind(mark, 0, d.name_span.start) for mark in (b"}", b";", b"{")]
                if _SAYS_SO.search(file.data, max(at.span.start, *ends), d.name_span.start):
                    return f"`{name}` overrides a method of a base that was not found ({at.path})"
    return ""


def unknown_bases(files: dict[RelPath, SourceFile], family: Family) -> Iterable[RefHit]:
    """Classes of the family whose bases are elsewhere, and may have the method."""
    for at in family.unknown:
        if at.path in files:
            around = enclosing(files[at.path].facts.definitions, at.span.start)
            line = LineIndex(files[at.path].data).line_of(at.span.start) + 1
            yield RefHit(at.path, line, around.path if around else "")


_ASKED_FOR = frozenset(
    [
        "Accept",
        "Addr",
        "As",
        "At",
        "Bool",
        "Bounds",
        "Close",
        "ColorModel",
        "Deadline",
        "Dial",
        "Done",
        "Err",
        "Error",
        "Exit",
        "Flush",
        "Format",
        "GoString",
        "Header",
        "Hijack",
        "Import",
        "Info",
        "Int63",
        "Is",
        "IsDir",
        "LastInsertId",
        "Len",
        "Less",
        "Listen",
        "Lock",
        "Lstat",
        "MarshalBinary",
        "MarshalJSON",
        "MarshalText",
        "MarshalXML",
        "Mode",
        "ModTime",
        "Name",
        "Open",
        "Pop",
        "Push",
        "Read",
        "ReadAt",
        "ReadByte",
        "ReadDir",
        "ReadFile",
        "ReadFrom",
        "ReadRune",
        "Readdir",
        "Reset",
        "RoundTrip",
        "RowsAffected",
        "Scan",
        "Seed",
        "Seek",
        "ServeHTTP",
        "Set",
        "Size",
        "Stat",
        "String",
        "Sub",
        "Sum",
        "Swap",
        "Sync",
        "Sys",
        "Type",
        "Underlying",
        "Unlock",
        "UnmarshalBinary",
        "UnmarshalJSON",
        "UnmarshalText",
        "UnmarshalXML",
        "UnreadByte",
        "Unwrap",
        "Value",
        "Visit",
        "Write",
        "WriteAt",
        "WriteByte",
        "WriteHeader",
        "WriteString",
        "WriteTo",
    ]
)
"""Methods that interfaces of Go's standard library ask for by name."""


def satisfies(files: dict[RelPath, SourceFile], target: Target, name: str) -> str:
    """Why a method of Go cannot get another name: an interface asks for this one, and any type may be its."""
    home = files[target.path]
    around = next((d.kind for d in home.facts.definitions if d.span == target.around), "")
    if (
        target.kind != "member" or home.language != "go" or around == "struct"
    ):  # a field of a struct is nobody's wish
        return ""
    for path in sorted(files):
        found = files[path].facts.definitions if files[path].language == "go" else ()
        interfaces = {d.path for d in found if d.kind == "interface"}
        for d in found:
            if d.name == name and d.container in interfaces:
                return f"The interface `{d.container}` ({path}) asks for `{name}`: which types are meant cannot be told"
    if name in _ASKED_FOR:
        return f"Interfaces of Go's own packages ask for `{name}`: a type may be used as one of them"
    return ""
