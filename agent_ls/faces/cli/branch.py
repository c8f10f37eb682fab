"""A plan as a commit on a new branch: a temporary index, no checkout, nothing of the repository is run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import UsageError, WorkspaceError
from agent_ls.workspace.process import find_program, run

_TIMEOUT_S = 60.0
# What a repository's configuration could otherwise run: hooks, a file-system monitor, signing, filters.
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false")


async def commit_to_branch(
    root: Path, branch: str, changes: ChangeSet, message: str, environ: Mapping[str, str]
) -> str:
    """Commit ``changes`` (against the files of now) on top of HEAD as a new branch; returns the commit's id.

    The working tree, the index and HEAD stay as they are.

    Raises:
        UsageError: no git repository, no commit yet, a bad or taken branch name.
        WorkspaceError: git failed; its words are in the sentence.
    """
    git = find_program("git", outside=root, path=environ.get("PATH"))
    if git is None:
        raise WorkspaceError("git is not installed", remedy="Install it, or use --patch")
    with tempfile.TemporaryDirectory(prefix="agent-ls-index-") as folder:
        repository = _Git(git, root, Path(folder) / "index", environ)
        prefix = await repository.asked(
            "rev-parse", "--show-prefix", what=f"{root} is not in a git repository"
        )
        head = await repository.asked(
            "rev-parse", "--verify", "HEAD^{commit}", what="The repository has no commit yet"
        )
        await repository.asked(
            "check-ref-format", "--branch", branch, what=f"{branch!r} is no name for a branch"
        )
        if await repository.succeeds("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"):
            raise UsageError(
                f"There is a branch {branch!r} already", kept="The plan is kept", remedy="Choose another name"
            )
        await repository.told("read-tree", head)
        for change in changes:
            if change.after is None or change.source != change.path:
                await repository.told("update-index", "--force-remove", "--", prefix + change.source)
            if change.after is not None:
                await repository.put(prefix + change.path, change.after, prefix + change.source, Path(folder))
        tree = await repository.told("write-tree")
        commit = await repository.told("commit-tree", tree, "-p", head, "-m", message)
        await repository.told("update-ref", f"refs/heads/{branch}", commit, "0" * len(commit))
        return commit


class _Git:
    """git on one repository with an index of our own."""

    def __init__(self, program: Path, root: Path, index: Path, environ: Mapping[str, str]) -> None:
        self._program = str(program)
        self._root = root
        kept = {
            k: v
            for k, v in environ.items()
            if not k.startswith("GIT_") or k.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))
        }
        self._env = {
            **kept,
            "GIT_INDEX_FILE": str(index),
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }

    async def told(self, *words: str) -> str:
        done = await run([self._program, *_SAFE, *words], cwd=self._root, env=self._env, timeout_s=_TIMEOUT_S)
        output = done.output.decode("utf-8", "replace").strip()
        if done.exit_code != 0:
            raise WorkspaceError(
                f"git {words[0]} failed: {output[-300:]}",
                kept="No branch was made; the plan is kept",
                remedy="`agent-ls jobs diff ID` prints the plan as a patch",
            )
        return output

    async def asked(self, *words: str, what: str) -> str:
        try:
            return await self.told(*words)
        except WorkspaceError:
            raise UsageError(what, kept="The plan is kept", remedy="Use --patch instead") from None

    async def succeeds(self, *words: str) -> bool:
        done = await run([self._program, *_SAFE, *words], cwd=self._root, env=self._env, timeout_s=_TIMEOUT_S)
        return done.exit_code == 0

    async def put(self, path: str, data: bytes, source: str, folder: Path) -> None:
        """A file into the index, with its old mode; its bytes pass no filter."""
        listed = await self.told("ls-files", "--stage", "--", source, path)
        mode = listed.split()[0] if listed else "100644"
        blob = folder / "blob"
        blob.write_bytes(data)
        name = await self.told("hash-object", "-w", "--no-filters", "--", str(blob))
        await self.told("update-index", "--add", "--cacheinfo", f"{mode},{name},{path}")
