"""The languages' own tools for ``benchmarks.actions``: what they would change, and what a compiler says of a result."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex

Texts = dict[RelPath, bytes]
After = Mapping[RelPath, bytes | None]
"""New texts; ``None``: the file is gone."""

_DEADLINE_S = 600


class Tool:
    """What every language has: nothing to compare with, nothing to compile."""

    def __init__(self, root: Path, texts: Texts) -> None:
        self.root = root
        self.texts = texts

    def rename(self, path: RelPath, offset: int, new: str) -> Texts | None:  # noqa: ARG002
        return None

    def move(self, path: RelPath, offset: int, target: RelPath) -> Texts | None:  # noqa: ARG002
        return None

    def wrong(self, after: After, renamed: tuple[str, str] = ("", ""), *, asked: bool = False) -> str:
        """Why a result is worse than what was there; empty: it is not.

        ``renamed``: the old name and the new. ``asked``: places were left for a person to decide, so
        that the old name may be missed there; the new one must be missed nowhere.
        """
        before = self.errors({}, after)
        old, new = renamed
        word = re.compile(rf"\b{re.escape(new)}\b") if new else None
        now = self.errors(after, after)
        if asked:
            now = [line for line in now if re.search(rf"\b{re.escape(old)}\b", line) is None]
        now = [word.sub(old, line) if word else line for line in now]
        worse = Counter(map(_kind, now)) - Counter(map(_kind, before))
        return next(iter(worse), "")

    def errors(self, after: After, near: After) -> list[str]:  # noqa: ARG002
        """What a compiler says of the texts: a line each, without places."""
        return []

    def close(self) -> None:
        pass


def _kind(line: str) -> str:
    """A finding without its file: what moves takes its old faults along."""
    return line.partition(": ")[2] or line


class Scripts(Tool):
    """TypeScript's language service: wants Node, and the folder of ``typescript`` in ``TYPESCRIPT``."""

    def __init__(self, root: Path, texts: Texts) -> None:
        super().__init__(root, texts)
        program = Path(__file__).with_name("actions_tsserver.cjs")
        library = os.environ.get("TYPESCRIPT", "typescript")
        self._child = subprocess.Popen(
            ["node", "--max-old-space-size=4000", str(program), str(root), library],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        self._known: dict[tuple[RelPath, ...], list[str]] = {}

    def _ask(self, **asked: Any) -> Any:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(asked) + "\n")
        self._child.stdin.flush()
        return json.loads(self._child.stdout.readline())

    def _units(self, path: RelPath, offset: int) -> int:
        return len(self.texts[path][:offset].decode("utf-8").encode("utf-16-le")) // 2

    def rename(self, path: RelPath, offset: int, new: str) -> Texts | None:
        found = self._ask(act="rename", file=path, offset=self._units(path, offset), name=new)
        return None if found is None else {RelPath(p): text.encode() for p, text in found.items()}

    def move(self, path: RelPath, offset: int, target: RelPath) -> Texts | None:
        start = self.texts[path].rfind(b"\n", 0, offset) + 1
        at = [self._units(path, start), self._units(path, offset)]
        found = self._ask(act="move", file=path, start=at[0], end=at[1], target=target)
        return None if found is None else {RelPath(p): text.encode() for p, text in found.items()}

    def errors(self, after: After, near: After) -> list[str]:
        names = {Path(p).stem for p in near} | {Path(p).parent.name for p in near if Path(p).stem == "index"}
        word = re.compile(rb"\b(?:" + b"|".join(re.escape(n.encode()) for n in sorted(names)) + rb")\b")
        files = sorted({*near, *(p for p, text in self.texts.items() if word.search(text))})[:150]
        said = {p: None if text is None else text.decode() for p, text in after.items()}
        if not after and tuple(files) in self._known:
            return self._known[tuple(files)]
        found = self._ask(act="errors", after=said, files=files) or []
        if not after:
            self._known[tuple(files)] = found
        return found

    def close(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(timeout=20)


class Go(Tool):
    """gopls for renames, ``go vet`` with an overlay for the result; in the environment that it is started in."""

    def __init__(self, root: Path, texts: Texts) -> None:
        super().__init__(root, texts)
        self._known: dict[tuple[str, ...], list[str]] = {}
        self._server = Server(["gopls", "serve"], root) if shutil.which("gopls") else None

    def rename(self, path: RelPath, offset: int, new: str) -> Texts | None:
        return self._server.rename(path, offset, new, self.texts) if self._server else None

    def errors(self, after: After, near: After) -> list[str]:
        folders = {p.rpartition("/")[0] for p in near}
        ends = tuple(f'/{f}"'.encode() for f in folders if f)
        using = {p.rpartition("/")[0] for p, text in self.texts.items() if any(end in text for end in ends)}
        packages = tuple(sorted(f"./{f}" for f in folders | using if self._has_package(f, after)))[:40]
        if not after and packages in self._known:
            return self._known[packages]
        with tempfile.TemporaryDirectory() as folder:
            replaced: dict[str, str] = {}
            for at, (path, text) in enumerate(after.items()):
                place = Path(folder, f"{at}.go")
                place.write_bytes(text or b"")
                replaced[str(self.root / path)] = "" if text is None else str(place)
            overlay = Path(folder, "overlay.json")
            overlay.write_text(json.dumps({"Replace": replaced}))
            said = _run(["go", "vet", "-unreachable", f"-overlay={overlay}", *packages], self.root)
        found = [
            re.sub(r"^\S*?([\w.-]+\.go):\d+(?::\d+)?", r"\1", line.removeprefix("vet: "))
            for line in said.splitlines()
            if ".go:" in line and "unreachable code" not in line
        ]
        found = [re.sub(r":\d+:\d+", "", line) for line in found]
        if not after:
            self._known[packages] = found
        return found

    def _has_package(self, folder: str, after: After) -> bool:
        return any(p.rpartition("/")[0] == folder and p.endswith(".go") for p in (*self.texts, *after))

    def close(self) -> None:
        if self._server:
            self._server.close()


class Rust(Tool):
    """``cargo check`` of all targets on a copy of the folder."""

    def __init__(self, root: Path, texts: Texts) -> None:
        super().__init__(root, texts)
        self._copy = Path(tempfile.mkdtemp(prefix="agent-ls-rust-"), "copy")
        shutil.copytree(root, self._copy, ignore=shutil.ignore_patterns("target", ".git"))
        self._before: list[str] | None = None

    def errors(self, after: After, near: After) -> list[str]:  # noqa: ARG002
        if not after and self._before is not None:
            return self._before
        for path, text in after.items():
            if text is None:
                (self._copy / path).unlink()
            else:
                (self._copy / path).write_bytes(text)
        said = _run(["cargo", "check", "--offline", "--lib", "--message-format", "short"], self._copy)
        found = [re.sub(r"^\S+?: ", "x: ", line) for line in said.splitlines() if ": error" in line]
        found += [
            line for line in said.splitlines() if line.startswith("error") and "could not compile" not in line
        ]
        for path in after:
            if path in self.texts:
                (self._copy / path).write_bytes(self.texts[path])
            else:
                (self._copy / path).unlink(missing_ok=True)
        if not after:
            self._before = found
        return found

    def close(self) -> None:
        shutil.rmtree(self._copy.parent)


class Java(Tool):
    """``javac`` of every file of the folder; further classes by ``CLASSPATH``."""

    def __init__(self, root: Path, texts: Texts) -> None:
        super().__init__(root, texts)
        self._before: list[str] | None = None

    def errors(self, after: After, near: After) -> list[str]:  # noqa: ARG002
        if not after and self._before is not None:
            return self._before
        with tempfile.TemporaryDirectory() as folder:
            for path, text in {**self.texts, **after}.items():
                if text is not None and not path.endswith(("module-info.java", "package-info.java")):
                    place = Path(folder, path)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(text)
            listed = [str(p) for p in Path(folder).rglob("*.java")]
            Path(folder, "files").write_text("\n".join(listed))
            flags = [
                "-proc:none",
                "-nowarn",
                "-Xmaxerrs",
                "9999",
                "-XDshould-stop.ifError=FLOW",
                "-d",
                f"{folder}/out",
            ]
            said = _run(["javac", *flags, f"@{folder}/files"], Path(folder))
        # What cannot be found is named three lines further down.
        pattern = r"^\S+\.java:\d+: (error: .*)$(?:\n.*\n.*\n( *symbol: .*)$)?"
        found = [m[1] + (m[2] or "") for m in re.finditer(pattern, said, re.MULTILINE)]
        if not after:
            self._before = found
        return found


class Server:
    """A language server on the folder, asked for renames only."""

    def __init__(self, command: list[str], root: Path) -> None:
        self._root = root
        self._opened: set[RelPath] = set()
        self._child = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._last = 0
        folder = {"uri": root.as_uri(), "name": root.name}
        self._request(
            "initialize",
            {"processId": None, "rootUri": root.as_uri(), "capabilities": {}, "workspaceFolders": [folder]},
        )
        self._send({"method": "initialized", "params": {}})

    def rename(self, path: RelPath, offset: int, new: str, texts: Texts) -> Texts | None:
        uri = (self._root / path).as_uri()
        data = texts[path]
        if path not in self._opened:
            self._opened.add(path)
            document = {"uri": uri, "languageId": "go", "version": 1, "text": data.decode()}
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        line = LineIndex(data).line_of(offset)
        start = data.rfind(b"\n", 0, offset) + 1
        at = {"line": line, "character": len(data[start:offset].decode().encode("utf-16-le")) // 2}
        answer = self._request(
            "textDocument/rename", {"textDocument": {"uri": uri}, "position": at, "newName": new}
        )
        changes: dict[str, list[Any]] = dict((answer or {}).get("changes") or {})
        for one in (answer or {}).get("documentChanges") or ():
            changes[one["textDocument"]["uri"]] = one["edits"]
        found: dict[RelPath, list[Any]] = {}
        for place, edits in changes.items():
            file = Path(place.removeprefix("file://"))
            if file.is_relative_to(self._root):  # a server may know more than the folder
                found[RelPath(file.relative_to(self._root).as_posix())] = edits
        return {p: _edited(texts[p], edits) for p, edits in found.items() if p in texts} or None

    def _send(self, message: dict[str, Any]) -> None:
        assert self._child.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._child.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._child.stdin.flush()

    def _request(self, method: str, params: Any) -> Any:
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self._last and "method" not in message:
                if "error" in message:
                    print(f"{method}: {message['error'].get('message', '')[:120]}", file=sys.stderr)
                return message.get("result")
            if "id" in message and "method" in message:
                wanted = message.get("params") or {}
                empty = (
                    [None for _ in wanted.get("items", ())] if "configuration" in message["method"] else None
                )
                self._send({"id": message["id"], "result": empty})

    def _read(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        length = 0
        while line := self._child.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if not length:
            raise EOFError("the server went away")
        return json.loads(self._child.stdout.read(length))

    def close(self) -> None:
        self._child.terminate()
        self._child.wait(timeout=20)


def _edited(data: bytes, edits: list[Any]) -> bytes:
    lines = data.decode().splitlines(keepends=True)
    for edit in sorted(edits, key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]))[
        ::-1
    ]:
        start, end = edit["range"]["start"], edit["range"]["end"]
        head = _cut(lines[start["line"]], start["character"])[0]
        tail = _cut(lines[end["line"]], end["character"])[1]
        lines[start["line"] : end["line"] + 1] = [head + edit["newText"] + tail]
    return "".join(lines).encode()


def _cut(line: str, units: int) -> tuple[str, str]:
    raw = line.encode("utf-16-le")
    return raw[: units * 2].decode("utf-16-le"), raw[units * 2 :].decode("utf-16-le")


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=_DEADLINE_S
    )
    return done.stdout + done.stderr


TOOLS: dict[str, type[Tool]] = {
    "typescript": Scripts,
    "javascript": Scripts,
    "go": Go,
    "rust": Rust,
    "java": Java,
}
