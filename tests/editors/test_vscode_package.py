"""What the VS Code extension declares fits the server's settings, its own commands and its documents."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, cast

from agent_ls.core.settings import Settings
from tests.editors.support import ROOT

EXTENSION = ROOT / "editors" / "vscode"
PACKAGE: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text("utf-8"))
CONTRIBUTES: dict[str, Any] = PACKAGE["contributes"]
PROPERTIES: dict[str, dict[str, Any]] = CONTRIBUTES["configuration"]["properties"]
README = (EXTENSION / "README.md").read_text("utf-8")
OWN = {"serverPath", "package", "baseUrl", "trace"}
"""Settings of the extension itself: the server never sees them."""


def named_commands(value: object) -> set[str]:
    """Every command of ours that is named anywhere below."""
    return set(re.findall(r"agentLs\.ui\.[\w.]+(?<!\.)", json.dumps(value)))


def test_every_section_that_an_editor_may_set_has_a_setting() -> None:
    sections = {
        field.name for field in dataclasses.fields(Settings) if not field.metadata.get("user_only", False)
    }
    declared = {name.removeprefix("agentLs.").split(".")[0] for name in PROPERTIES}
    assert declared - OWN == sections
    source = (EXTENSION / "src" / "settings.ts").read_text("utf-8")
    kept = re.search(r"new Set\(\[(.*?)\]\)", source, re.DOTALL)
    assert kept is not None
    assert set(re.findall(r'"(\w+)"', kept[1])) == OWN


def test_what_is_run_and_where_requests_go_cannot_be_planted_by_a_workspace() -> None:
    plantable = {name for name, declared in PROPERTIES.items() if declared["scope"] != "machine"}
    quiet = {"agentLs.trace.server", "agentLs.hover", "agentLs.lens"}
    assert plantable == quiet | {"agentLs.prompts", "agentLs.anchors"}
    restricted = PACKAGE["capabilities"]["untrustedWorkspaces"]
    assert restricted["supported"] == "limited"
    assert set(restricted["restrictedConfigurations"]) == {"agentLs.prompts", "agentLs.anchors"}


def test_every_command_is_declared_and_has_a_name_of_its_own() -> None:
    declared = {command["command"] for command in CONTRIBUTES["commands"]}
    used = named_commands(
        {key: value for key, value in CONTRIBUTES.items() if key not in {"commands", "views"}}
    )
    views = {view["id"] for view in CONTRIBUTES["views"]["agentLs"]} | {"agentLs.ui.start"}
    assert used - views - {f"{view}.focus" for view in views} <= declared
    registered = "".join(path.read_text("utf-8") for path in sorted((EXTENSION / "src").glob("*.ts")))
    verbs = re.search(r"const verbs.*?\[(.*?)\];", registered, re.DOTALL)
    assert verbs is not None
    known = set(re.findall(r'"(agentLs\.ui\.[\w.]+)"', registered)) | {
        f"agentLs.ui.job.{verb}" for verb in re.findall(r'"(\w+)"', verbs[1])
    }
    assert declared <= known


def test_settings_and_commands_are_in_the_readme() -> None:
    missing = [name for name in PROPERTIES if f"`{name}`" not in README]
    hidden = {entry["command"] for entry in CONTRIBUTES["menus"]["commandPalette"]}
    commands = cast("list[dict[str, str]]", CONTRIBUTES["commands"])
    unsaid = [c["title"] for c in commands if c["command"] not in hidden and c["title"] not in README]
    assert (missing, unsaid) == ([], [])


def test_walkthrough_pages_are_packed() -> None:
    packed = (EXTENSION / ".vscodeignore").read_text("utf-8")
    steps = CONTRIBUTES["walkthroughs"][0]["steps"]
    assert "!walkthrough/*.md" in packed
    assert all((EXTENSION / step["media"]["markdown"]).is_file() for step in steps)
