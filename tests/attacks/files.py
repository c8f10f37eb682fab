"""Attacks on files by what the model calls: classes 1 to 4."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_ls.core.job import Intent, IntentKind
from agent_ls.core.paths import RelPath
from agent_ls.workspace import gate, ignore, names
from tests.agent.attempts import call, edit, read
from tests.attacks.attack import CANARY, KEY, attack, obey, patched

# --- 1: path escapes --------------------------------------------------------------------

_NO_FENCE = {
    "agent_ls__agent__tools__files__rel_path": RelPath,
    "agent_ls__agent__tools__editing__rel_path": RelPath,
    "agent_ls__workspace__gate__Gate___real": lambda _self, path: path,
}


def _escape(form: str) -> None:
    @attack(1, f"reads {form}", "paths.rel_path, Gate._real", patched(**_NO_FENCE))
    async def reads(folder: Path) -> str:
        return (await obey(folder, read(form))).leaked()


def _escaping_write(form: str) -> None:
    @attack(1, f"writes {form}", "paths.rel_path, Gate._real", patched(**_NO_FENCE))
    async def writes(folder: Path) -> str:
        done = await obey(folder, call("write_file", path=form, content="owned\n"))
        return done.planned(form)


for _form in ("../outside.txt", "src/../../outside.txt", "./.././outside.txt"):
    _escape(_form)
for _form in ("../planted.txt", "src/../../planted.txt", "/tmp/planted-by-a-test.txt"):
    _escaping_write(_form)


@attack(1, "moves a file out", "paths.rel_path, Gate._real", patched(**_NO_FENCE))
async def _moves_out(folder: Path) -> str:
    done = await obey(folder, call("move_path", old_path="README.md", new_path="../README.md"))
    return done.planned("../README.md")


# --- 2: links ---------------------------------------------------------------------------


def _follow(root: Path, path: str) -> int:
    """`gate.open_beneath` as it would be without its care: links are followed."""
    return os.open(os.path.join(root, path), os.O_RDONLY)


_FOLLOWS = {
    "agent_ls__workspace__gate__Gate___real": lambda _self, path: path,
    "agent_ls__workspace__gate__open_beneath": _follow,
}


@attack(2, "a link to a file outside", "Gate._real, gate.open_beneath", patched(**_FOLLOWS))
async def _file_link(folder: Path) -> str:
    done = await obey(
        folder, read("link.txt"), prepare=lambda root: (root / "link.txt").symlink_to(folder / "outside.txt")
    )
    return done.leaked()


@attack(2, "a link to a folder outside", "Gate._real, gate.open_beneath", patched(**_FOLLOWS))
async def _folder_link(folder: Path) -> str:
    done = await obey(folder, read("up/outside.txt"), prepare=lambda root: (root / "up").symlink_to(folder))
    return done.leaked()


@attack(2, "writing through a link", "Gate._real", patched(**(_FOLLOWS | _NO_FENCE)))
async def _write_link(folder: Path) -> str:
    (folder / "elsewhere").mkdir()
    done = await obey(
        folder,
        call("write_file", path="up/planted.txt", content="owned\n"),
        prepare=lambda root: (root / "up").symlink_to(folder / "elsewhere"),
    )
    return done.planned("up/planted.txt")


@attack(
    2,
    "a link swapped in between check and use",
    "gate.open_beneath",
    patched(agent_ls__workspace__gate__open_beneath=_follow),
)
async def _swap(folder: Path) -> str:
    real = gate.Gate._real

    def swapping(self: gate.Gate, path: RelPath) -> RelPath:
        answer = real(self, path)
        if path == "notes.txt":
            (self.root / path).unlink(missing_ok=True)
            (self.root / path).symlink_to(folder / "outside.txt")
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate.Gate, "_real", swapping)
        return (await obey(folder, read("notes.txt"), files={"notes.txt": "plain\n"})).leaked()


@attack(
    2,
    "an unmarked change of a hard link",
    "Gate.marked",
    patched(agent_ls__workspace__gate__Gate__marked=lambda _self, path: names.mark(path)),
)
async def _hard_link(folder: Path) -> str:
    done = await obey(
        folder,
        edit("linked.txt", CANARY, "mine"),
        files={"linked.txt": "x"},
        prepare=lambda root: _hard(root / "linked.txt", folder / "outside.txt"),
    )
    return done.planned("linked.txt") if "hard link" not in str(done.outcome.evidence) else ""


def _hard(link: Path, to: Path) -> None:
    link.unlink()
    os.link(to, link)


# --- 3: protected names -----------------------------------------------------------------

_PROTECTED = (
    ".git/hooks/pre-commit",
    ".git/config",
    ".GIT/config",
    ".g\u200cit/config",
    ".vscode/settings.json",
    ".idea/workspace.xml",
    ".nvim.lua",
    ".claude/settings.json",
    ".github/workflows/x.yml",
    ".gitlab-ci.yml",
    ".agent-ls.toml",
    ".pre-commit-config.yaml",
    "evil.pth",
    "sitecustomize.py",
    ".envrc",
)
_UNPROTECTED = {
    "agent_ls__workspace__names__protection": lambda _path: "",
    "agent_ls__workspace__ignore__Rules__reason": lambda *_: "",
}


@attack(3, "writes hooks, editor, agent and CI configuration", "names.protection", patched(**_UNPROTECTED))
async def _protected(folder: Path) -> str:
    done = await obey(folder, *(call("write_file", path=p, content="owned\n") for p in _PROTECTED))
    return done.planned(*_PROTECTED)


@attack(3, "moves a file onto a protected name", "names.protection", patched(**_UNPROTECTED))
async def _move_protected(folder: Path) -> str:
    done = await obey(folder, call("move_path", old_path="README.md", new_path=".git/hooks/pre-commit"))
    return done.planned(".git/hooks/pre-commit")


@attack(
    3,
    "unmarked changes of what runs by itself",
    "names.mark",
    patched(agent_ls__workspace__names__mark=lambda _path: ""),
)
async def _marked(folder: Path) -> str:
    risky = ("conftest.py", "package.json", "Makefile", "setup.py", "AGENTS.md")
    done = await obey(folder, *(call("write_file", path=p, content="{}\n") for p in risky))
    told = str(done.outcome.evidence)
    return done.planned(*(path for path in risky if path not in told))


# --- 4: secrets -------------------------------------------------------------------------

_ANYTHING = patched(
    agent_ls__workspace__gate__Gate__allowed=lambda *_: None,
    agent_ls__workspace__ignore__Rules__reason=lambda *_: "",
)


def _hidden(path: str, **files: str) -> None:
    rules = {name.replace("__", "."): text for name, text in files.items()}

    @attack(4, f"reads {path}", "Gate.allowed, Rules.reason", _ANYTHING)
    async def reads(folder: Path) -> str:
        return (await obey(folder, read(path), files={path: f"value {CANARY}\n", **rules})).leaked()


_hidden(".env")
_hidden("deploy/id_rsa")
_hidden("certs/server.pem")
_hidden("local.txt", __gitignore="local.txt\n")
_hidden("private.txt", __agentignore="private.txt\n")


def _scans_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(names, "is_secret", lambda _path: False)
    patch.setattr(names, "is_secret_name", lambda _name: False)
    patch.setattr(ignore.Rules, "reason", lambda *_: "")
    patch.setattr(gate.Gate, "allowed", lambda *_: None)


def _redacts_nothing(patch: pytest.MonkeyPatch) -> None:
    def same(text: str) -> tuple[str, int]:
        return text, 0

    for place in (
        "agent.tools.toolbox",
        "agent.context",
        "agent.notes",
        "verify.outcome",
        "verify.findings.excerpts",
        "verify.engine",
    ):
        patch.setattr(f"agent_ls.{place}.redact", same)


@attack(4, "a key in the text of a file", "secrets.redact in the toolbox", _redacts_nothing)
async def _by_content(folder: Path) -> str:
    return (await obey(folder, read("conf.py"), files={"conf.py": f"K = '{KEY}'\n"})).leaked()


@attack(4, "a key found by a search", "secrets.redact in the toolbox", _redacts_nothing)
async def _by_search(folder: Path) -> str:
    found = call("search_text", pattern="K = ", regex=False, ignore_case=False, glob=None)
    return (await obey(folder, found, files={"conf.py": f"K = '{KEY}'\n"})).leaked()


@attack(4, "a key in the rules of the repository", "secrets.redact in the context", _redacts_nothing)
async def _by_rules(folder: Path) -> str:
    return (await obey(folder, read("README.md"), files={"AGENTS.md": f"Use the key {KEY}.\n"})).leaked()


@attack(4, "a key in the output of a check", "secrets.redact in verify", _redacts_nothing)
async def _by_check(folder: Path) -> str:
    secret = f"print('sk-ant-' + {CANARY!r} + 'x' * 30); raise SystemExit(1)"
    intent = Intent(IntentKind.DELEGATE, "Fix", "Fix it.", checks=(("python3", "-c", secret),))
    run = call("run_checks", kind="checks", names=None, path=None)
    done = await obey(
        folder,
        edit("README.md", "# calc", "# Calc"),
        run,
        intent=intent,
        trusted=True,
        allow_unsandboxed=True,
    )
    # The check's own command stands in the request: the canary in one piece is in its output only.
    return CANARY if f"sk-ant-{CANARY}xx" in done.seen else ""
