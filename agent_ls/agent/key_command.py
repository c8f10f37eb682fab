"""The key of those who keep it in a password store: printed by a command of the user's own settings.

Runs in the worker only, when a model is first needed, so that the key is in no other process and
an engine or a rename never asks for a password. Neither the key nor what the command printed is
ever part of a message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from agent_ls.core.attempt import KEY_COMMAND
from agent_ls.core.errors import ConfigError, WorkspaceError
from agent_ls.workspace.process import find_program, run

_DEADLINE_S: Final = 60.0  # a password store may ask a person
_LONGEST: Final = 10_000
_KEPT: Final = "Nothing was sent"


async def key_from_command(environ: Mapping[str, str], *, outside: Path, cwd: Path) -> str:
    """What the command prints, without the white space around it; ``""`` where none is set.

    Args:
        environ: The worker's; the command sees all of it.
        outside: The workspace: a program in it is never run.
        cwd: A folder of ours to run it in.

    Raises:
        ConfigError: it was not found, failed, took longer than a minute, or printed no key.
    """
    if not environ.get(KEY_COMMAND):
        return ""
    argv = _words(environ[KEY_COMMAND])
    program = find_program(argv[0], outside=outside, path=environ.get("PATH"))
    if program is None:
        raise _useless(argv, "was not found on your PATH outside of the workspace")
    try:
        done = await run(
            [str(program), *argv[1:]],
            cwd=cwd,
            env={k: v for k, v in environ.items() if k != KEY_COMMAND},
            timeout_s=_DEADLINE_S,
            output_limit=_LONGEST,
            stdout_only=True,
        )
    except WorkspaceError as error:
        raise _useless(argv, "could not be started") from error
    if done.timed_out:
        raise _useless(argv, f"did not end within {_DEADLINE_S:.0f} seconds")
    if done.exit_code != 0:
        raise _useless(argv, f"ended with exit code {done.exit_code}")
    key = done.output.decode("utf-8", "replace").strip()
    if not key or len(key.split()) != 1 or not key.isprintable():
        raise _useless(argv, "printed no key (one word is expected)")
    return key


def _words(text: str) -> Sequence[str]:
    value: object = json.loads(text)
    words = [str(word) for word in cast("list[object]", value)] if isinstance(value, list) else []
    return words or [""]


def _useless(argv: Sequence[str], how: str) -> ConfigError:
    # Only the program's name: people write keys into arguments.
    return ConfigError(
        f"The command of the setting models.api_key_command ({Path(argv[0]).name or 'empty'}) {how}",
        kept=_KEPT,
        remedy="Run it in a terminal to see why, correct it in config.toml, or set ANTHROPIC_API_KEY",
    )
