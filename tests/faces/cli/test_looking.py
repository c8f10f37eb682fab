"""``index``, ``context``, ``explain``, ``trust``, ``doctor``, and the command line itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from agent_ls.index.store import Store
from tests.faces.cli.conftest import Opener
from tests.faces.cli.kit import Shell
from tests.faces.cli.service import model_service

CODE: dict[str, str | bytes] = {
    "relay/client.py": 'def send(message):\n    """Send a message over the relay."""\n    return backoff(message)\n'
    + "\n\ndef other():\n    return 1\n" * 30,
    "relay/backoff.py": "def backoff(message):\n    return message\n",
    "docs/notes.txt": "no language\n",
    "café.py": "def crème():\n    return 'brûlée'\n",
}


def tokens_of(text: str) -> int:
    return -(-len(text) // 4)


def test_index_says_what_it_holds_and_reuses_it(opener: Opener) -> None:
    shell = opener(CODE)
    said = shell("index", "--json")
    assert said.code == 0, said.err
    made = said.json
    assert list(made) == [
        *("files", "lines", "bytes", "symbols", "references", "languages", "skipped"),
        *("parsed", "reused", "wall_s", "cpu_s", "peak_rss_mb", "db_mb"),
    ]
    assert (made["files"], made["languages"], made["parsed"]) == (3, {"python": 3}, 3)
    assert shell("index", "--json").json["reused"] == 3
    assert shell("index", "--rebuild", "--json").json["parsed"] == 3
    assert "3 files" in shell("index").out


@pytest.mark.parametrize("budget", [30, 200, 8000])
def test_context_keeps_its_budget_by_the_documented_rule(opener: Opener, budget: int) -> None:
    shell = opener(CODE)
    said = shell(
        "context",
        "send a message over the relay",
        "--at",
        "relay/client.py:2",
        "--budget",
        str(budget),
        "--json",
    )
    assert said.code == 0, said.err
    made = said.json
    assert list(made) == ["files", "spans", "budget", "used_tokens", "elapsed_ms"]
    assert made["budget"] == budget
    scores = [file["score"] for file in made["files"]]
    assert scores == sorted(scores, reverse=True)
    assert all(set(file) == {"path", "score", "why"} for file in made["files"])
    used = 0.0
    for span in made["spans"]:
        assert set(span) == {"path", "symbol", "start_line", "end_line", "score", "tokens"}
        lines = (shell.root / span["path"]).read_text().split("\n")[span["start_line"] - 1 : span["end_line"]]
        assert abs(span["tokens"] - len("\n".join(lines)) / 4) <= 1
        used += span["tokens"]
    paths = {span["path"] for span in made["spans"]}
    used += sum(len(path) / 4 + 2 for path in paths)
    assert abs(used - made["used_tokens"]) <= len(paths)
    assert made["used_tokens"] <= budget
    if budget == 8000:
        assert made["files"][0]["path"] == "relay/backoff.py", "the cursor's own file is taken as given"
        assert "backoff" in [span["symbol"] for span in made["spans"]]


def test_context_for_people_and_from_stdin(opener: Opener) -> None:
    shell = opener(CODE)
    said = shell("context", "-", stdin=b"backoff")
    assert "relay/backoff.py" in said.out
    assert "of 8000 tokens" in said.err
    assert shell("context", " ").code == 2


def test_explain_asks_the_service_once(opener: Opener) -> None:
    shell = opener(CODE)
    with model_service(shell.folder, [{"content": [{"type": "text", "text": "**Sends** it."}]}]) as url:
        shell.env |= {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k"}
        said = shell("explain", "relay/client.py:1:5", "--json")
        assert (said.code, said.json) == (0, {"markdown": "**Sends** it."}), said.err
    again = shell("explain", "relay/client.py:1:5")
    assert again.out == "**Sends** it.\n", "the service is gone: this is the cache"


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("relay/client.py:999", "lines, not 999"),
        ("relay/client.py:1:99", "columns, not 99"),
        ("relay/client.py:0", "count from 1"),
        ("relay/none.py:1", "not a file that can be read here"),
        ("relay:1", "not a file that can be read here"),
    ],
)
def test_places_that_are_none(opener: Opener, place: str, why: str) -> None:
    said = opener(CODE)("explain", place)
    assert said.code == 2
    assert why in said.err


def test_places_as_people_name_them(opener: Opener) -> None:
    shell = opener(CODE)
    for name, cwd in (
        ("client.py:1", shell.root / "relay"),
        (f"{shell.root}/relay/client.py", shell.folder),
        ("relay/client.py:2:4", shell.folder),
    ):
        said = shell("context", "message", "--at", name, "-C", str(shell.root), "--json", cwd=cwd)
        assert said.code == 0, said.err
        assert said.json["files"][0]["path"] == "relay/backoff.py"


def test_trust_is_given_for_what_the_project_file_says_now_and_taken_back(opener: Opener) -> None:
    shell = opener(
        {".agent-ls.toml": '[checks]\ncommands = [["sh", "-c", "exit 0"]]\n', "a": "x\n"}, trusted=False
    )
    given = shell("trust")
    assert given.code == 0
    assert "without network" in given.err
    assert '["sh", "-c", "exit 0"]' in given.err, "shows what it is the word for"
    run = ("run", "--json", "--", "touch", "b")
    assert shell(*run).json["checks"] == [{"name": "sh -c exit 0", "status": "passed", "output": ""}]
    (shell.root / ".agent-ls.toml").write_text('[checks]\ncommands = [["sh", "-c", "exit 1"]]\n')
    assert shell(*run).code == 2
    assert shell("trust").code == 0
    assert shell(*run).json["checks"][0]["status"] == "failed"
    assert shell("trust", "--revoke").code == 0
    assert shell(*run).code == 2


def test_doctor_names_each_failure_with_its_remedy(opener: Opener) -> None:
    shell = opener(CODE, trusted=False)
    said = shell("doctor", "--json")
    findings = {finding["name"]: finding for finding in said.json["findings"]}
    assert set(findings) >= {
        "agent-ls",
        "state",
        "settings",
        "model",
        "sandbox",
        "grammars",
        "git",
        "trust",
        "index",
        "editors",
    }
    assert all(set(f) == {"name", "ok", "text", "remedy"} for f in said.json["findings"])
    assert findings["sandbox"]["ok"] is False
    assert said.code == 1
    assert all(f["remedy"] for f in findings.values() if f["ok"] is False)
    assert "ANTHROPIC_API_KEY" in findings["model"]["remedy"]
    assert findings["grammars"]["ok"] is True
    assert findings["git"]["ok"] is True
    people = shell("doctor").out
    assert "FAIL sandbox: bwrap is not installed" in people
    assert "→" in people


def test_doctor_asks_the_service_whether_it_knows_the_key_and_the_model(opener: Opener) -> None:
    shell = opener(CODE)
    with model_service(shell.folder, [], key="right", models={"claude-sonnet-5-5": {}}) as url:
        shell.env |= {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "wrong-key"}
        wrong = next(f for f in shell("doctor", "--json").json["findings"] if f["name"] == "model")
        right = next(
            f
            for f in shell("doctor", "--json", env={"ANTHROPIC_API_KEY": "right"}).json["findings"]
            if f["name"] == "model"
        )
    assert wrong["ok"] is False
    assert "ANTHROPIC_API_KEY" in wrong["remedy"]
    assert "wrong-key" not in str(wrong)
    assert right["ok"] is True, right


def test_help_version_and_words_that_are_no_command(shell: Shell) -> None:
    assert shell("--version").out.startswith("agent-ls ")
    listed = shell("--help").out
    for command in (
        "serve",
        "demo",
        "try",
        "delegate",
        "run",
        "explain",
        "context",
        "index",
        "jobs",
        "trust",
        "doctor",
    ):
        assert command in listed
        assert shell(command, "--help").code == 0
    for words in (
        ("nonsense",),
        ("jobs", "nonsense"),
        ("run",),
        ("context",),
        ("context", "x", "--budget", "0"),
        ("index", "--jso"),
    ):
        said = shell(*words)
        assert said.code == 2, words
        assert said.err.startswith("agent-ls: ")
        assert said.err.count("\n") == 1, "one sentence, no usage screen"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["agent-ls", "de"], {"delegate", "demo"}),
        (["agent-ls", "jobs", "un"], {"undo"}),
        (["agent-ls", "run", "--br"], {"--branch"}),
        (["agent-ls", "delegate", "--json"], {"--json", "--json-stream"}),
        (["agent-ls", "--comp"], {"--completion"}),
        (["agent-ls", "--completion", ""], {"bash", "zsh", "fish"}),
    ],
)
def test_a_real_bash_completes(shell: Shell, words: list[str], expected: set[str]) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = shell("--completion", "bash").out
    typed = " ".join(f"'{word}'" for word in words)
    program = f"{script}\nCOMP_WORDS=({typed})\nCOMP_CWORD={len(words) - 1}\n_agent_ls\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    done = subprocess.run([bash, "--norc", "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == expected
    assert done.stderr == ""


def test_completions_of_all_shells_name_all_commands(shell: Shell) -> None:
    for name in ("bash", "zsh", "fish"):
        script = shell("--completion", name).out
        assert all(word in script for word in ("delegate", "doctor", "--branch", "discard", "retry"))
    assert shell("--completion", "tcsh").code == 2


def test_what_nobody_foresaw_goes_to_a_log_and_not_to_the_screen(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import agent_ls.faces.cli.looking as looking\nasync def broken(here, options):\n    raise RuntimeError('surprise')\nlooking.index = broken\n"
    )
    path = f"{tmp_path / 'site'}{os.pathsep}{shell.env['PYTHONPATH']}"
    said = shell("index", env={"PYTHONPATH": path})
    assert said.code == 1
    assert "RuntimeError('surprise')" in said.err
    log = shell.folder / "state" / "logs" / "agent-ls.log"
    assert str(log) in said.err
    assert "Traceback" in log.read_text()


def test_doctor_says_which_checks_cannot_run(opener: Opener) -> None:
    shell = opener()
    (shell.root / "test_x.py").write_text("import unittest\n")
    (shell.root / "go.mod").write_text("module x\n")
    findings = [f for f in shell("doctor", "--json").json["findings"] if f["name"] in ("check", "checks")]
    assert [(f["text"].partition(":")[0], f["ok"]) for f in findings] == [
        *(("unittest", True), ("go test", None), ("go vet", None))
    ]
    assert "go was not found" in findings[1]["text"]
    assert "Install go" in findings[1]["remedy"]


def test_doctor_says_what_is_not_indexed_yet(opener: Opener) -> None:
    shell = opener(CODE)
    shell("index")
    [db] = shell.folder.rglob("index.db")
    store = Store(db)
    store.say(progress=[3, 10, 7])
    store.close()
    findings = {finding["name"]: finding for finding in shell("doctor", "--json").json["findings"]}
    text = "being made: 3 of 10 files are in, names of 7 can be found, nothing yet of 3"
    assert findings["index"]["text"] == text
