"""Our TextEdits, applied by others: the texts must be the same, byte by byte.

    python -m benchmarks.roundtrip [--count 2000] [--nvim PROGRAM]... [--seed N]

Each case is a text and what became of it; `faces/lsp/workspace_edit` gives the edits. They are applied by our own document (three encodings), by the npm package
``vscode-languageserver-textdocument`` (utf-16; ``npm install --no-package-lock`` in this folder
first) and by Neovim's own client code in real files (three encodings).

A Neovim buffer is a list of lines with one line end for the whole file: what it cannot hold is
counted apart and named, with how many came out right nevertheless.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent_ls.core.diff import text_edits
from agent_ls.core.edits import apply_text_edits
from agent_ls.core.text import Span
from agent_ls.faces.lsp.convert import Encoding, from_range
from agent_ls.faces.lsp.rope import Rope
from agent_ls.faces.lsp.workspace_edit import lsp_edits

HERE = Path(__file__).parent
PIECES = [
    *(
        "a",
        "b",
        "x = 1",
        "    ",
        "\t",
        "foo(bar)",
        "}",
        "é",
        "e\u0301",
        "ß",
        "中文",
        "🙂",
        "👩‍👩‍👧",
        "𝒳",
        "\u200b",
    ),
    *("\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "'", '"', "\\", "\u00a0", "-- end"),
]
LIMITS = {
    "lone or mixed line ends": "one 'fileformat' per buffer; a carriage return in new text becomes a line break",
    "the final line end removed": "it is an option of the buffer ('endofline'), not text; edits do not reach it",
    "the first line end of a file is CRLF": "a file without a line end gets the system's own",
    "emptied or was empty": "an empty buffer has one line",
}


@dataclass(frozen=True)
class Case:
    """A text before and after, and why Neovim may not be able to hold it (``""``: it can)."""

    old: bytes
    new: bytes
    limit: str

    def edits(self, encoding: Encoding) -> list[dict[str, Any]]:
        return lsp_edits(self.old, self.new, encoding)


def make(rng: random.Random) -> Case:
    """A random text and a random change of it."""
    kind = rng.choices(["\n", "\r\n", "\r", "mixed"], [6, 4, 1, 1])[0]

    def end() -> str:
        return rng.choice(["\n", "\r\n", "\r"]) if kind == "mixed" else kind

    def line() -> str:
        return "".join(rng.choices(PIECES, k=rng.randint(0, 8)))

    lines = [[line(), end()] for _ in range(rng.randint(0, 25))]
    if lines and rng.random() < 0.3:
        lines[-1][1] = ""
    old = "".join(map("".join, lines))
    for _ in range(rng.randint(1, 5)):
        at = rng.randint(0, len(lines))
        change = rng.random()
        if change < 0.3 and at < len(lines):
            text = lines[at][0]
            cut, last = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
            lines[at][0] = text[:cut] + rng.choice(PIECES) + text[last:]
        elif change < 0.6:
            if at == len(lines) and lines and not lines[-1][1]:
                lines[-1][1] = end()
            lines[at:at] = [[line(), end()] for _ in range(rng.randint(1, 3))]
        elif change < 0.8:
            del lines[at : at + rng.randint(1, 3)]
        elif lines:
            lines[-1][1] = "" if lines[-1][1] else end()
    new = "".join(map("".join, lines))
    limit = ""
    if kind in ("\r", "mixed"):
        limit = "lone or mixed line ends"
    elif not old or not new:
        limit = "emptied or was empty"
    elif kind == "\r\n" and kind not in old:
        limit = "the first line end of a file is CRLF"
    elif old.endswith(kind) and not new.endswith(kind):
        limit = "the final line end removed"
    return Case(old.encode(), new.encode(), limit)


def by_us(case: Case, encoding: Encoding) -> bytes:
    """The edits read back as our own server reads an editor's."""
    rope = Rope.of(case.old)
    spans = [
        (from_range(rope, edit["range"], encoding), edit["newText"].encode()) for edit in case.edits(encoding)
    ]
    text = case.old
    for span, new in reversed(spans):
        assert isinstance(span, Span)
        text = text[: span.start] + new + text[span.end :]
    return text


def by_node(cases: list[Case], folder: Path) -> list[bytes]:
    """What ``vscode-languageserver-textdocument`` makes of each."""
    asked = [{"old": case.old.decode(), "edits": {"utf-16": case.edits(Encoding.UTF16)}} for case in cases]
    (folder / "cases.json").write_text(json.dumps(asked))
    subprocess.run(
        ["node", str(HERE / "apply.mjs"), str(folder / "cases.json"), str(folder / "out.json")], check=True
    )
    return [text.encode("utf-8", "surrogatepass") for text in json.loads((folder / "out.json").read_text())]


def by_neovim(program: str, cases: list[Case], folder: Path) -> dict[Encoding, list[bytes]]:
    """What a headless Neovim leaves in the files."""
    for index, case in enumerate(cases):
        for encoding in Encoding:
            (folder / f"{index}.{encoding}").write_bytes(case.old)
    edits = [{encoding: case.edits(encoding) for encoding in Encoding} for case in cases]
    (folder / "edits.json").write_text(json.dumps(edits))
    subprocess.run(
        [
            program,
            "--headless",
            "-u",
            "NONE",
            "-i",
            "NONE",
            "-n",
            "-c",
            f"luafile {HERE / 'apply.lua'}",
            "-c",
            "qa!",
        ],
        env={**os.environ, "ROUNDTRIP": str(folder)},
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=600,
    )
    failures = (folder / "failures").read_text()
    if failures:
        print(f"{len(failures.splitlines())} applications raised an error", file=sys.stderr)
    return {
        encoding: [(folder / f"{index}.{encoding}").read_bytes() for index in range(len(cases))]
        for encoding in Encoding
    }


def report(name: str, cases: list[Case], texts: list[bytes], *, limits: bool) -> int:
    """Print how many are equal; how many that should be are not."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    wrong: list[int] = []
    for index, (case, text) in enumerate(zip(cases, texts, strict=True)):
        group = case.limit if limits else ""
        total[group] += 1
        right[group] += text == case.new
        if text != case.new and not group:
            wrong.append(index)
    print(f"{name}: {right['']} of {total['']} equal")
    for group in sorted(total.keys() - {""}):
        print(f"    {right[group]} of {total[group]} equal where {group}: {LIMITS[group]}")
    for index in wrong[:3]:
        print(
            f"    case {index}: {cases[index].old!r}\n      wanted {cases[index].new!r}\n      got    {texts[index]!r}"
        )
    return len(wrong)


def version(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )[0]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--nvim", action="append", default=[], metavar="PROGRAM")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    cases = [make(rng) for _ in range(options.count)]
    wrong = 0
    applied = [apply_text_edits(case.old, text_edits(case.old, case.new)) for case in cases]
    wrong += report("bytes", cases, applied, limits=False)
    for encoding in Encoding:
        wrong += report(f"own document, {encoding}", cases, [by_us(c, encoding) for c in cases], limits=False)
    with tempfile.TemporaryDirectory() as folder:
        node = by_node(cases, Path(folder))
    wrong += report("vscode-languageserver-textdocument, utf-16", cases, node, limits=False)
    for program in options.nvim:
        with tempfile.TemporaryDirectory() as folder:
            texts = by_neovim(program, cases, Path(folder))
        for encoding, written in texts.items():
            wrong += report(f"{version(program)}, {encoding}", cases, written, limits=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
