"""Completions for shells, read off the parser so that they cannot be out of date."""

from __future__ import annotations

import argparse

from agent_ls.faces.cli.parser import JOB_ACTIONS, SHELLS, build_parser


def completion(shell: str) -> str:
    """The script for a shell; it completes commands, options, and what to do with jobs."""
    table = _table()
    match shell:
        case "bash":
            return _bash(table)
        case "zsh":
            return "autoload -U +X bashcompinit && bashcompinit\n" + _bash(table)
        case _:
            return _fish(table)


def _table() -> dict[str, list[str]]:
    """Options by command; under ``""`` the commands and the options that stand before one."""
    parser, commands = build_parser()
    table = {"": [*commands, *_options(parser)]}
    for name, sub in commands.items():
        table[name] = [*(JOB_ACTIONS if name == "jobs" else ()), *_options(sub)]
    return table


def _options(parser: argparse.ArgumentParser) -> list[str]:
    # argparse has no public way to list what was added to a parser.
    return [word for action in parser._actions for word in action.option_strings]  # noqa: SLF001


def _bash(table: dict[str, list[str]]) -> str:
    cases = "\n".join(f'    {name}) words="{" ".join(words)}" ;;' for name, words in table.items() if name)
    return f"""_agent_ls() {{
  local words="{" ".join(table[""])}"
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="{" ".join(table[""])}"
  [ "${{COMP_WORDS[COMP_CWORD-1]}}" = --completion ] && words="{" ".join(SHELLS)}"
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _agent_ls agent-ls
"""


def _fish(table: dict[str, list[str]]) -> str:
    lines = [f"complete -c agent-ls -n __fish_use_subcommand -a '{' '.join(table[''])}'"]
    lines.append(f"complete -c agent-ls -l completion -x -a '{' '.join(SHELLS)}'")
    lines += [
        f"complete -c agent-ls -n '__fish_seen_subcommand_from {name}' -a '{' '.join(words)}'"
        for name, words in table.items()
        if name
    ]
    return "\n".join(lines) + "\n"
