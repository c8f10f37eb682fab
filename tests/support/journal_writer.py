"""Appends to a journal until it is killed: ``python -m tests.support.journal_writer PATH``."""

from __future__ import annotations

import sys
from pathlib import Path

from agent_ls.jobs.journal import Journal
from agent_ls.jobs.records import Told


def main() -> None:
    journal, _ = Journal.open(Path(sys.argv[1]))
    print("ready", flush=True)
    for number in range(1_000_000):
        journal.append(Told("x" * (number * 37 % 5000)), float(number))


if __name__ == "__main__":
    main()
