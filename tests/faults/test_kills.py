"""One kill of each kind; ``python -m benchmarks.kills`` does two hundred at random."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks import kills


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], float]:
    return kills.undisturbed(tmp_path_factory.mktemp("undisturbed") / "whole")


@pytest.mark.parametrize("way", kills.WAYS)
def test_a_job_whose_process_is_killed_ends_as_the_undisturbed_one(
    tmp_path: Path, undisturbed: tuple[dict[str, str], float], way: str
) -> None:
    expected, whole_s = undisturbed
    job, chance = kills.set_up(tmp_path / "job"), random.Random(way)
    for _ in range(6):
        if not job.kills[way] and job.state is not kills.JobState.APPLIED:
            kills.kill_once(job, way, chance, whole_s)
    kills.finish_it(job, expected)
    assert job.wrong == []
