"""From what a model writes as a path to a file of the draft, with words that help where it fails."""

from __future__ import annotations

import difflib
from pathlib import PurePosixPath

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.spec import ToolRefusedError
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.core.text import decode

_FOLDER_LISTING = 60


def existing(bench: Bench, text: str) -> tuple[RelPath, bytes]:
    """The file that the model names, with its bytes in this turn's draft.

    Raises:
        WorkspaceError: the path may not be used (outside, ignored, secret, not a regular file).
        ToolRefusedError: there is no such file; the text names the nearest ones.
    """
    path = rel_path(text)
    if bench.draft.exists(path):
        data = bench.draft.read(path)
        if data is not None:
            return path, data
    files = bench.draft.files()
    inside = [f for f in files if f.startswith(path + "/")]
    if inside:
        more = f"\n… and {len(inside) - _FOLDER_LISTING} more" if len(inside) > _FOLDER_LISTING else ""
        raise ToolRefusedError(
            f"{path} is a folder", remedy="It holds:\n" + "\n".join(inside[:_FOLDER_LISTING]) + more
        )
    raise ToolRefusedError(f"There is no file {path}", remedy=_nearest(path, files))


def text_of(path: RelPath, data: bytes) -> str:
    """The text of a file.

    Raises:
        ToolRefusedError: the bytes are not UTF-8 text.
    """
    text = decode(data)
    if text is None:
        raise ToolRefusedError(
            f"{path} is not UTF-8 text ({len(data)} bytes)", remedy="Leave this file as it is"
        )
    return text


def _nearest(path: RelPath, files: tuple[RelPath, ...]) -> str:
    wanted = PurePosixPath(path).name
    same_name = [f for f in files if PurePosixPath(f).name == wanted]
    # difflib is quadratic in the worst case: the same-name files answer most misses, cheaply.
    close = same_name[:5] or difflib.get_close_matches(path, files[:5000], n=3, cutoff=0.7)
    if not close:
        return "Use find_files to see what there is"
    return "Did you mean " + ", ".join(close) + "?"


def lines_of(text: str) -> list[str]:
    r"""The lines of a text without their ends; line ends are those of LSP (``\n``, ``\r\n``, ``\r``)."""
    return [line.decode() for line in text.encode().splitlines()]
