"""What holds for every test: no clock in hypothesis, repeatable examples, no process left behind, an end.

``HYPOTHESIS_PROFILE=explore`` looks further, with new examples each time.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import HealthCheck, settings

from tests.support.ending import with_an_end

settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "explore", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

_LEAVE_S = 10.0


def pytest_itemcollected(item: pytest.Item) -> None:
    """Every asynchronous test gets one deadline for all that it waits for: jobs, events, queues, processes."""
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        item.obj = with_an_end(item.obj, item.name)


@pytest.fixture(autouse=True, scope="module")
def _no_process_is_left_behind() -> Iterator[None]:
    """A module's tests end every process that they start: a zombie here is one at the user's, too."""
    before = {child.pid for child in psutil.Process().children()}
    yield
    left = [child for child in psutil.Process().children() if child.pid not in before]
    _, alive = psutil.wait_procs(left, timeout=_LEAVE_S)
    assert [" ".join(child.cmdline()) for child in alive] == []
