"""A plan as a commit on a new branch: a temporary index, no checkout, nothing of the repository is run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, final

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import UsageError, WorkspaceError
from agent_ls.core.merge import rebase
from agent_ls.core.paths import RelPath
from agent_ls.workspace.process import Finished, find_program, run

_TIMEOUT_S: Final = 60.0
_BATCH: Final = 200  # paths in one command line
_BLOB_BYTES: Final = 64 << 20  # a text of HEAD that is larger than what may be read here cannot be a plan's
_Item = TypeVar("_Item")
_MODES: Final = ("100644", "100755")
# What a repository's configuration could otherwise run: hooks, a file-system monitor, signing, filters,
# a fetch of objects that a partial clone lacks (`_Git` forbids it by the environment).
_SAFE: Final = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false"),
    *("-c", "core.splitIndex=false", "-c", "core.quotePath=false", "--literal-pathspecs", "--no-pager"),
)


@final
@dataclass(frozen=True, slots=True)
class NewBranch:
    """A branch that can be made: asked before the work begins, so that no plan fails for its name."""

    name: str
    prefix: str
    head: str
    git: Git

    @classmethod
    async def checked(cls, root: Path, name: str, environ: Mapping[str, str]) -> NewBranch:
        """Look whether a commit can be made on a new branch.

        Raises:
            UsageError: no git, no repository, no commit yet, nobody to commit as, a bad or taken name.
        """
        program = find_program("git", outside=root, path=environ.get("PATH"))
        if program is None:
            raise _useless("git is not installed, so --branch cannot be used")
        git = Git(program, root, environ)
        prefix = await git.asked(
            "rev-parse", "--show-prefix", what=f"{root} is not in a git repository that can be used"
        )
        head = await git.asked(
            "rev-parse", "--verify", "HEAD^{commit}", what="The repository has no commit yet"
        )
        bad_name = f"{name!r} is no name for a branch"
        if await git.asked("check-ref-format", "--branch", name, what=bad_name) != name:
            raise _useless(bad_name)  # `@{-1}` and the like are names of other branches
        if (await git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{name}")).exit_code == 0:
            raise UsageError(f"There is a branch {name!r} already", remedy="Choose another name")
        await git.asked(
            *("var", "GIT_COMMITTER_IDENT"),
            what="git does not know who commits",
            remedy="Set it: git config user.name and git config user.email",
        )
        return cls(name, prefix, head, git)

    async def commit(self, changes: ChangeSet, message: str) -> str:
        """Commit a plan on top of the HEAD of then; returns the commit's id.

        The working tree, the index and HEAD stay as they are. The plan is moved onto HEAD's texts,
        so that what is not committed yet does not slip into the commit; a file that HEAD does not
        know is committed whole.

        Raises:
            UsageError: the plan clashes with HEAD: it builds on changes that are not committed.
            WorkspaceError: git failed; its words are in the sentence.
        """
        with tempfile.TemporaryDirectory(prefix="agent-ls-index-") as folder:
            git = self.git.on(top=_above(self.git.root, self.prefix), index=Path(folder) / "index")
            await git.told("read-tree", self.head)
            files = await self._files(git, changes.paths)
            moved = await self._onto_head(git, changes, files)
            await self._remove(git, moved)
            await self._add(git, moved, files, Path(folder))
            tree = await git.told("write-tree")
            commit = await git.told("commit-tree", tree, "-p", self.head, "-m", message)
            await git.told("update-ref", f"refs/heads/{self.name}", commit, "0" * len(commit))
            return commit

    async def _files(self, git: Git, paths: Iterable[RelPath]) -> dict[RelPath, tuple[str, str]]:
        """Mode and object of the paths that HEAD knows."""
        found: dict[RelPath, tuple[str, str]] = {}
        for batch in _batches(sorted(paths)):
            listed = await git.told("ls-files", "--stage", "-z", "--", *(self.prefix + p for p in batch))
            for entry in listed.split("\0"):
                about, tab, name = entry.partition("\t")
                if tab:
                    mode, blob, _stage = about.split()
                    found[RelPath(name.removeprefix(self.prefix))] = (mode, blob)
        return found

    async def _onto_head(
        self, git: Git, changes: ChangeSet, files: Mapping[RelPath, tuple[str, str]]
    ) -> ChangeSet:
        texts: dict[RelPath, bytes | None] = {}
        for change in changes:
            known = files.get(change.source)
            if change.path != change.source:
                texts[change.path] = None
            texts[change.source] = change.before if known is None else await git.content(known[1])
        moved = rebase(changes, texts)  # line ends become HEAD's, too
        if moved.conflicts:
            places = ", ".join(sorted({str(c.path) for c in moved.conflicts})[:5])
            raise UsageError(
                f"The plan builds on changes that are not committed yet ({places})",
                kept="No branch was made; the plan is kept",
                remedy="Commit them and run it again, or `agent-ls jobs diff ID` prints the plan as a patch",
            )
        return moved.changes

    async def _remove(self, git: Git, changes: ChangeSet) -> None:
        """First, because a file may make room for a folder of its name."""
        gone = [c.source for c in changes if c.after is None or c.source != c.path]
        for batch in _batches(gone):
            await git.told("update-index", "--force-remove", "--", *(self.prefix + p for p in batch))

    async def _add(
        self, git: Git, changes: ChangeSet, files: Mapping[RelPath, tuple[str, str]], folder: Path
    ) -> None:
        wanted = [(c, c.after) for c in changes if c.after is not None]
        for batch in _batches(wanted):
            names: list[str] = []
            for number, (_, data) in enumerate(batch):
                blob = folder / f"blob-{number}"
                blob.write_bytes(data)
                names.append(str(blob))
            blobs = (await git.told("hash-object", "-w", "--no-filters", "--", *names)).split()
            entries: list[str] = []
            for (change, _), blob in zip(batch, blobs, strict=True):
                entries += ["--cacheinfo", f"{self._mode(change, files)},{blob},{self.prefix}{change.path}"]
            await git.told("update-index", "--add", *entries)

    def _mode(self, change: FileChange, files: Mapping[RelPath, tuple[str, str]]) -> str:
        known = files.get(change.source, ("", ""))[0]
        if known in _MODES:
            return known
        try:
            own = (self.git.root / change.source).lstat().st_mode
        except OSError:
            own = 0
        return _MODES[bool(own & 0o100)]


@final
class Git:
    """git on one repository, with nothing that the repository's configuration could run."""

    def __init__(
        self, program: Path, root: Path, environ: Mapping[str, str], index: Path | None = None
    ) -> None:
        self.root = root
        self._program = program
        self._environ = environ
        kept = {
            k: v
            for k, v in environ.items()
            if not k.startswith("GIT_") or k.startswith(("GIT_AUTHOR", "GIT_COMMITTER", "GIT_CONFIG"))
        }
        own = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
        self._env = {**kept, **own} | ({"GIT_INDEX_FILE": str(index)} if index else {})

    def on(self, *, top: Path, index: Path) -> Git:
        """The same at the repository's top folder, where paths are the index's own, with another index."""
        return Git(self._program, top, self._environ, index)

    async def run(self, *words: str, output_limit: int = 2_000_000, stdout_only: bool = False) -> Finished:
        return await run(
            [str(self._program), *_SAFE, *words],
            cwd=self.root,
            env=self._env,
            timeout_s=_TIMEOUT_S,
            output_limit=output_limit,
            stdout_only=stdout_only,
        )

    async def told(self, *words: str) -> str:
        """What git answers. Raises `WorkspaceError` with its words where it fails."""
        done = await self.run(*words, stdout_only=True)
        if done.exit_code != 0 or done.truncated:
            again = await self.run(*words)  # a warning among the values would be taken for one
            raise _failed(f"git {words[0]} failed: {again.output.decode('utf-8', 'replace').strip()[-300:]}")
        return done.output.decode("utf-8", "surrogateescape").rstrip("\n")

    async def asked(self, *words: str, what: str, remedy: str = "Use --patch instead") -> str:
        """What git answers, where a failure means that the call is wrong: ``what`` says how."""
        done = await self.run(*words, stdout_only=True)
        if done.exit_code != 0:
            raise _useless(what, remedy)
        return done.output.decode("utf-8", "surrogateescape").rstrip("\n")

    async def content(self, blob: str) -> bytes:
        """A text of HEAD, as it is stored: no filter, no conversion."""
        done = await self.run("cat-file", "blob", blob, output_limit=_BLOB_BYTES, stdout_only=True)
        if done.exit_code != 0 or done.truncated:
            raise _failed(f"git cannot show the object {blob[:12]}")
        return done.output


def _useless(what: str, remedy: str = "Use --patch instead") -> UsageError:
    return UsageError(what, kept="Nothing was started", remedy=remedy)


def _failed(what: str) -> WorkspaceError:
    return WorkspaceError(
        what,
        kept="No branch was made; the plan is kept",
        remedy="`agent-ls jobs diff ID` prints the plan as a patch",
    )


def _above(root: Path, prefix: str) -> Path:
    """The repository's top folder: ``prefix`` is the way from there to ``root``."""
    return root.parents[prefix.count("/") - 1] if prefix else root


def _batches(items: Sequence[_Item]) -> Iterable[Sequence[_Item]]:
    return (items[at : at + _BATCH] for at in range(0, len(items), _BATCH))
