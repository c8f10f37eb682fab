"""The edit engine on recorded cases: ``apply`` takes the function that the tool ``edit_file`` takes."""

from __future__ import annotations

from typing import Any

from agent_ls.core.matching import (
    Applied,
    EditRequest,
    Insert,
    Patch,
    Replacement,
    StrReplace,
    UnifiedDiff,
    WholeFile,
    apply_edit,
)

Json = dict[str, Any]


def apply(request: Json) -> Json:
    """One case. ``request``: id, path, before_text (now), base_text (shown), edit."""
    edit = to_request(request["edit"])
    if edit is None:
        return {"status": "unsupported"}
    outcome = apply_edit(request.get("base_text"), request["before_text"], edit)
    if isinstance(outcome, Applied):
        return {"status": "applied", "after_text": outcome.text}
    return {"status": "refused", "error": outcome.error}


def to_request(edit: Json) -> EditRequest | None:
    """The engine's request for a case's edit."""
    match edit["type"]:
        case "str_replace":
            items = (
                Replacement(e["old_str"], e["new_str"], bool(e.get("replace_all"))) for e in edit["edits"]
            )
            return StrReplace(tuple(items))
        case "apply_patch":
            return Patch(edit["patch"])
        case "udiff":
            return UnifiedDiff(edit["diff"])
        case "insert":
            return Insert(edit["insert_line"], edit["insert_text"])
        case "whole":
            return WholeFile(edit["content"])
        case _:
            return None
