"""From an intent to the value an attempt starts from: unsaved texts, ceilings, models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agent_ls.core.attempt import AttemptRequest, ModelChoice
from agent_ls.core.job import Budget, Intent, JobId
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Settings
from agent_ls.jobs.port import Buffer
from agent_ls.workspace.blobs import BlobStore

_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "AGENT_LS_SCRIPT")


def attempt_request(
    job: JobId,
    intent: Intent,
    *,
    root: Path,
    folder: Path,
    index_db: Path,
    buffers: Mapping[RelPath, Buffer],
    settings: Settings,
    environ: Mapping[str, str],
    trusted: bool,
) -> AttemptRequest:
    """Everything the attempt needs. Unsaved texts go into the job's blobs (``folder``/blobs)."""
    blobs = BlobStore(folder / "blobs")
    budgets = settings.budgets
    return AttemptRequest(
        job=job,
        intent=intent,
        root=str(root),
        job_dir=str(folder),
        index_db=str(index_db),
        buffers={path: blobs.put(buffer.data) for path, buffer in buffers.items() if not buffer.saved},
        budget=Budget(budgets.attempt_usd, budgets.attempt_turns, budgets.attempt_minutes * 60),
        models=model_choice(settings, environ),
        checks=intent.checks or settings.checks.commands,
        measures=intent.measures or settings.checks.measures,
        check_timeout_s=settings.checks.timeout_s,
        trusted=trusted,
        allow_unsandboxed=settings.checks.allow_unsandboxed,
        answer_wait_s=settings.jobs.answer_minutes * 60,
    )


def model_choice(settings: Settings, environ: Mapping[str, str]) -> ModelChoice:
    """Model ids by tier; ``AGENT_LS_MODEL`` wins for the work tier, empty tiers fall back to it."""
    models = settings.models
    work = environ.get("AGENT_LS_MODEL", "") or models.work
    return ModelChoice(
        work,
        models.explain or work,
        models.escalate or work,
        models.max_tokens,
        models.idle_timeout_s,
        models.patience_minutes * 60,
    )


def model_configured(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether there is anyone to ask: a key, a local server's address, or a script."""
    return bool(
        settings.models.api_key_command or settings.models.base_url or any(environ.get(key) for key in _KEYS)
    )
