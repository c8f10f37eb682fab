"""One deadline for everything that an asynchronous test waits for."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

END_S = 200.0
"""Less than what pytest gives a whole test (pyproject.toml), so that its fixtures still end what they began."""


def with_an_end(
    test: Callable[..., Awaitable[object]], name: str, end_s: float = END_S
) -> Callable[..., Awaitable[None]]:
    """The test, which fails with its name where it waits in vain; where it waited stands in the cause."""

    @functools.wraps(test)
    async def ending(**fixtures: Any) -> None:
        deadline = asyncio.timeout(end_s)
        try:
            async with deadline:
                await test(**fixtures)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise AssertionError(f"{name} waited in vain: it was not over after {end_s:g} s") from error

    return ending
