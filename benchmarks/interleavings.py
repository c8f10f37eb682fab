"""Typing and planning, interleaved at random: no keystroke may be lost, doubled or brought back.

    python -m benchmarks.interleavings [--count 100000] [--first SEED]

One interleaving is a life of two files: a typist (inside, beside and away from what is planned;
deleting, undoing, converting line ends) and a planner whose plans are applied, applied in parts and
undone, all through the functions that land real plans. Every word is unique, so that what must be
there after each step can be counted:

- a landing leaves every word of the text of now, but those that the plan itself was shown and removed;
- nothing is there twice; what a plan adds is there once; a clash changes nothing in its file;
- undo right after apply gives the same bytes, and later it keeps what was typed since.

A failure prints its seed: ``--first SEED --count 1`` plays it again.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping

from agent_ls.core.diff import line_hunks, text_edits
from agent_ls.core.edits import ChangeSet, FileChange, apply_changes, apply_text_edits
from agent_ls.core.hunks import hunks
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.jobs import landing
from agent_ls.jobs.landing import Step

WORD = re.compile(rb"<[^<>]*>")
PATHS = (rel_path("a.py"), rel_path("b.py"))
OTHER = rel_path("c.py")
STEPS = 12


class LostError(AssertionError):
    """A word is not where it must be."""


class Life:
    """One interleaving, decided by its seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.words = 0
        self.steps: Counter[str] = Counter()
        self.texts: dict[RelPath, bytes] = {path: self._file() for path in PATHS}
        self.former: list[dict[RelPath, bytes]] = []
        self.pending = ChangeSet()
        self.applied: tuple[ChangeSet, ...] = ()

    def run(self) -> None:
        acts = [self.type, self.type, self.type, self.delete, self.typist_undoes, self.converts]
        acts += [self.plan, self.plan, self.apply, self.apply, self.apply_some, self.undo]
        self.plan()
        for _ in range(STEPS):
            act = self.random.choice(acts)
            act()
            self.steps[act.__name__] += 1

    # --- the typist ---------------------------------------------------------------------

    def type(self) -> None:
        """A word into a line, as a line of its own, or in place of a line's end."""
        path, lines = self._open()
        at = self._line(path, lines)
        if at < len(lines) and self.random.random() < 0.5:
            cuts = [match.start() for match in WORD.finditer(lines[at])] + [len(lines[at].rstrip(b"\r\n"))]
            cut = self.random.choice(cuts)
            lines[at] = lines[at][:cut] + self._word(b"k") + lines[at][cut:]
        else:
            lines.insert(at, self._word(b"k") + self._end(lines))
        self._write(path, lines)

    def delete(self) -> None:
        """A line, or a word of one."""
        path, lines = self._open()
        at = self._line(path, lines)
        if at < len(lines):
            words = WORD.findall(lines[at])
            if words and self.random.random() < 0.5:
                lines[at] = lines[at].replace(self.random.choice(words), b"", 1)
            else:
                del lines[at]
            self._write(path, lines)

    def typist_undoes(self) -> None:
        if self.former:
            self.texts = self.former.pop()

    def converts(self) -> None:
        """The editor writes the file with other line ends."""
        if self.random.random() < 0.3:
            path, lines = self._open()
            new = b"\r\n" if self._end(lines) == b"\n" else b"\n"
            self._write(path, [line.rstrip(b"\r\n") + new for line in lines])

    # --- the planner --------------------------------------------------------------------

    def plan(self) -> None:
        """A new plan from the texts of now; the last one is forgotten, what landed of it stays."""
        changes: list[FileChange] = []
        for path, text in self.texts.items():
            if self.random.random() < 0.3:
                continue
            after = self._edited(text)
            fate = self.random.random()
            if fate < 0.05:
                changes.append(FileChange(path, text, None))
            elif fate < 0.15 and OTHER not in self.texts and all(c.path != OTHER for c in changes):
                changes.append(FileChange(OTHER, text, after, moved_from=path))
            elif after != text:
                changes.append(FileChange(path, text, after))
        self.pending, self.applied = ChangeSet.of(changes), ()

    def apply(self) -> None:
        self._apply(None, None)

    def apply_some(self) -> None:
        """Some files or some hunks of what is pending."""
        if self.random.random() < 0.4:
            self._apply([path for path in self.pending.paths if self.random.random() < 0.5], None)
        else:
            self._apply(None, [hunk.id for hunk in hunks(self.pending) if self.random.random() < 0.5])

    def undo(self) -> None:
        if self.applied:
            now = dict(self.texts)
            step = landing.plan_undo(self.applied, landing.texts_of(self._paths(), self.texts.get))
            self._land(step, [change for landed in self.applied for change in landed.inverted()])
            if not step.conflicts:
                self.applied = ()
                self._note("undone, later edits kept" if step.moved else "undone")
            else:
                self.applied = landing.still_applied(self.applied, step, ())
                self._same(now, step)

    def _apply(self, files: list[RelPath] | None, chosen: list[str] | None) -> None:
        if not self.pending:
            return
        now = dict(self.texts)
        paths = self.pending.paths
        step = landing.plan_apply(self.pending, landing.texts_of(paths, self.texts.get), files, chosen)
        self._land(step, list(step.chosen))
        self._same(now, step)
        self.pending = landing.remaining(self.pending, step, ())
        if not step.changes:
            return
        self._note("landed, moved" if step.moved else "landed")
        self.applied = (*self.applied, step.changes)
        back = landing.plan_undo([step.changes], landing.texts_of(self._paths(), self.texts.get))
        if back.conflicts or apply_changes(self.texts, back.changes) != now:
            raise LostError("undo right after apply does not give the same bytes")

    def _land(self, step: Step, meant: list[FileChange]) -> None:
        """Write a step as an editor would, and count the words."""
        for change in step.changes:
            if self.texts.get(change.source) != change.before:
                raise LostError(f"{change.path}: the step is not against the text of now")
            if change.before is not None and change.after is not None:
                edits = text_edits(change.before, change.after)
                if apply_text_edits(change.before, edits) != change.after:
                    raise LostError(f"{change.path}: the edits do not give the text")
        after = apply_changes(self.texts, step.changes)
        _count(self.texts, after, meant)
        self._remember()
        self.texts = after

    def _same(self, before: dict[RelPath, bytes], step: Step) -> None:
        for path in step.left_out:
            if before.get(path) != self.texts.get(path):
                raise LostError(f"{path} clashes and was changed")
        self.steps["clash"] += bool(step.conflicts)

    # --- texts --------------------------------------------------------------------------

    def _paths(self) -> set[RelPath]:
        return {path for landed in self.applied for path in landed.paths} | set(self.texts) | {OTHER}

    def _note(self, what: str) -> None:
        self.steps[what] += 1

    def _word(self, kind: bytes) -> bytes:
        self.words += 1
        return b"<%s%d%s>" % (kind, self.words, self.random.choice([b"", b"", "🙂".encode(), "é".encode()]))

    def _file(self) -> bytes:
        end = self.random.choice([b"\n", b"\n", b"\r\n"])
        lines = [self._text_line() + end for _ in range(self.random.randint(0, 12))]
        text = b"".join(lines)
        return text if self.random.random() < 0.8 else text.removesuffix(end)

    def _text_line(self) -> bytes:
        """Mostly words; also lines that are the same everywhere, over which a diff may slide."""
        if self.random.random() < 0.3:
            return self.random.choice([b"", b"}", b"    pass"])
        return b"".join(self._word(b"w") for _ in range(self.random.randint(1, 3)))

    def _edited(self, text: bytes) -> bytes:
        lines = text.splitlines(keepends=True)
        end = self._end(lines)
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randint(0, len(lines))
            last = min(len(lines), at + self.random.randint(0, 2))
            lines[at:last] = [self._plan_line() + end for _ in range(self.random.randint(0, 2))]
        return b"".join(lines)

    def _plan_line(self) -> bytes:
        return (
            self._word(b"p") if self.random.random() < 0.8 else self.random.choice([b"", b"}", b"    pass"])
        )

    def _open(self) -> tuple[RelPath, list[bytes]]:
        path = self.random.choice(sorted(self.texts) or list(PATHS))
        return path, self.texts.get(path, b"").splitlines(keepends=True)

    def _line(self, path: RelPath, lines: list[bytes]) -> int:
        """A line in, beside or away from what is planned."""
        planned = [c for c in self.pending if c.source == path and c.before and c.after]
        if planned and self.random.random() < 0.7:
            changed = line_hunks(planned[0].before or b"", planned[0].after or b"")
            if changed:
                hunk = self.random.choice(changed)
                at = self.random.randint(hunk.old_start - 1, hunk.old_end + 1)
                return min(max(at, 0), len(lines))
        return self.random.randint(0, len(lines))

    def _end(self, lines: list[bytes]) -> bytes:
        return b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"

    def _write(self, path: RelPath, lines: list[bytes]) -> None:
        end = self._end(lines)
        whole = [line if line.endswith(b"\n") else line + end for line in lines[:-1]]
        self._remember()
        self.texts = {**self.texts, path: b"".join([*whole, *lines[-1:]])}

    def _remember(self) -> None:
        self.former = [*self.former[-3:], dict(self.texts)]


