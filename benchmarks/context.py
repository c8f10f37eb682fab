"""How well context finds what a change needs, on real commits; and the fit of its weights.

    python benchmarks/context.py CASES MIRROR LAB [--train CASES] [--fit] [--ablate] [--worst N]

CASES: a file with one case per line. MIRROR: bare git directories ``<owner>+<name>/repo``. LAB: a
folder for the fact stores of the past, made when missing (~1 s per case, 10 MB each). Every row
of the table is scored with weights fitted on the other repositories, and on the cases of ``--train``,
which are not scored (``context_make.py`` makes some). ``--fit`` writes
``agent_ls/index/weights.toml``, fitted on all cases. ``--ablate`` fits without each file signal.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, Span
from agent_ls.index.bm25 import Scores
from agent_ls.index.context import best_passages, context
from agent_ls.index.query import Index
from agent_ls.index.ranking import Weights, gather
from agent_ls.index.request import request_of
from benchmarks.context_cases import BUDGETS, Case, Tree, counts, git_dir_of, load, prepare, score, store_of
from benchmarks.context_fit import Group, fit_files, fit_passages

FILE_SIGNALS = (
    "task_words", "around_words", "alike", "task_path", "task_names", "around_names", "task_history", "together",
    "users", "imported", "importers", "kin", "near", "lively", "test",
    "task_words_first", "around_words_first", "alike_first", "together_first", "task_history_first",
)  # fmt: skip
PASSAGE_SIGNALS = (
    "file", "rank", "task", "task_best", "task_name", "around", "around_name", "mentions", "asked", "named",
    "length", "imports", "together", "many", "by_best", "place", "last", "used_rare", "near_rare",
)  # fmt: skip
_WEIGHTS = Path(__file__).resolve().parents[1] / "agent_ls" / "index" / "weights.toml"
_HEAD = """# How much each signal counts; see signals.py and passages.py for what they are.
# Written by `python benchmarks/context.py CASES MIRROR LAB --fit`.
"""


@dataclass(frozen=True, slots=True)
class Past:
    """A case opened: its tree, its fact store, the cursor."""

    case: Case
    tree: Tree
    index: Index
    site: Site

    def close(self) -> None:
        self.tree.close()
        self.index.close()


def open_past(mirror: Path, lab: Path, case: Case) -> Past:
    """What was there before the commit."""
    tree = Tree(git_dir_of(mirror, case["repo"]), case["parent"])
    path = RelPath(case["cursor"]["file"])
    at = LineIndex(tree.read(path) or b"").start(case["cursor"]["line"] - 1)
    return Past(case, tree, Index(store_of(lab, case)), Site(path, Span(at, at)))


def file_signals(mirror: Path, lab: Path, case: Case) -> dict[str, Scores]:
    """The first stage's signals of one case, of the files that count."""
    past = open_past(mirror, lab, case)
    found = gather(past.index, request_of(past.index, past.tree.read, case["query"], past.site)).signals
    past.close()
    return {name: {p: s for p, s in scores.items() if counts(p)} for name, scores in found.items()}


def file_group(case: Case, found: Mapping[str, Scores]) -> tuple[list[RelPath], Group]:
    """The candidates of one case with their signals."""
    gold = {file["file"] for file in case["gold_files"]}
    paths = sorted({path for scores in found.values() for path in scores})
    rows = [{name: scores[path] for name, scores in found.items() if path in scores} for path in paths]
    return paths, Group(rows, [float(path in gold) for path in paths])


def passage_group(mirror: Path, lab: Path, job: tuple[Case, Weights]) -> Group:
    """The passages of one case's best files, with how much of the edits is in each."""
    case, weights = job
    past = open_past(mirror, lab, case)
    request = request_of(past.index, past.tree.read, case["query"], past.site)
    passages = best_passages(past.index, past.tree.read, request, gather(past.index, request), weights)
    past.close()
    gold: list[float] = []
    for passage in passages:
        unit, held = passage.cut.unit, 0.0
        for symbol in case["gold_symbols"]:
            if symbol["file"] == passage.path:
                lines = [line for first, last in symbol["lines"] for line in range(first, last + 1)]
                held += sum(unit.first < line <= unit.last + 1 for line in lines) / len(lines)
        gold.append(min(1.0, held))
    return Group([p.signals for p in passages], gold, 1 / len(case["gold_symbols"]))


def figures(mirror: Path, lab: Path, job: tuple[Case, Mapping[str, Weights]]) -> dict[str, float]:
    """The scores of one case, and the CPU of a second query like it."""
    case, weights = job
    past = open_past(mirror, lab, case)
    ask = partial(context, past.index, past.tree.read, case["query"], past.site, weighed=weights)
    found = {budget: ask(budget) for budget in BUDGETS}
    started = time.process_time()
    ask(8000)
    cpu_ms = (time.process_time() - started) * 1000
    scored = score(case, [file.path for file in found[8000].files], found, past.tree)
    past.close()
    return scored | {"cpu_ms": cpu_ms}


