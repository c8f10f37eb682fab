"""Runs the tests in tests/ on the real code, which must pass, and on mutants, each of which must fail."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

MODULE = 'spans.py'
MUTANTS = [('in sorted(spans)', 'in spans'), ('start > end', 'start > end + 1'), ('        if start == end:\n            continue\n', ''), ('start <= merged', 'start < merged'), ('max(merged[-1][1], end)', 'end'), ('first > start', 'first >= start'), ('min(first, end)', 'first'), ('max(start, last)', 'last'), ('start >= end', 'start > end')]


def passes(source):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(".", f"{folder}/p", ignore=shutil.ignore_patterns("judge.py", "__pycache__"))
        pathlib.Path(folder, "p", MODULE).write_text(source)
        argv = [sys.executable, "-m", "unittest", "discover", "-s", "tests", "-t", "."]
        done = subprocess.run(argv, cwd=f"{folder}/p", capture_output=True, text=True)
        return done.returncode == 0 and "Ran 0 tests" not in done.stderr, done.stderr


real = ORIGINAL = 'def merge(spans):\n    """Half-open spans (start, end), sorted, with those that touch or overlap made one. Empty spans are dropped."""\n    merged = []\n    for start, end in sorted(spans):\n        if start > end:\n            raise ValueError((start, end))\n        if start == end:\n            continue\n        if merged and start <= merged[-1][1]:\n            merged[-1] = (merged[-1][0], max(merged[-1][1], end))\n        else:\n            merged.append((start, end))\n    return merged\n\n\ndef gaps(spans, start, end):\n    """What of [start, end) the spans leave free."""\n    free = []\n    for first, last in merge(spans):\n        if first > start:\n            free.append((start, min(first, end)))\n        start = max(start, last)\n        if start >= end:\n            return free\n    free.append((start, end))\n    return free\n'
good, said = passes(real)
if not good:
    sys.exit(f"the tests fail on the code as it is:\n{said}")
for old, new in MUTANTS:
    assert real.count(old) == 1, old
    if passes(real.replace(old, new))[0]:
        sys.exit(f"the tests do not notice that {old!r} became {new!r}")
