"""The trees of a task: the one that the agent gets, and the one that is judged."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import UsageError, WorkspaceError
from agent_ls.evaluation.suite import Source, Task
from agent_ls.workspace.process import find_program, run
from agent_ls.workspace.state import private_dir

_GIT_S: Final = 300.0
_GIT_SAFE: Final = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager")


async def make_workspace(task: Task, place: Path, environ: Mapping[str, str]) -> None:
    """Make the files that the task starts from, whole or not at all; one that is there stays.

    Raises:
        UsageError: the commit cannot be taken from the repository.
        WorkspaceError: the files cannot be copied.
    """
    fresh = place.with_name(place.name + ".new")
    source = task.asked.workspace
    try:
        if not await asyncio.to_thread(_begin, place, fresh):
            return
        if source.repository:
            await _check_out(task, source, fresh, environ)
        else:
            await asyncio.to_thread(shutil.copytree, task.folder / source.folder, fresh, symlinks=True)
        await asyncio.to_thread(fresh.rename, place)
    except OSError as error:
        raise _no_tree(task, error) from error


async def solve(task: Task, tree: Path, environ: Mapping[str, str]) -> str:
    """Apply the reference solution; returns why that is not possible, or ``""``."""
    if task.solution is None:
        return "there is no reference solution"
    git = _git(environ, tree)
    # A repository around the state folder must not be found: paths would be taken from its root.
    env = {**_env(environ, tree), "GIT_DIR": str(tree.parent / "no-git")}
    argv = [str(git), *_GIT_SAFE, "apply", "--whitespace=nowarn", str(task.solution)]
    done = await run(argv, cwd=tree, env=env, timeout_s=_GIT_S)
    if done.exit_code == 0:
        return ""
    return f"the reference solution does not apply: {done.output.decode('utf-8', 'replace').strip()[:300]}"


def lay(tree: Path, changes: ChangeSet) -> None:
    """Write a plan into a tree of ours that holds what the plan was made from.

    Raises:
        WorkspaceError: a path leads out of the tree, or cannot be written.
    """
    try:
        for change in changes:
            _inside(tree, change.source).unlink(missing_ok=True)
            if change.after is not None:
                place = _inside(tree, change.path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(change.after)
    except OSError as error:
        raise WorkspaceError(f"The plan could not be laid out to be judged: {error}") from error


def hide_in(task: Task, tree: Path) -> None:
    """Lay the hidden files over a tree, in place of whatever stands there."""
    if task.hidden is None:
        return
    for source in sorted(task.hidden.rglob("*")):
        place = tree / source.relative_to(task.hidden)
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif "__pycache__" not in source.parts:
            place.unlink(missing_ok=True)  # a link that was planted there is not followed
            shutil.copy2(source, place)


def _inside(tree: Path, path: str) -> Path:
    place = tree / path
    if not Path(os.path.realpath(place.parent)).is_relative_to(os.path.realpath(tree)):
        raise WorkspaceError(f"{path} leads out of the workspace")
    return place


async def _check_out(task: Task, source: Source, place: Path, environ: Mapping[str, str]) -> None:
    """The files of a commit without a repository around them: the task's history is not the agent's."""
    repository = task.folder / source.repository
    git_dir = await asyncio.to_thread(_git_dir, repository)
    await asyncio.to_thread(place.mkdir)
    index = place.with_name(place.name + ".index")
    env = {
        **_env(environ, place),
        "GIT_DIR": str(git_dir),
        "GIT_WORK_TREE": str(place),
        "GIT_INDEX_FILE": str(index),
    }
    git = str(_git(environ, repository))
    tree = f"{source.commit}:{source.below}" if source.below else source.commit
    try:
        for words in (["read-tree", tree], ["checkout-index", "--all", "--force"]):
            done = await run([git, *_GIT_SAFE, *words], cwd=place, env=env, timeout_s=_GIT_S)
            if done.exit_code != 0:
                said = done.output.decode("utf-8", "replace").strip()[:300]
                raise UsageError(f"{task.name}: {source.commit} cannot be taken from {repository}: {said}")
    finally:
        await asyncio.to_thread(index.unlink, missing_ok=True)


def _begin(place: Path, fresh: Path) -> bool:
    """Make room for the tree; false where it is there already."""
    if place.is_dir():
        return False
    shutil.rmtree(fresh, ignore_errors=True)
    private_dir(fresh.parent)
    return True


def _git_dir(repository: Path) -> Path:
    own = repository / ".git"
    return (own if own.exists() else repository).resolve()


def _env(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    return {
        "PATH": environ.get("PATH", os.defpath),
        "HOME": str(home.parent),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
    }


def _git(environ: Mapping[str, str], outside: Path) -> Path:
    git = find_program("git", outside=outside, path=environ.get("PATH", os.defpath))
    if git is None:
        raise UsageError("git was not found", kept="Nothing was run", remedy="Install git")
    return git


def _no_tree(task: Task, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"The workspace of {task.name} could not be made: {error.strerror or error}",
        kept="What was measured so far is kept",
        remedy="Make room in the state directory, then run the same command again",
    )
