"""How checks went on trees without a draft: run once, remembered by tree, command and sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, final

from agent_ls.core.text import content_hash
from agent_ls.verify.outcome import End, Ran

_KEPT = 200


@final
@dataclass(frozen=True, slots=True)
class Before:
    """A check without the draft. ``known``: names of what failed; ``whole``: that is all of it.

    ``hopeless``: no test passed, so that none can be lost. ``lasting``: it would go the same way again.
    """

    status: str
    known: frozenset[str] = frozenset()
    whole: bool = False
    hopeless: bool = False
    number: float | None = None
    lasting: bool = True

    def new_in(self, now: Ran) -> frozenset[str] | None:
        """What fails now and did not before; ``None`` where the outputs cannot tell."""
        names = now.findings.identities
        if not names:
            return None
        if self.status == "passed":
            return names
        if self.status != "failed" or self.hopeless or not self.whole or not self.known:
            return None
        return frozenset(name for name in names - self.known if not any(_hid(k, name) for k in self.known))


def before_of(ran: Ran) -> Before:
    findings = ran.findings
    counted = ran.end is End.WHOLE and (findings.failed is None or findings.failed == len(findings.failures))
    hopeless = findings.ran is not None and findings.ran == findings.failed
    # What was killed or crashed may have met a busy machine; what could not start may be installed tomorrow.
    lasting = ran.status != "error" and ran.end in (End.WHOLE, End.STOPPED)
    return Before(ran.status, findings.identities, counted, hopeless, ran.number, lasting)


def _hid(known: str, name: str) -> bool:
    """Whether a failure was that of a whole file, whose tests could not be seen then."""
    file = known.removesuffix(" › Test suite failed to run")
    if file != known or ("::" not in known and " > " not in known):
        if name.startswith((f"{file}::", f"{file} › ", f"{file} > ")):
            return True
        return "_FailedTest." in known and f"{known.rpartition('.')[2]}." in name
    return False


@final
class Baselines:
    """Below a scratch slot's folder; the caller holds its lock. All methods block."""

    def __init__(self, folder: Path) -> None:
        self._store = folder / "baselines.json"
        self._known = _load(self._store)

    def get(self, tree_hash: str, argv: Sequence[str], sandbox: str) -> Before | None:
        value = self._known.get(_key(tree_hash, argv, sandbox))
        if not isinstance(value, dict):
            return None
        told = cast("Mapping[str, Any]", value)
        try:
            number = None if told["number"] is None else float(told["number"])
            known = frozenset(map(str, told["known"]))
            return Before(str(told["status"]), known, bool(told["whole"]), bool(told["hopeless"]), number)
        except (KeyError, TypeError, ValueError):
            return None

    def put(self, tree_hash: str, argv: Sequence[str], sandbox: str, before: Before) -> None:
        """Remember what would go the same way again."""
        if before.lasting:
            self._keep(
                _key(tree_hash, argv, sandbox),
                {
                    "status": before.status,
                    "known": sorted(before.known),
                    "whole": before.whole,
                    "hopeless": before.hopeless,
                    "number": before.number,
                },
            )

    def seconds(self, argv: Sequence[str]) -> float | None:
        """How long this command took when it last ran."""
        value = self._known.get(_key("seconds", argv, ""))
        return float(value) if isinstance(value, (int, float)) else None

    def took(self, argv: Sequence[str], seconds: float) -> None:
        self._keep(_key("seconds", argv, ""), round(seconds, 1))

    def _keep(self, key: str, value: object) -> None:
        if self._known.get(key) == value:
            return
        self._known.pop(key, None)
        self._known[key] = value
        kept = dict(list(self._known.items())[-_KEPT:])
        fresh = self._store.with_suffix(".new")
        fresh.write_text(json.dumps(kept), "utf-8")
        fresh.replace(self._store)


def _key(tree: str, argv: Sequence[str], sandbox: str) -> str:
    return content_hash(json.dumps([tree, list(argv), sandbox]).encode())


def _load(store: Path) -> dict[str, object]:
    try:
        value: object = json.loads(store.read_bytes())
    except (OSError, ValueError):
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
