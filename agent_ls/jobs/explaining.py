"""Explanations, kept by the text they are about: prose never outlives what it describes."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
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
_FAILED_S = 5.0
_COLLECTED_S = 2.0
_ASK_AGAIN = "ask for it again to read it"


@final
@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be explained: a name for people, and a key that is another one for every other text or model.

    ``found``: where people find what was said.
    """

    name: str
    key: str
    found: str = "hover over it"


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
        self._failed: dict[str, float] = {}
        self._untold: dict[str, asyncio.TimerHandle] = {}

    def cached(self, subject: Subject) -> str:
        """What was said of exactly this, ``""`` where there is nothing."""
        with suppress(OSError, UnicodeDecodeError):
            return (self._folder / subject.key).read_text("utf-8")
        return ""

    async def explain(
        self, subject: Subject, request: ExplainRequest, *, refresh: bool, wait: bool
    ) -> Explanation:
        """The cached text, else it is asked for; ``refresh``: it is asked for in any case, and pending until then.

        Who asks again and again until it is there gets an empty one once after a failure, not a new request.

        Raises:
            ConfigError: it would cost money, and today's ceiling is reached.
            ModelError: it failed (with ``wait`` only).
        """
        key = subject.key
        task = self._under_way.get(key)
        if task is None:
            if not refresh and (known := self.cached(subject)):
                if (untold := self._untold.pop(key, None)) is not None:
                    untold.cancel()
                return Explanation(known)
            failed = self._failed.pop(key, None)
            if failed is not None and not (wait or refresh) and self._clock() - failed < _FAILED_S:
                return Explanation()
            if over := self._day_is_over():
                raise ConfigError(over, remedy="Raise day_usd in config.toml, or ask tomorrow")
            noted = replace(request, wire_dir=str(self._wire / self._day()))
            task = self._under_way[key] = asyncio.create_task(self._fetch(key, noted))
            task.add_done_callback(lambda done: self._settled(subject, done))
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
        for work in (*self._under_way.values(), *self._untold.values()):
            work.cancel()

    async def _fetch(self, key: str, request: ExplainRequest) -> str:
        markdown = await self._runner.explain(request)
        with suppress(OSError):  # without a cache it is asked for again, no more
            self._keep(key, markdown)
        return markdown

    def _settled(self, subject: Subject, task: asyncio.Task[str]) -> None:
        """Say how it ended, unless somebody waits for it anyway."""
        key = subject.key
        self._under_way.pop(key, None)
        waited = key in self._waited
        self._waited.discard(key)
        if task.cancelled():
            return
        error = task.exception()
        if waited:
            return
        if isinstance(error, AgentLsError):
            self._failed[key] = self._clock()
            self._port.notice(error.sentence(), "warning")
        elif error is None:  # whoever looks again and again has it in a moment, and needs no notice
            loop = asyncio.get_running_loop()
            self._untold[key] = loop.call_later(_COLLECTED_S, self._tell, subject)

    def _tell(self, subject: Subject) -> None:
        self._untold.pop(subject.key, None)
        self._port.notice(f"The explanation of {subject.name} is ready: {subject.found}.")

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


def subject_of(here: Here, model: str) -> Subject:
    """The selection, else the definition around the place, else the lines about it.

    What is around a selection belongs to what is explained.
    """
    at = here.site.span
    window = here.text[max(0, at.start - _WINDOW) : at.end + _WINDOW]
    begin = min(at.start, _WINDOW)  # near a text's beginning many places have one window
    around = here.around
    if not at.empty:
        key = _key(model, here.site.path, f"{begin}\0{at.end - at.start}", window)
        return Subject("the selection", key, _ASK_AGAIN)
    if around is None:
        name = here.name or f"{begin}\0"
        return Subject(here.name or "this place", _key(model, here.site.path, name, window))
    own = here.text[around.span.start : around.span.end]
    return Subject(around.name, _key(model, here.site.path, around.path, own))


def folder_subject(folder: str, skeleton: bytes, model: str) -> Subject:
    """A folder by what it holds; ``""``: the workspace."""
    name = f"{folder}/" if folder else "this repository"
    return Subject(name, _key(model, f"{folder}/", "", skeleton), _ASK_AGAIN)


def _key(model: str, path: str, name: str, text: bytes) -> str:
    return content_hash(f"{model}\0{path}\0{name}\0".encode() + text)
