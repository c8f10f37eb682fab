"""The edit engine on recorded cases: ``apply`` takes the function that the tool ``edit_file`` takes.

python benchmarks/edits.py --cases FILE --scorer FILE     tables by class (FILE: a score.py with unpack, run, table)
python benchmarks/edits.py --cpu                          CPU on files of 5,000 and 50,000 lines, diff of 20,000
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from agent_ls.core.diff import text_edits  # noqa: E402 - runs from a checkout, installed or not
from agent_ls.core.matching import (  # noqa: E402
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


def score(cases: str, scorer: str) -> None:
    """Print the scorer's tables for all cases."""
    spec = importlib.util.spec_from_file_location("scorer", scorer)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.table(module.run("benchmarks.edits:apply", apply, module.unpack(cases), None))


def sample(lines: int) -> list[str]:
    """Source-like text: repeated shapes, some lines unique."""
    rng = random.Random(lines)
    shapes = [
        "def name_{}(self, item):",
        "    if item is None:",
        "        return {}",
        "    total += item",
        "",
        "    }}",
    ]
    return [shapes[i % 6].format(rng.randrange(lines)) for i in range(lines)]


def measure(name: str, call: Callable[[], object], rounds: int) -> None:
    times: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        times.append((time.process_time() - start) * 1e3)
    times.sort()
    print(f"{name:44} p50 {times[len(times) // 2]:7.2f} ms   p99 {times[int(len(times) * 0.99)]:7.2f} ms")


def cpu() -> None:
    """CPU milliseconds of the calls that a person waits for."""
    for size, rounds in ((5_000, 60), (50_000, 10)):
        lines = sample(size)
        text, middle = "\n".join(lines) + "\n", size // 2 // 6 * 6
        now = "typed\n" + text
        old = "\n".join(lines[middle : middle + 9])
        deeper = "\n".join("    " + line for line in lines[middle : middle + 9])
        calls: dict[str, tuple[str, str, str]] = {
            "exact": (text, text, old),
            "another indentation": (text, text, deeper),
            "carried over what was typed": (text, now, old),
            "refusal: not found": (text, text, old.replace("item", "thing")),
            "refusal: ambiguous": (text, text, "        return"),
        }
        for name, (shown, current, anchor) in calls.items():
            edit = StrReplace((Replacement(anchor, anchor + "\n    added()"),))
            measure(f"{size:6} lines, {name}", lambda s=shown, c=current, e=edit: apply_edit(s, c, e), rounds)
        whole = WholeFile(text.replace("total", "sum", 3))
        measure(f"{size:6} lines, whole file", lambda t=text, e=whole: apply_edit(t, t, e), rounds)
    rng = random.Random(1)
    lines = sample(20_000)
    changed = [f"changed {i}" if rng.random() < 0.002 else line for i, line in enumerate(lines)]
    before, after = ("\n".join(side).encode() for side in (lines, changed))
    edits = len(text_edits(before, after))
    measure(f" 20000 lines, text_edits ({edits} edits)", lambda: text_edits(before, after), 30)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", help="recorded cases, gzipped JSON lines")
    parser.add_argument("--scorer", help="path of the scorer")
    parser.add_argument("--cpu", action="store_true", help="measure CPU instead")
    options = parser.parse_args()
    if options.cases and options.scorer:
        score(options.cases, options.scorer)
    elif options.cpu:
        cpu()
    else:
        parser.error("give --cases and --scorer, or --cpu")


if __name__ == "__main__":
    main()
