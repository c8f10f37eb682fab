"""Runs a file of the draft in the scratch tree; what it writes is taken into the draft."""

from __future__ import annotations

from typing import final

from agent_ls.agent.engine import run_on, take
from agent_ls.agent.ground import Ground
from agent_ls.agent.link import Link
from agent_ls.agent.resources import Resources
from agent_ls.core.job import JobState
from agent_ls.core.paths import RelPath
from agent_ls.verify.engine import EngineResult
from agent_ls.verify.running import refusal
from agent_ls.verify.sandbox import NoSandbox
from agent_ls.workspace.overlay import Overlay

_LONGEST_S = 120.0


@final
class DraftScripts:
    """`bench.Scripts` for one attempt: the same scratch tree, sandbox and trust as checks have."""

    def __init__(self, ground: Ground, link: Link, resources: Resources) -> None:
        self._ground = ground
        self._link = link
        self._resources = resources

    async def run(self, draft: Overlay, interpreter: str, path: RelPath) -> EngineResult:
        """See `bench.Scripts`."""
        request = self._ground.request
        if not request.trusted:  # before anything is looked for: an untrusted folder runs not even a probe
            no = refusal(NoSandbox("not looked for", ""), trusted=False, allow_unsandboxed=False)
            assert no is not None  # noqa: S101 - nothing untrusted is ever let through
            raise no
        self._link.progress(f"running {path}", JobState.CHECKING)
        timeout_s = min(request.check_timeout_s, _LONGEST_S)
        result = await run_on(draft, (interpreter, path), self._ground, self._resources, timeout_s=timeout_s)
        take(draft, result.changes)
        self._link.progress("going on")
        return result
