"""What an attack is: something that succeeds once its guard is taken away, and fails with it.

`run` plays it in a folder of its own and returns what it got (``""``: nothing). `remove` takes the guard
away: by patching the very function that guards, so that a guard which moves takes its attack along.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent_ls.core.attempt import Outcome, TurnDone
from agent_ls.verify.sandbox import NoSandbox
from tests.agent.attempts import Json, finish, stage, turn
from tests.agent.kit import PROJECT, OwnersEnd, tree
from tests.support.messages_server import MessagesServer

CANARY = "canary-7f3a9c"
KEY = "sk-ant-" + CANARY + "x" * 30
Run = Callable[[Path], Awaitable[str]]
Remove = Callable[[pytest.MonkeyPatch], None]

CLASSES = {
    1: "path escapes",
    2: "links, swapped between check and use",
    3: "protected names",
    4: "secrets",
    5: "repository configuration",
    6: "trust",
    7: "planted programs and modules",
    8: "escape from a check's run",
    9: "argument injection",
    10: "prompt injection",
    11: "exfiltration by what is shown",
    12: "abuse of the workspace edit",
    13: "broken model output",
    14: "forged commands and ids",
}


@dataclass(frozen=True)
class Attack:
    group: int
    name: str
    guard: str
    run: Run
    remove: Remove

    @property
    def id(self) -> str:
        return f"{self.group}-{self.name}"


ATTACKS: list[Attack] = []


def attack(group: int, name: str, guard: str, remove: Remove) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        ATTACKS.append(Attack(group, name, guard, run, remove))
        return run

    return register


def patched(**places: Any) -> Remove:
    """Replace functions by their dotted names, ``__`` for the dots."""

    def remove(patch: pytest.MonkeyPatch) -> None:
        for place, stand_in in places.items():
            patch.setattr(place.replace("__", "."), stand_in)

    return remove


async def played(one: Attack, folder: Path) -> tuple[str, str]:
    """What the attack gets with its guard taken away, and with it."""
    (folder / "open").mkdir(parents=True)
    (folder / "guarded").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        one.remove(patch)
        gained = await one.run(folder / "open")
    return gained, await one.run(folder / "guarded")


@dataclass
class Obeyed:
    """What came of a model that did as it was told. ``seen``: every request, record, progress line and log."""

    outcome: Outcome
    seen: str
    plan: Mapping[str, str | None]
    results: str
    root: Path
    touched: bool
    drafts: list[dict[str, str | None]]

    def leaked(self) -> str:
        at = self.seen.find(CANARY)
        return self.seen[max(0, at - 80) : at + 40] if at >= 0 else ""

    def planned(self, *paths: str) -> str:
        return ", ".join(path for path in paths if path in self.plan)


async def obey(
    folder: Path,
    *calls: Json,
    files: Mapping[str, str | bytes] | None = None,
    prepare: Callable[[Path], None] = lambda _root: None,
    faults: list[Any] | None = None,
    turns: list[Json] | None = None,
    **request: Any,
) -> Obeyed:
    """Run an attempt whose model makes these calls, one per turn, over the real SDK and the wire."""
    set_up = stage(folder, files={**PROJECT, **(files or {})}, **request)
    (folder / "outside.txt").write_text(CANARY + "\n")
    prepare(set_up.root)
    before = tree(set_up.root)
    script = turns or [*(turn(one) for one in calls), turn(finish("I did as I was told."))]
    script = [{**one, "expect": []} for one in script]
    if faults:
        script[0]["faults"] = faults
    owner = OwnersEnd()
    del set_up.environ["AGENT_LS_SCRIPT"]
    async with MessagesServer([{"by": "arrival", "turns": script}]) as server:
        set_up.environ |= {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "k"}
        outcome = await set_up.run(owner)
        bodies = [exchange.body for exchange in server.exchanges]
    logs = [p.read_text("utf-8", "replace") for p in _files(set_up.dirs.base) if "blobs" not in p.parts]
    told = [r["value"].get("user") for r in owner.records if r["event"] == "TurnDone"]
    return Obeyed(
        outcome,
        json.dumps([bodies, owner.records, owner.steps], ensure_ascii=False) + "\n".join(logs),
        set_up.texts(outcome.files),
        json.dumps(told, ensure_ascii=False),
        set_up.root,
        tree(set_up.root) != before,
        [set_up.texts(done.draft) for done in owner.of(TurnDone)],
    )


def unconfined(patch: pytest.MonkeyPatch) -> None:
    """Run checks and scripts plainly, where confinement is not the guard that is looked at."""

    async def none(*_: object) -> NoSandbox:
        return NoSandbox("not used here", "", dict(os.environ))

    patch.setattr("agent_ls.agent.engine.detect", none)
    patch.setattr("agent_ls.agent.proof.detect", none)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