def _words(texts: Iterable[bytes | None]) -> Counter[bytes]:
    return Counter(word for text in texts for word in WORD.findall(text or b""))


def _count(before: Mapping[RelPath, bytes], after: Mapping[RelPath, bytes], meant: list[FileChange]) -> None:
    """The words before and after a landing, for what the plan meant: over all files, since files move."""
    now, then = _words(before.values()), _words(after.values())
    removed: Counter[bytes] = Counter()
    added: Counter[bytes] = Counter()
    asked: Counter[bytes] = Counter()
    for plan in meant:
        old, new = _words([plan.before]), _words([plan.after])
        removed += old - new
        added += new - old
        # One hunk of a moved line chosen without the other: the plan itself has it twice, or never.
        asked |= new
    for what, words in (("lost", now - then - removed), ("brought back", then - now - added)):
        if words:
            raise LostError(f"{what} {b' '.join(words).decode()}")
    twice = [word for word, count in then.items() if count > max(1, now[word], asked[word])]
    if twice:
        raise LostError(f"doubled {b' '.join(twice).decode()}")


def play(first: int, count: int) -> Counter[str]:
    """Play interleavings; how often each thing happened.

    Raises:
        LostError: with the seed.
    """
    happened: Counter[str] = Counter()
    for seed in range(first, first + count):
        life = Life(seed)
        try:
            life.run()
        except Exception as error:
            error.add_note(f"interleaving {seed}")
            raise
        happened += life.steps
    return happened


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    options = parser.parse_args()
    started = time.process_time()
    happened = play(options.first, options.count)
    print(f"{options.count} interleavings, {sum(happened.values())} steps, nothing lost")
    for name, times in sorted(happened.items()):
        print(f"{times:9}  {name}")
    print(f"{time.process_time() - started:.0f} s CPU")
    return 0


if __name__ == "__main__":
    sys.exit(main())
