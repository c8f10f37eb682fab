"""Class 8 of the attack matrix: what a check runs succeeds plainly, and gets nothing confined."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.attack import Attack, played
from tests.attacks.checks import CONFINED


@pytest.mark.parametrize("one", CONFINED, ids=lambda one: one.id)
async def test_the_sandbox_is_what_holds(one: Attack, tmp_path: Path) -> None:
    without, with_it = await played(one, tmp_path)
    assert without, f"without {one.guard} the attack should succeed: it shows nothing"
    assert not with_it, f"{one.guard} does not hold: {with_it}"
