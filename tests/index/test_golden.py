"""Real-looking code per language against its golden facts (`golden_text.py --update` writes them)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.golden_text import expected, facts_text, sources


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.name)
def test_facts_are_as_recorded(source: Path) -> None:
    assert facts_text(source) == expected(source).read_text(encoding="utf-8")


def test_every_language_has_a_golden_file() -> None:
    from agent_ls.core.paths import RelPath
    from agent_ls.index.names import LANGUAGES, language_of

    assert {language_of(RelPath(path.name)) for path in sources()} == set(LANGUAGES)
