"""Where the attempts of this user run: on this machine, unless their own config.toml names a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agent_ls.core.settings import Cluster
from agent_ls.jobs.runner import Listener, LocalRunner

if TYPE_CHECKING:
    from agent_ls.jobs.cluster.runner import DaskRunner


def choose_runner(
    cluster: Cluster, *, module: str, environ: Mapping[str, str], folder: Path, listener: Listener
) -> LocalRunner | DaskRunner:
    """The runner; nothing is started or connected before the first attempt."""
    local = LocalRunner(module=module, environ=environ, folder=folder, listener=listener)
    if not cluster.scheduler:
        return local
    from agent_ls.jobs.cluster.runner import DaskRunner  # noqa: PLC0415 - only those who have one pay for it

    return DaskRunner(cluster, module=module, environ=environ, listener=listener, local=local)
