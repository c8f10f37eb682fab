"""The names of agent-ls's own protocol; described in ``docs/protocol.md``, used by the editors' clients."""

from __future__ import annotations

from typing import Final

JOB_CHANGED: Final = "agentLs/jobChanged"
SHOW_PLAN: Final = "agentLs/showPlan"
DOCUMENT_TEXT: Final = "agentLs/debug/documentText"
SLEEP: Final = "agentLs/debug/sleep"
INDEX: Final = "agentLs/debug/index"

SECTION: Final = "agentLs"
"""The section of the editor's settings."""

SOURCE: Final = "agent-ls"
"""The source of our diagnostics; such a diagnostic is never itself offered a fix."""

QUICKFIX: Final = "quickfix.agent"
REWRITE: Final = "refactor.rewrite.agent"
SOURCE_ACTION: Final = "source.agent"
KINDS: Final = (QUICKFIX, REWRITE, SOURCE_ACTION)

DELEGATE: Final = "agentLs.delegate"
RUN: Final = "agentLs.run"
RENAME: Final = "agentLs.rename"
ADD_IMPORT: Final = "agentLs.addImport"
REMOVE_UNUSED_IMPORTS: Final = "agentLs.removeUnusedImports"
MOVE_SYMBOL: Final = "agentLs.moveSymbol"
JOBS: Final = "agentLs.jobs"
JOB: Final = "agentLs.job"
REVIEW: Final = "agentLs.review"
PREVIEW: Final = "agentLs.preview"
APPLY: Final = "agentLs.apply"
UNDO: Final = "agentLs.undo"
CHECK: Final = "agentLs.check"
DISCARD: Final = "agentLs.discard"
CANCEL: Final = "agentLs.cancel"
RESUME: Final = "agentLs.resume"
RETRY: Final = "agentLs.retry"
TELL: Final = "agentLs.tell"
ANSWER: Final = "agentLs.answer"
PLAN: Final = "agentLs.plan"
EXPLAIN: Final = "agentLs.explain"
TRUST: Final = "agentLs.trust"
STATUS: Final = "agentLs.status"
CONNECT: Final = "agentLs.connect"
MARKS: Final = "agentLs.marks"

COMMANDS: Final = (
    DELEGATE,
    RUN,
    RENAME,
    ADD_IMPORT,
    REMOVE_UNUSED_IMPORTS,
    MOVE_SYMBOL,
    JOBS,
    JOB,
    REVIEW,
    PREVIEW,
    APPLY,
    UNDO,
    CHECK,
    DISCARD,
    CANCEL,
    RESUME,
    RETRY,
    TELL,
    ANSWER,
    PLAN,
    EXPLAIN,
    TRUST,
    STATUS,
    CONNECT,
    MARKS,
)
