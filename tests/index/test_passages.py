from __future__ import annotations

from pathlib import Path

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.context import best_passages
from agent_ls.index.passages import Passage
from agent_ls.index.ranking import gather, weights
from agent_ls.index.request import request_of
from tests.index.support import files_of, index_of

FILES = files_of(
    """\
-- lamp/here.py --
def here(value, result):
    quartz_lamp(value)
    return result
-- lamp/there.py --
def rare(thing):
    return quartz_lamp(thing)

def common(thing):
    return value(thing)

def long(thing):
    first, second, third = thing.first, thing.second, thing.third
    fourth, fifth, sixth = thing.fourth, thing.fifth, thing.sixth
    return quartz_lamp(first, second, third, fourth, fifth, sixth)

def further(value):
    return value + 1

def furthest(value):
    return value + 2
"""
)


def passages(tmp_path: Path, task: str) -> dict[str, Passage]:
    """By the names of their definitions, with the cursor inside of ``quartz_lamp`` in ``here``."""
    index = index_of(tmp_path, FILES)
    site = Site(RelPath("lamp/here.py"), Span(32, 32))
    request = request_of(index, FILES.get, task, site)
    found = best_passages(index, FILES.get, request, gather(index, request), weights()["files"])
    return {p.cut.unit.definition.name: p for p in found if p.cut.unit.definition}


def test_a_rare_name_of_the_cursor_tells_more_than_common_ones(tmp_path: Path) -> None:
    found = passages(tmp_path, "Make it brighter")
    rare, common = found["rare"].signals, found["common"].signals
    assert rare["used_rare"] > common["used_rare"]
    assert 0 < rare["near_rare"] <= 1
    assert found["further"].signals["used_rare"] > 0


def test_a_long_passage_gains_nothing_by_its_length(tmp_path: Path) -> None:
    found = passages(tmp_path, "Make it brighter")
    assert found["rare"].signals["used_rare"] > found["long"].signals["used_rare"] > 0


def test_a_name_that_the_request_writes_as_code(tmp_path: Path) -> None:
    found = passages(tmp_path, "Dim quartz_lamp")
    assert {name for name, passage in found.items() if passage.signals["named"]} == {"rare", "long"}


def test_every_fitted_weight_has_its_signal(tmp_path: Path) -> None:
    signals = next(iter(passages(tmp_path, "Dim quartz_lamp").values())).signals
    assert set(weights()["passages"]) - {"bias"} == set(signals)
