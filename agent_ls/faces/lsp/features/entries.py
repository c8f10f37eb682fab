"""Offers of the service as entries of this editor's menu: what it can do with them, and what they carry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.convert import Encoding
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.features.places import Here
from agent_ls.jobs.views import Offer

Json = dict[str, Any]


def usable(offers: Iterable[Offer], editor: Editor) -> list[Offer]:
    """Without the entries that lack a word which only a plugin could ask for."""
    return [offer for offer in offers if editor.prompts or not _lacks_a_word(offer)]


def arguments_of(offer: Offer, here: Here, encoding: Encoding) -> Json:
    """The command's one argument, complete enough to run later on a text that has changed."""
    arguments = dict(offer.arguments)
    if offer.site is not None:
        arguments["uri"] = here.uri
        arguments["range"] = here.range_of(offer.site.span, encoding)
        if here.version is not None:
            arguments["version"] = here.version
    return arguments


def _lacks_a_word(offer: Offer) -> bool:
    """A delegation does not: without a task it begins with an ``agent:`` comment."""
    match offer.command:
        case wire.RENAME:
            return not offer.arguments.get("newName")
        case wire.MOVE_SYMBOL:
            return not offer.arguments.get("target")
        case wire.ANSWER:
            return "answer" not in offer.arguments
        case _:
            return False
