"""``explain``, ``context``, ``index``: what the code says."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Final

from agent_ls.faces.cli.disk import DiskPort
from agent_ls.faces.cli.session import Place, opened, site_at
from agent_ls.faces.cli.work import task_text
from agent_ls.index.context import context as find_context
from agent_ls.index.report import IndexReport

_SHOWN_FILES: Final = 20


async def explain(here: Place, options: Namespace) -> int:
    """What the symbol at a place, or a folder, is for, in the model's words."""
    folder = _folder(here.root, options.place)
    site = site_at(here.root, options.place)[0] if folder is None else None
    async with opened(here) as service:
        await service.indexer.refresh()
        if site is not None:
            told = await service.explain(site, refresh=options.again, wait=True)
        else:
            told = await service.explain_folder(folder or "", refresh=options.again, wait=True)
    if options.json:
        sys.stdout.write(json.dumps({"markdown": told.markdown}) + "\n")
    else:
        here.out.line(told.markdown)
    return 0


def _folder(root: Path, place: str) -> str | None:
    """The folder that a place names, relative to the root and ``""`` for the root itself; ``None``: it names none."""
    below = (root / place).resolve()
    if not below.is_dir() or not below.is_relative_to(root.resolve()):
        return None
    relative = below.relative_to(root.resolve()).as_posix()
    return "" if relative == "." else relative


async def context(here: Place, options: Namespace) -> int:
    """The files and definitions that a task needs, within a budget of tokens."""
    task = task_text(options.task)
    site = site_at(here.root, options.at)[0] if options.at else None
    async with opened(here) as service:
        await service.indexer.refresh()
        started = time.perf_counter()
        found = find_context(service.index, DiskPort(here.root).read, task, site, options.budget)
        elapsed_ms = (time.perf_counter() - started) * 1000
    if options.json:
        sys.stdout.write(json.dumps(found.to_json(budget=options.budget, elapsed_ms=elapsed_ms)) + "\n")
        return 0
    for file in found.files[:_SHOWN_FILES]:
        here.out.line(f"{file.score:8.3f}  {file.path}  ({', '.join(file.why)})")
    here.out.line()
    for span in found.spans:
        name = f"  {span.symbol}" if span.symbol else ""
        here.out.line(f"{span.path}:{span.start_line}-{span.end_line}{name}  {span.tokens} tokens")
    here.err.line(f"{found.used_tokens} of {options.budget} tokens, {elapsed_ms:.0f} ms", "dim")
    return 0


async def index(here: Place, options: Namespace) -> int:
    """Bring the index up to date and say what it holds."""
    async with opened(here) as service:
        report = await service.indexer.refresh(rebuild=options.rebuild)
    if options.json:
        sys.stdout.write(json.dumps(report.to_json()) + "\n")
    else:
        for line in index_lines(report):
            here.out.line(line)
    return 0


def index_lines(report: IndexReport) -> list[str]:
    """The report for people."""
    languages = ", ".join(
        f"{name} {count}" for name, count in sorted(report.languages.items(), key=lambda x: -x[1])
    )
    lines = [
        f"{report.files} files, {report.lines} lines, {report.symbols} symbols, {report.references} references",
        f"languages: {languages or 'none that are known'}",
        f"parsed {report.parsed}, reused {report.reused}; {report.wall_s:.2f} s, {report.cpu_s:.2f} CPU s",
        f"peak {report.peak_rss_mb:.0f} MB, store {report.db_mb:.1f} MB",
    ]
    if report.skipped:
        lines.append(
            "left out: " + ", ".join(f"{reason} {count}" for reason, count in sorted(report.skipped.items()))
        )
    if report.busy:
        lines.append("another process keeps this index; nothing was done here")
    return lines
