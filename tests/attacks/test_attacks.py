"""The attack matrix: each attack succeeds with its guard taken away, and gets nothing with it.

``python -m benchmarks.attacks`` prints it, with the attacks of class 8, which need bwrap (`tests/sandbox`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks import answers, files, repository, shown
from tests.attacks.attack import ATTACKS, CLASSES, Attack, played

assert all((answers, files, repository, shown))  # they register their attacks


@pytest.mark.parametrize("one", ATTACKS, ids=lambda one: one.id)
async def test_the_guard_is_what_holds(one: Attack, tmp_path: Path) -> None:
    without, with_it = await played(one, tmp_path)
    assert without, f"without {one.guard} the attack should succeed: it shows nothing"
    assert not with_it, f"{one.guard} does not hold: {with_it}"


def test_every_class_has_its_attacks() -> None:
    assert {one.group for one in ATTACKS} == set(CLASSES) - {8}
