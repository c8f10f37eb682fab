"""What the commands of the deterministic actions ask for, as intents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent_ls.core.job import ASK, Intent, IntentKind
from agent_ls.core.text import content_hash
from agent_ls.faces.lsp import arguments as read
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.features.places import Here

Json = dict[str, Any]


def rename(params: Json, here: Here) -> Intent:
    """Rename the symbol here everywhere."""
    name = read.text(params, "newName")
    return _intent(IntentKind.RENAME, f"Rename to {name}", here, name)


def add_import(params: Json, here: Here) -> Intent:
    """Import the name here; without ``from`` the user is asked where several things can be meant."""
    wish = read.text(params, "from", default="") or ASK
    title = "Add the missing import" if wish == ASK else f"Add the import: {wish}"
    return _intent(IntentKind.ADD_IMPORT, title, here, wish)


def remove_unused_imports(_params: Json, here: Here) -> Intent:
    """Tidy the imports of the file."""
    return _intent(IntentKind.REMOVE_IMPORTS, f"Remove unused imports of {here.site.path}", here)


def _intent(kind: IntentKind, title: str, here: Here, wish: str = "") -> Intent:
    return Intent(kind, title, new_name=wish, site=here.site, site_hash=content_hash(here.text.data))


INTENTS: dict[str, Callable[[Json, Here], Intent]] = {
    wire.RENAME: rename,
    wire.ADD_IMPORT: add_import,
    wire.REMOVE_UNUSED_IMPORTS: remove_unused_imports,
}
"""By command."""
