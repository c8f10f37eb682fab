"""What outlives one attempt inside the worker: the way to a model, the search child, the prices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, final

from agent_ls.agent.key_command import key_from_command
from agent_ls.agent.search import SearchProcess
from agent_ls.core.attempt import ModelChoice
from agent_ls.core.errors import ConfigError
from agent_ls.core.job import Usage
from agent_ls.model.choose import choose
from agent_ls.model.configured import SourceKind, configured
from agent_ls.model.prices import Prices, load_prices
from agent_ls.model.protocol import Model
from agent_ls.workspace.state import StateDirs, private_dir, state_dirs

if TYPE_CHECKING:
    from agent_ls.model.claude import Wire


@final
class Resources:
    """Built once per worker; each thing is made when an attempt first needs it."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        model: Callable[[Wire | None], Model] | None = None,
        dirs: StateDirs | None = None,
    ) -> None:
        self.environ = dict(environ)
        self.dirs = dirs or state_dirs(environ)
        self._make = model
        self._search: SearchProcess | None = None
        self._prices: Prices | None = None
        self._asking = asyncio.Lock()
        self._key = ""  # not in `environ`, which children get

    async def model(self, root: Path, choice: ModelChoice, wire: Wire | None = None) -> Model:
        """A model of its own for one attempt, because each attempt has its own log; the caller closes it.

        ``root``: the workspace. The first model may have to wait for the user's command for the key.

        Raises:
            ConfigError: none is configured, or the command gives no key.
        """
        if self._make:
            return self._make(wire)
        async with self._asking:  # several attempts begin at once; a person is asked once
            if not self._key and configured(self.environ).kind is not SourceKind.SCRIPT:
                self._key = await key_from_command(
                    self.environ, outside=root, cwd=private_dir(self.dirs.base)
                )
        environ = {**self.environ, "ANTHROPIC_API_KEY": self._key} if self._key else self.environ
        return choose(environ, idle_s=choice.idle_s, wire=wire)

    def search(self) -> SearchProcess:
        if self._search is None:
            self._search = SearchProcess(self.environ, private_dir(self.dirs.base))
        return self._search

    def cost_usd(self, model: str, usage: Usage) -> float | None:
        """What a turn cost; ``None`` where nothing was paid (a script) or no price is known."""
        if configured(self.environ).kind is SourceKind.SCRIPT:
            return None
        if self._prices is None:
            self._prices = _prices(self.dirs.config)
        return self._prices.cost_usd(model, usage)

    async def close(self) -> None:
        if self._search is not None:
            await self._search.close()


def _prices(config: Path) -> Prices:
    try:
        return load_prices(config)
    except ConfigError:
        return load_prices()  # doctor tells of the broken file; an attempt goes on with shipped prices
