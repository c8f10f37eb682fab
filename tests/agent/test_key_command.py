"""`models.api_key_command`: where the key comes from, and where it never goes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agent_ls.agent.key_command import key_from_command
from agent_ls.agent.resources import Resources
from agent_ls.core.attempt import KEY_COMMAND, ModelChoice
from agent_ls.core.errors import ConfigError
from agent_ls.core.settings import Models, Settings
from agent_ls.jobs.environment import indexer_environment, worker_environment
from agent_ls.model.claude import Claude
from agent_ls.workspace.state import state_dirs


def environ_with(*argv: str, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], KEY_COMMAND: json.dumps(argv), **more}


async def ask(tmp_path: Path, *argv: str, **more: str) -> str:
    root = tmp_path / "workspace"
    root.mkdir(exist_ok=True)
    return await key_from_command(environ_with(*argv, **more), outside=root, cwd=tmp_path)


async def test_stdout_is_the_key_and_stderr_is_not(tmp_path: Path) -> None:
    said = await ask(tmp_path, "sh", "-c", "echo warning >&2; echo $STORE", STORE=" sk-1\n")
    assert said == "sk-1"


async def test_no_command_no_key(tmp_path: Path) -> None:
    assert await key_from_command({"PATH": "/bin"}, outside=tmp_path, cwd=tmp_path) == ""


@pytest.mark.parametrize(
    ("script", "how"),
    [
        ("echo sk-secret; exit 3", "exit code 3"),
        ("true", "printed no key"),
        ("echo sk-secret and more", "printed no key"),
    ],
)
async def test_what_is_no_key_is_refused_without_repeating_it(tmp_path: Path, script: str, how: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await ask(tmp_path, "sh", "-c", script)
    sentence = caught.value.sentence()
    assert how in sentence
    assert "config.toml" in sentence
    assert "sk-secret" not in sentence


async def test_a_program_of_the_workspace_is_never_run(tmp_path: Path) -> None:
    planted = tmp_path / "workspace" / "bin" / "keys"
    planted.parent.mkdir(parents=True)
    planted.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\necho sk-2\n")
    planted.chmod(0o755)
    with pytest.raises(ConfigError, match="was not found on your PATH outside of the workspace"):
        await ask(tmp_path, "keys", PATH=f"{planted.parent}:{os.environ['PATH']}")
    assert not (tmp_path / "ran").exists()


def test_the_command_goes_to_the_worker_with_all_that_a_password_store_needs() -> None:
    settings = Settings(models=Models(api_key_command=("pass", "show", "model")))
    environ = {"PATH": "/bin", "GNUPGHOME": "/g"}
    made = worker_environment(environ, settings)
    assert json.loads(made[KEY_COMMAND]) == ["pass", "show", "model"]
    assert made["GNUPGHOME"] == "/g"
    assert KEY_COMMAND not in worker_environment({**environ, "ANTHROPIC_API_KEY": "k"}, settings)
    assert KEY_COMMAND not in worker_environment({KEY_COMMAND: "[]"}, Settings()), "only settings may name it"
    assert indexer_environment(made) == {"PATH": "/bin"}


async def test_a_worker_asks_once_and_only_when_a_model_is_needed(tmp_path: Path) -> None:
    count = f"echo x >> {tmp_path}/asked; echo sk-3"
    environ = environ_with("sh", "-c", count, AGENT_LS_STATE_DIR=str(tmp_path / "state"))
    resources = Resources(environ, dirs=state_dirs(environ))
    assert not (tmp_path / "asked").exists()
    models = [await resources.model(tmp_path / "w", ModelChoice()) for _ in range(2)]
    assert all(isinstance(model, Claude) for model in models)
    assert (tmp_path / "asked").read_text() == "x\n"
    assert "ANTHROPIC_API_KEY" not in resources.environ, "children get this environment"
    for model in models:
        await model.close()
    await resources.close()
