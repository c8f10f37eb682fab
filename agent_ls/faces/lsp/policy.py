"""How a plan is put before the user: decided here, once, from what the editor can do. Pure.

Never silent where the editor can show something, never more than one question for a plan.

| the editor | a review is | an apply that was not reviewed |
|---|---|---|
| has our plugin | the plugin's own (`agentLs/showPlan`) | as below |
| previews edits (VS Code) | a ``.diff`` document | its preview: all ticked, doubtful files not |
| asks about every edit itself (eglot) | a ``.diff`` document | its own question |
| shows documents and asks | a ``.diff`` document | one question, with the doubtful files |
| shows documents only | a ``.diff`` document | lands: it was chosen by its name and figures |
| neither (Helix, Neovim 0.7) | a notice with the place of the ``.diff`` | lands, as above |

After a review nothing is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.faces.lsp.editor import Editor


@final
class Show(StrEnum):
    """Where a plan is looked at."""

    PLUGIN = "plugin"
    DOCUMENT = "document"
    NOTICE = "notice"


@final
class Ask(StrEnum):
    """Who asks before a plan lands that was not reviewed."""

    PREVIEW = "preview"
    QUESTION = "question"
    NOBODY = "nobody"


@final
@dataclass(frozen=True, slots=True)
class Policy:
    """``buttons``: a ready plan's notice may offer to review and apply (it does not block the editor)."""

    show: Show
    ask: Ask
    buttons: bool


def policy(editor: Editor) -> Policy:
    """The way of one editor."""
    show = Show.PLUGIN if editor.reviews else Show.DOCUMENT if editor.show_document else Show.NOTICE
    asks = editor.questions and editor.message_request
    if editor.previews and editor.annotations:
        ask = Ask.PREVIEW
    elif asks and show is not Show.NOTICE and not editor.confirms:
        ask = Ask.QUESTION
    else:
        ask = Ask.NOBODY
    return Policy(show, ask, buttons=editor.previews and editor.message_request)


def question(title: str, size: str, verdict: str, doubts: Mapping[RelPath, str]) -> str:
    """The one question before a plan lands unseen."""
    doubtful = "; ".join(f"{path}: {why}" for path, why in sorted(doubts.items()))
    return f"Apply “{title}”? {size}, {verdict}." + (f" Look twice: {doubtful}." if doubtful else "")
