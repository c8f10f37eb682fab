"""The matcher: what a model wants changed, found in the text it was shown, never guessed.

Invariant: no similarity decides where an edit goes. A block is found literally, or under one of a
few named loosenings that are tried only after nothing was found, and it is refused as soon as two
places fit. Similarity words the refusals.
"""

from agent_ls.core.matching.apply import apply_edit
from agent_ls.core.matching.patch import PatchedFile, apply_patch
from agent_ls.core.matching.requests import (
    Applied,
    EditRequest,
    Insert,
    Patch,
    Refused,
    Replacement,
    StrReplace,
    UnifiedDiff,
    WholeFile,
)

__all__ = [
    "Applied",
    "EditRequest",
    "Insert",
    "Patch",
    "PatchedFile",
    "Refused",
    "Replacement",
    "StrReplace",
    "UnifiedDiff",
    "WholeFile",
    "apply_edit",
    "apply_patch",
]
