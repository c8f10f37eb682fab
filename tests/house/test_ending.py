"""A test that waits in vain ends, and says its name."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from tests.support.children import ended, first_line
from tests.support.ending import with_an_end


async def test_a_wait_in_vain_fails_with_the_name_of_the_test() -> None:
    async def waits() -> None:
        await asyncio.Event().wait()

    with pytest.raises(AssertionError, match="it waited in vain"):
        await with_an_end(waits, "it", 0.05)()


async def test_a_timeout_of_the_tests_own_stays_what_it_is() -> None:
    async def times_out() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await with_an_end(times_out, "it")()


def test_a_child_that_says_nothing_or_stays_is_named() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], stdout=subprocess.PIPE, text=True
    )
    with pytest.raises(AssertionError, match="the sleeper printed nothing"):
        first_line(child, "the sleeper", timeout_s=0.05)
    ended(child, "the sleeper")
    stays = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.raises(AssertionError, match="the sleeper was still there"):
        ended(stays, "the sleeper", timeout_s=0.05)
