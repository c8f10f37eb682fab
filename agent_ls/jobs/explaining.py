"""Explanations, kept by the text they are about: prose never outlives what it describes."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, final

from agent_ls.core.attempt import ExplainRequest
from agent_ls.core.errors import AgentLsError, ConfigError
from agent_ls.core.text import content_hash
from agent_ls.jobs.place import Here
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.runner import Runner
from agent_ls.jobs.views import Explanation
from agent_ls.jobs.wirelog import read_wire_log
from agent_ls.workspace.state import private_dir

_KEPT = 500
_WINDOW = 2000


@final
class Explainer:
    """Cached explanations of one workspace, and those on their way."""

    def __init__(
        self,
        folder: Path,
        runner: Runner,
        port: EditorPort,
        *,
        day_is_over: Callable[[], str],
        clock: Callable[[], float],
    ) -> None:
        """``day_is_over``: a sentence where today's ceiling is reached, else ``""``."""
        self._folder = folder
        self._wire = folder.with_name(f"{folder.name}-wire")
        self._runner = runner
        self._port = port
        self._day_is_over = day_is_over
        self._clock = clock
        self._under_way: dict[str, asyncio.Task[str]] = {}
        self._waited: set[str] = set()

    def cached(self, here: Here, model: str) -> str:
        """The explanation of the text at a place as it is now, ``""`` where there is none."""
        with suppress(OSError, UnicodeDecodeError):
            return (self._folder / _key(here, model)).read_text("utf-8")
        return ""

    async def explain(self, here: Here, request: ExplainRequest, *, refresh: bool, wait: bool) -> Explanation:
        """The cached text, else it is asked for.

        Raises:
            ConfigError: it would cost money, and today's ceiling is reached.
            ModelError: it failed (with ``wait`` only).
        """
        model = request.models.explain
        known = "" if refresh else self.cached(here, model)
        if known:
            return Explanation(known)
        key = _key(here, model)
        task = self._under_way.get(key)
        if task is None:
            if over := self._day_is_over():
                raise ConfigError(over, remedy="Raise day_usd in config.toml, or ask tomorrow")
            noted = replace(request, wire_dir=str(self._wire / self._day()))
            task = self._under_way[key] = asyncio.create_task(self._fetch(key, noted))
            name = here.around.name if here.around is not None else here.name
            task.add_done_callback(lambda done: self._settled(key, name, done))
        if wait:
            self._waited.add(key)
            return Explanation(await asyncio.shield(task))
        return Explanation(pending=True)

    def wire_log(self) -> Iterator[dict[str, Any]]:
        """Every byte that explanations sent and received, oldest day first, as of a job."""
        for day in self._days():
            yield from read_wire_log(day)

    def forget(self, before: float) -> None:
        """Delete what was sent and received on days before a time (seconds since the epoch)."""
        for day in self._days():
            if day.name < _date(before):
                shutil.rmtree(day, ignore_errors=True)

    def _day(self) -> str:
        return _date(self._clock())

    def _days(self) -> list[Path]:
        try:
            return sorted(self._wire.iterdir())
        except OSError:
            return []

    async def close(self) -> None:
        for task in tuple(self._under_way.values()):
            task.cancel()

    async def _fetch(self, key: str, request: ExplainRequest) -> str:
        markdown = await self._runner.explain(request)
        with suppress(OSError):  # without a cache it is asked for again, no more
            self._keep(key, markdown)
        return markdown

    def _settled(self, key: str, name: str, task: asyncio.Task[str]) -> None:
        """Say how it ended, unless somebody waits for it anyway."""
        self._under_way.pop(key, None)
        waited = key in self._waited
        self._waited.discard(key)
        if task.cancelled():
            return
        error = task.exception()
        if waited:
            return
        if isinstance(error, AgentLsError):
            self._port.notice(error.sentence(), "warning")
        elif error is None:
            self._port.notice(f"The explanation of {name or 'this place'} is ready: hover over it.")

    def _keep(self, key: str, markdown: str) -> None:
        private_dir(self._folder)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(markdown)
        Path(name).replace(self._folder / key)
        kept = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in kept[_KEPT:]:
            old.unlink(missing_ok=True)


def _date(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at))


def _key(here: Here, model: str) -> str:
    """Names the text that is explained: the definition around the place, else the lines about it."""
    if here.around is not None:
        span = here.around.span
        own = here.text[span.start : span.end]
        name = here.around.path
    else:
        at = here.site.span
        own = here.text[max(0, at.start - _WINDOW) : at.end + _WINDOW]
        name = here.name
    return content_hash(f"{model}\0{here.site.path}\0{name}\0".encode() + own)
