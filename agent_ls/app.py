"""The composition root: every object that lives as long as the process is built here, by hand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_ls.faces.lsp.server import Address, Features, ServerContext


def run(argv: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    from agent_ls.faces.cli.main import main  # noqa: PLC0415  (only what the command needs is imported)

    return main(argv, serve=serve)


def serve(*, tcp: Address | None = None, debug: bool = False, log_file: Path | None = None) -> int:
    """Serve one editor; returns the exit code.

    Features are imported and built only after the answer to ``initialize`` went out.
    """
    from agent_ls.faces.lsp.offers import CAPABILITIES  # noqa: PLC0415
    from agent_ls.faces.lsp.server import serve as serve_edge  # noqa: PLC0415

    def build(context: ServerContext) -> Features:
        from agent_ls.faces.lsp.features.build import build as build_features  # noqa: PLC0415
        from agent_ls.workspace.state import state_dirs  # noqa: PLC0415

        return build_features(context, state_dirs(os.environ), os.environ)

    return serve_edge(build, offers=CAPABILITIES, tcp=tcp, debug=debug, log_file=log_file)
