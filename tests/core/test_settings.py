"""Settings: what each source may say, and that a bad value never takes the rest down."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from agent_ls.core import settings as room
from agent_ls.core.settings import Settings, Source, parse


def test_both_spellings_and_nested_tables() -> None:
    tree, problems = parse({"budgets": {"attemptUsd": 0.5, "attempt_turns": 7}}, Source.EDITOR)
    assert (tree.budgets.attempt_usd, tree.budgets.attempt_turns, problems) == (0.5, 7, ())


def test_later_sources_lie_over_earlier_ones() -> None:
    first, _ = parse({"models": {"work": "a", "explain": "b"}}, Source.USER)
    second, _ = parse({"models": {"work": "c"}}, Source.EDITOR, first)
    assert (second.models.work, second.models.explain) == ("c", "b")


@pytest.mark.parametrize("source", [Source.PROJECT, Source.EDITOR])
@pytest.mark.parametrize(
    "values",
    [
        {"models": {"baseUrl": "http://evil.example"}},
        {"models": {"apiKeyCommand": ["cat", "/etc/passwd"]}},
        {"engines": [{"name": "x", "argv": ["sh"]}]},
        {"checks": {"allowUnsandboxed": True}},
    ],
)
def test_a_repository_cannot_redirect_or_unlock(source: Source, values: dict[str, object]) -> None:
    tree, problems = parse(values, source)
    assert tree == Settings()
    assert len(problems) == 1 and "user's own config.toml" in problems[0]
    assert parse(values, Source.USER)[0] != Settings()


@pytest.mark.parametrize("source", [Source.PROJECT, Source.EDITOR])
@pytest.mark.parametrize("key", ["attempt_usd", "dayUsd"])
def test_what_may_be_spent_is_lowered_by_anyone_and_raised_by_the_user_only(source: Source, key: str) -> None:
    users, _ = parse({"budgets": {"attempt_usd": 5, "day_usd": 5}}, Source.USER)
    raised, problems = parse({"budgets": {key: 6, "attempt_turns": 3}}, source, users)
    assert raised.budgets == dataclasses.replace(users.budgets, attempt_turns=3)
    assert len(problems) == 1 and "only be raised in the user's own config.toml; 5.0 stays" in problems[0]
    lowered, problems = parse({"budgets": {key: 4}}, source, users)
    assert not problems and 4 in (lowered.budgets.attempt_usd, lowered.budgets.day_usd)
    assert parse({"budgets": {"day_usd": 100}}, Source.USER, users)[0].budgets.day_usd == 100


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "expected a table"),
        ({"nonsense": 1}, "no setting 'nonsense'"),
        ({"budgets": {"attempt_usd": "much"}}, "must be a number"),
        ({"budgets": {"attempt_usd": -1}}, "out of range"),
        ({"budgets": {"attempt_turns": 1.5}}, "whole number"),
        ({"budgets": 3}, "must be a table"),
        ({"hover": {"card": 1}}, "true or false"),
        ({"anchors": "agent:"}, "must be a list"),
        ({"checks": {"commands": [["a", 3]]}}, "must be a text"),
    ],
)
def test_a_bad_value_is_a_sentence_and_the_default_stays(values: object, words: str) -> None:
    tree, problems = parse(values, Source.USER)
    assert tree == Settings()
    assert len(problems) == 1 and words in problems[0]


def test_one_bad_value_leaves_its_neighbours() -> None:
    tree, problems = parse({"budgets": {"attempt_usd": "x", "day_usd": 3}}, Source.USER)
    assert tree.budgets.day_usd == 3 and len(problems) == 1


def test_every_setting_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
    groups = [k for k in vars(room).values() if isinstance(k, type) and dataclasses.is_dataclass(k)]
    missing = [
        f"{g.__name__}.{f.name}" for g in groups for f in dataclasses.fields(g) if f"`{f.name}`" not in page
    ]
    assert not missing


def test_a_measure_that_cannot_be_used_is_reported_and_the_others_stay() -> None:
    good = {"argv": ["bench"], "number": "([0-9]+)", "direction": "lower", "tolerance": 0.1}
    for bad in ({"direction": "up"}, {"number": "("}):
        settings, problems = parse({"checks": {"measures": [{**good, **bad}]}}, Source.PROJECT)
        assert settings.checks.measures == ()
        assert len(problems) == 1
    settings, problems = parse({"checks": {"measures": [good]}}, Source.PROJECT)
    assert problems == ()
    assert settings.checks.measures[0].tolerance == 0.1
