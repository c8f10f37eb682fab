"""Whether the menu has reason to speak of imports at a place: by the text alone and one question to the index."""

from __future__ import annotations

import re

from agent_ls.index.actions import IMPORTING
from agent_ls.index.names import language_of
from agent_ls.index.query import Index
from agent_ls.jobs.place import Here

_IMPORT = re.compile(rb"\s*(?:import|from|use)\b")
_WORD = rb"(?<![\w$.\x80-\xff])%s(?![\w$\x80-\xff])"
_READ = 200_000


def may_lack_import(here: Here, index: Index) -> bool:
    """Whether the name under the cursor stands here for the first time and others define it.

    A guess for the menu: the action itself looks closer and says why not. Reads at most 200 kB.
    """
    name, at = here.name.encode(), here.name_span.start
    if not name or language_of(here.site.path) not in IMPORTING or on_import(here):
        return False
    if here.around is not None and here.around.name_span == here.name_span:
        return False
    first = re.compile(_WORD % re.escape(name)).search(here.text, 0, _READ)
    if first is None or first.start() != at:
        return False
    definers = index.definers(here.name, limit=20)
    return bool(definers) and here.site.path not in definers


def on_import(here: Here) -> bool:
    """Whether the cursor is on a line that begins an import."""
    line = here.text.rfind(b"\n", 0, here.site.span.start) + 1
    return language_of(here.site.path) in IMPORTING and _IMPORT.match(here.text, line) is not None
