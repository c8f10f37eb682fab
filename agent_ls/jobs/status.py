"""How a workspace stands, in the words of ``agentLs.status``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from agent_ls.core.settings import Settings
from agent_ls.index.query import Index
from agent_ls.jobs.requests import model_choice, model_configured
from agent_ls.jobs.views import JobView


def status_wire(
    settings: Settings,
    environ: Mapping[str, str],
    jobs: Iterable[JobView],
    *,
    index: Index,
    trust_doubt: str,
    spent_usd: float,
    worker_pid: int | None,
) -> dict[str, Any]:
    """All of it, for one workspace folder. ``trust_doubt``: why it is not trusted, ``""`` where it is."""
    return {
        "model": model_wire(settings, environ),
        "trusted": not trust_doubt,
        "trustDoubt": trust_doubt,
        "jobs": jobs_wire(jobs),
        "spentTodayUsd": round(spent_usd, 4),
        "dayCeilingUsd": settings.budgets.day_usd,
        "workerPid": worker_pid,
        "index": index_wire(index),
    }


def model_wire(settings: Settings, environ: Mapping[str, str]) -> dict[str, Any]:
    """Who would be asked. Keys are never among it."""
    models = model_choice(settings, environ)
    return {
        "configured": model_configured(settings, environ),
        "scripted": bool(environ.get("AGENT_LS_SCRIPT")),
        "work": models.work,
        "explain": models.explain,
    }


def jobs_wire(jobs: Iterable[JobView]) -> dict[str, int]:
    """How many jobs there are in which state."""
    return dict(Counter(view.state.value for view in jobs))


def index_wire(index: Index) -> dict[str, Any]:
    """What the index holds, how far it is, and what it leaves out (see `IndexStatus`)."""
    status = index.status()
    return {
        "files": status.files,
        "symbols": status.symbols,
        "building": status.building,
        "done": status.done,
        "total": status.total,
        "named": status.named,
        "skipped": dict(status.skipped),
    }
