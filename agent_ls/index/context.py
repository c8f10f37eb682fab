"""Which code matters for a request: files by every signal there is, then the passages worth showing.

Three steps: `signals` and `ranking` order the files, `passages` cuts the best of them into units
and asks what speaks for each, `packing` fills the budget. The weights of both orders are fitted
by ``benchmarks/context.py`` and lie in ``weights.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.index.names import DATA, language_of
from agent_ls.index.packing import ContextSpan, likelihoods, pack
from agent_ls.index.passages import Passage, passages_of
from agent_ls.index.query import Index
from agent_ls.index.ranking import Evidence, RankedFile, Weights, best_files, gather, rank, weights
from agent_ls.index.request import Request, request_of

_FILES, _READ = 40, 20


@final
@dataclass(frozen=True, slots=True)
class Context:
    """Files best first, and spans that fit the budget together, best first."""

    files: tuple[RankedFile, ...]
    spans: tuple[ContextSpan, ...]
    used_tokens: int

    def to_json(self, *, budget: int, elapsed_ms: float) -> dict[str, Any]:
        """The object of ``agent-ls context --json``."""
        return {
            "files": [asdict(file) for file in self.files],
            "spans": [asdict(span) for span in self.spans],
            "budget": budget,
            "used_tokens": self.used_tokens,
            "elapsed_ms": round(elapsed_ms, 1),
        }


def context(
    index: Index,
    snapshot_read: Callable[[RelPath], bytes | None],
    task: str,
    site: Site | None,
    budget_tokens: int,
    weighed: Mapping[str, Weights] | None = None,
) -> Context:
    """Rank files and pick passages for a task.

    Args:
        index: The workspace's facts.
        snapshot_read: Text of now, ``None`` for what is not there or may not be read.
        task: The request in the user's words.
        site: Where the cursor is. Its file is taken as given: neither ranked nor packed.
        budget_tokens: A token is four characters; each file costs its path / 4 + 2 once.
        weighed: Other weights than the shipped ones.

    Reads the cursor's file and at most 20 others. Never raises for an empty or missing index.
    """
    weighed = weights() if weighed is None else weighed
    request = request_of(index, snapshot_read, task, site)
    evidence = gather(index, request)
    files = best_files(evidence, weighed["files"], request, _FILES)
    passages = best_passages(index, snapshot_read, request, evidence, weighed["files"])
    spans, used = pack(passages, likelihoods(passages, weighed["passages"]), budget_tokens)
    return Context(tuple(files), spans, used)


def best_passages(
    index: Index,
    read: Callable[[RelPath], bytes | None],
    request: Request,
    evidence: Evidence,
    weights: Weights,
) -> list[Passage]:
    """The passages of the best files of code: data and prose are named, not shown."""
    scores = rank(evidence, weights)
    code = (path for path in scores if language_of(path) not in DATA)
    best = sorted(code, key=lambda path: (-scores[path], path))[:_READ]
    together = evidence.signals.get("together", {})
    return passages_of(
        index, read, [(path, scores[path]) for path in best], request, evidence.words, together
    )
