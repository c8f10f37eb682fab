"""The composition root: every object that lives as long as the process is built here, by hand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_ls.faces.lsp.registry import Features
    from agent_ls.faces.lsp.session import ServerContext


def run(argv: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    from agent_ls.faces.cli.main import main  # noqa: PLC0415  (only what the command needs is imported)

    return main(argv, serve=serve)


def serve(*, tcp: str | None = None, debug: bool = False, log_file: Path | None = None) -> int:
    """Serve one editor; returns the exit code.

    ``tcp``: ``HOST:PORT`` instead of stdio. Features are imported and built only after the answer to ``initialize`` went out.
    """
    from agent_ls.faces.lsp.offers import CAPABILITIES  # noqa: PLC0415
    from agent_ls.faces.lsp.server import serve as serve_edge  # noqa: PLC0415

    def build(context: ServerContext) -> Features:
        from agent_ls.faces.lsp.features.build import build as build_features  # noqa: PLC0415
        from agent_ls.workspace.state import state_dirs  # noqa: PLC0415

        return build_features(context, state_dirs(os.environ), os.environ)

    from agent_ls.faces.lsp.tcp import Address  # noqa: PLC0415

    address = Address.parse(tcp) if tcp is not None else None
    return serve_edge(build, offers=CAPABILITIES, tcp=address, debug=debug, log_file=log_file)
