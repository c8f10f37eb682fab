"""The editors' clients and the server speak of the same commands and fields."""

from __future__ import annotations

import re

from agent_ls import __version__
from agent_ls.core.job import IntentKind, JobId, JobState
from agent_ls.faces.lsp import wire
from agent_ls.jobs.views import JobView, question_wire
from tests.editors.support import ROOT

LUA = ROOT / "editors" / "nvim" / "lua" / "agent_ls"
TYPESCRIPT = ROOT / "editors" / "vscode" / "src"
LUA_NAMES = (LUA / "protocol.lua").read_text("utf-8")
TS_NAMES = (TYPESCRIPT / "lsp_ext.ts").read_text("utf-8")


def commands(text: str) -> set[str]:
    return set(re.findall(r'"(agentLs\.\w+)"', text))


def interface(name: str) -> set[str]:
    """The fields of a TypeScript interface."""
    body = re.search(rf"export interface {name} \{{(.*?)\n\}}", TS_NAMES, re.DOTALL)
    assert body is not None, name
    return set(re.findall(r"^  (\w+)\??:", body[1], re.MULTILINE))


def test_the_plugins_version_is_that_of_the_server_it_comes_with() -> None:
    told = re.search(r'M\.PLUGIN = "([^"]+)"', (LUA / "version.lua").read_text("utf-8"))
    assert told is not None
    assert told[1] == __version__


def test_every_command_of_the_clients_is_one_of_the_server() -> None:
    assert commands(LUA_NAMES) - set(wire.COMMANDS) == set()
    assert commands(TS_NAMES) - set(wire.COMMANDS) == set()


def test_names_of_the_protocol_stand_in_one_room_per_client() -> None:
    strays = {
        str(path.relative_to(ROOT)): names
        for folder, room in ((LUA, "protocol.lua"), (TYPESCRIPT, "lsp_ext.ts"))
        for path in sorted(folder.rglob("*.*"))
        if path.name != room and (names := commands(path.read_text("utf-8")) & set(wire.COMMANDS))
    }
    assert strays == {}


def test_the_notification_has_the_name_and_fields_that_the_server_sends() -> None:
    view = JobView(JobId("j"), IntentKind.DELEGATE, JobState.READY, "t", created_at=0, updated_at=0)
    assert f'"{wire.JOB_CHANGED}"' in LUA_NAMES
    assert f'"{wire.JOB_CHANGED}"' in TS_NAMES
    assert interface("JobChanged") == set(view.changed())
    assert interface("JobDetails") <= set(view.wire())
    assert set(re.findall(r'\| "(\w+)"', TS_NAMES.split("export type Verdict")[0])) == set(JobState)
    documented = set(re.findall(r"---@field (\w+)", (LUA / "jobs.lua").read_text("utf-8")))
    assert documented <= set(view.wire())


def test_a_question_has_the_fields_that_the_clients_read() -> None:
    from agent_ls.core.job import Question

    sent = question_wire(Question(id="q", text="?"))
    assert sent is not None
    assert interface("Question") == set(sent)