def show(title: str, rows: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """A table: means per repository and over all cases."""
    columns = [
        "r@10",
        "r@20",
        "r@40",
        "edit@2000",
        "name@2000",
        "edit@8000",
        "name@8000",
        "edit@32000",
        "cpu_ms",
    ]
    print(f"\n{title}\n| repository | cases | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for repo, cases in {**rows, "all": [case for some in rows.values() for case in some]}.items():
        means = [statistics.fmean(case[column] for case in cases) for column in columns]
        print(
            f"| {repo} | {len(cases)} | "
            + " | ".join(f"{m:.3f}" if m < 1.5 else f"{m:.0f}" for m in means)
            + " |"
        )


def recall(group: Group, scores: Sequence[float], gold: int, first: int) -> float:
    order = sorted(range(len(scores)), key=lambda at: -scores[at])[:first]
    return sum(group.gold[at] for at in order) / gold


def ablate(cases: Mapping[str, Sequence[Case]], groups: Mapping[str, Sequence[Group]]) -> None:
    """Each file signal left out, and alone; weights leave the scored repository out."""

    def mean(names: Sequence[str]) -> list[float]:
        found: list[tuple[float, float]] = []
        for repo, some in groups.items():
            weights = fit_files([g for other, rest in groups.items() if other != repo for g in rest], names)
            if repo not in cases:
                continue
            for case, group in zip(cases[repo], some, strict=True):
                scores = [sum(weights[n] * row.get(n, 0.0) for n in names) for row in group.rows]
                gold = len(case["gold_files"])
                found.append((recall(group, scores, gold, 10), recall(group, scores, gold, 20)))
        return [statistics.fmean(column) for column in zip(*found, strict=True)]

    whole = mean(FILE_SIGNALS)
    print(
        f"\nr@10 and r@20 with all signals: {whole[0]:.3f} {whole[1]:.3f}\n| signal | without it | alone |\n|---|---|---|"
    )
    for name in FILE_SIGNALS:
        less, alone = mean([n for n in FILE_SIGNALS if n != name]), mean([name])
        print(
            f"| {name} | {less[0] - whole[0]:+.3f} {less[1] - whole[1]:+.3f} | {alone[0]:.3f} {alone[1]:.3f} |",
            flush=True,
        )


def toml(weights: Mapping[str, Mapping[str, float]]) -> str:
    tables = [
        "\n".join([f"[{table}]", *(f"{n} = {w:.3f}" for n, w in some.items())])
        for table, some in weights.items()
    ]
    return _HEAD + "\n" + "\n\n".join(tables) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", type=Path)
    parser.add_argument("mirror", type=Path)
    parser.add_argument("lab", type=Path)
    parser.add_argument("--train", type=Path, metavar="CASES", help="cases to fit the weights on")
    parser.add_argument("--fit", action="store_true", help="write the weights fitted on all cases")
    parser.add_argument("--ablate", action="store_true", help="what each file signal is worth")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="list the N worst cases")
    chosen = parser.parse_args()
    cases = load(chosen.cases)
    train = load(chosen.train) if chosen.train else {}
    prepare({**cases, **train}, chosen.mirror, chosen.lab)
    with ProcessPoolExecutor(2) as workers:
        here = (chosen.mirror, chosen.lab)

        def fit_on(repos: Sequence[str]) -> dict[str, dict[str, float]]:
            """Both sets of weights, from some repositories."""
            files = fit_files([group for repo in repos for group in groups[repo]], FILE_SIGNALS)
            seen = {repo: passages[repo] if repo in passages else read(repo, files) for repo in repos}
            found = fit_passages([group for some in seen.values() for group in some], PASSAGE_SIGNALS)
            return {"files": files, "passages": found}

        def read(repo: str, files: Weights) -> list[Group]:
            jobs = [(case, files) for case in every[repo]]
            return list(workers.map(partial(passage_group, *here), jobs))

        every = {**cases, **train}
        groups: dict[str, list[Group]] = {}
        for repo, some in every.items():
            found = workers.map(partial(file_signals, *here), some)
            groups[repo] = [file_group(case, signals)[1] for case, signals in zip(some, found, strict=True)]
        passages: dict[str, list[Group]] = {}
        if train:
            # The best files of every case by weights that saw none of the scored ones: read once for all fits.
            unseen = fit_files([group for repo in train for group in groups[repo]], FILE_SIGNALS)
            passages = {repo: read(repo, unseen) for repo in every}
        rows: dict[str, list[dict[str, float]]] = {}
        for repo, some in cases.items():
            weights = fit_on([other for other in every if other != repo])
            rows[repo] = list(workers.map(partial(figures, *here), [(case, weights) for case in some]))
        show("Weights fitted on other repositories", rows)
        if chosen.fit:
            weights = fit_on(list(every))
            _WEIGHTS.write_text(toml(weights), "utf-8")
            print("\n" + toml(weights))
    if chosen.ablate:
        ablate(cases, groups)
    scored = [
        (row["r@10"] + row["edit@8000"], case, row)
        for r, some in cases.items()
        for case, row in zip(some, rows[r], strict=True)
    ]
    for _, case, row in sorted(scored, key=lambda item: item[0])[: chosen.worst]:
        print(
            json.dumps(
                {
                    "case": case["id"],
                    "subject": case["subject"],
                    "r@10": row["r@10"],
                    "edit@8000": row["edit@8000"],
                }
            )
        )


if __name__ == "__main__":
    main()
