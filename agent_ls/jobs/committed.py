"""Which lines of a text of now are not in git's HEAD yet: answered from memory, git is asked behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.core.diff import line_hunks
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.jobs.shifting import Lines
from agent_ls.workspace.head import Repository, head_text, repository

_log = logging.getLogger(__name__)
_KEPT = 64


@final
@dataclass(frozen=True, slots=True)
class _Held:
    """What HEAD held of a file when its stamp was this; ``text`` is ``None`` where it held nothing."""

    stamp: Hashable
    text: bytes | None


@final
class Committed:
    """What HEAD holds of the files that were asked about, one at a time behind the request path."""

    def __init__(self, root: Path, environ: Mapping[str, str], news: Callable[[], None]) -> None:
        """``news`` hears that an answer would be another one now."""
        self._root = root
        self._environ = environ
        self._news = news
        self._repository: Repository | None = repository(root)
        self._held: dict[RelPath, _Held] = {}
        self._asked: dict[RelPath, asyncio.Task[None]] = {}

    @property
    def possible(self) -> bool:
        """Whether there is a repository at all."""
        return self._repository is not None

    def fresh_lines(self, path: RelPath, text: bytes) -> list[Lines] | None:
        """The lines of a text that HEAD does not have, ascending; ``None``: not known yet, `news` will tell.

        While git is asked again, after a commit, the answer is the one of before. Cost: a few looks at
        files, and a line diff. Without a repository nothing is ever committed.
        """
        if self._repository is None:
            return [(0, len(text.splitlines()))]
        stamp = self._repository.stamp()
        held = self._held.get(path)
        if (held is None or held.stamp != stamp) and path not in self._asked:
            task = asyncio.get_running_loop().create_task(self._ask(path, stamp))
            self._asked[path] = task
            task.add_done_callback(lambda _done: self._asked.pop(path, None))
        if held is None:
            return None
        if held.text is None:
            return [(0, len(text.splitlines()))]
        then, now = _one_line_end(held.text), _one_line_end(text)
        return [(part.new_start, part.new_end) for part in line_hunks(then, now)]

    async def close(self) -> None:
        """End what is still asked."""
        for task in tuple(self._asked.values()):
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _ask(self, path: RelPath, stamp: Hashable) -> None:
        try:
            text = await head_text(self._root, path, self._environ)
        except WorkspaceError as error:
            _log.info("HEAD was not read: %s", error.sentence())
            text = None
        before = self._held.pop(path, None)
        while len(self._held) >= _KEPT:
            del self._held[next(iter(self._held))]
        self._held[path] = _Held(stamp, text)
        if before is None or before.text != text:
            self._news()


def _one_line_end(text: bytes) -> bytes:
    """Git may keep a text with other line ends than the working tree has; the lines stay as many."""
    return text.replace(b"\r\n", b"\n")
