"""What an index run did, in the names of ``agent-ls index --json``."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, final


@final
@dataclass(frozen=True, slots=True)
class IndexReport:
    """Totals of the store after a run, and the run's own cost.

    ``skipped``: files without facts by reason (the scan's reasons, and ``binary``, ``minified``,
    ``too slow to parse``, ``quarantined``, ``unreadable``, ``no grammar``). ``busy``: another
    process was indexing this workspace, so nothing was done.
    """

    files: int = 0
    lines: int = 0
    bytes: int = 0
    symbols: int = 0
    references: int = 0
    languages: Mapping[str, int] = field(default_factory=dict[str, int])
    skipped: Mapping[str, int] = field(default_factory=dict[str, int])
    parsed: int = 0
    reused: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_mb: float = 0.0
    db_mb: float = 0.0
    busy: bool = False

    def to_json(self) -> dict[str, Any]:
        """One JSON object; ``busy`` only when it is so."""
        value = asdict(self)
        if not self.busy:
            del value["busy"]
        return value


def rss_mb() -> float:
    """The peak resident memory of this process in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
