"""Menu, hover and explanations: instant, from facts that are about the text of now."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agent_ls.core.errors import ConfigError
from agent_ls.core.job import Diagnostic, IntentKind, JobId, JobState, Question, Site, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Engine, Prompt, Settings
from agent_ls.core.text import Span
from agent_ls.index.facts import Anchor, Definition
from agent_ls.jobs.importing import may_lack_import
from agent_ls.jobs.offers import MORE, Known, hidden, offers
from agent_ls.jobs.place import Here, Lookout, name_at
from agent_ls.jobs.views import FileView, JobView
from tests.index.support import index_of
from tests.jobs.conftest import Opener
from tests.support.paper_editor import PaperEditor

PATH = RelPath("src/parser.py")
TEXT = b"def parse(text):\n    # agent: split this\n    return text.split()\n"


@dataclass
class Known1:
    version: int
    definitions: Sequence[Definition]
    anchors: Sequence[Anchor]


class OneFile:
    def __init__(self, facts: Known1) -> None:
        self.known = facts

    def facts(self, path: RelPath) -> Known1 | None:
        return self.known


PARSE = Definition("parse", "function", Span(0, len(TEXT) - 1), Span(4, 9), "def parse(text)")
ANCHOR = Anchor(Span(21, 40), "split this")


def menu(
    at: int = 5,
    *,
    around: Definition | None = PARSE,
    anchor: Anchor | None = None,
    diagnostics: Sequence[Diagnostic] = (),
    jobs: Sequence[JobView] = (),
    settings: Settings | None = None,
    model: bool = True,
    only: Collection[str] | None = None,
    end: int | None = None,
) -> list[str]:
    site = Site(PATH, Span(at, end or at))
    name, span = name_at(TEXT, at, PATH)
    here = Here(site, TEXT, name, span, around, anchor)
    made = offers(Known(here, diagnostics, jobs, settings or Settings(), model), only)
    assert [offer.rank for offer in made] == list(range(len(made)))
    assert len(made) <= 6
    return [offer.title for offer in made]


def job(state: JobState, title: str = "shout", **more: object) -> JobView:
    files = (FileView(PATH, "edit", 1, 1),)
    return JobView(JobId("j1"), IntentKind.DELEGATE, state, title, 0.0, 0.0, files=files, **more)  # type: ignore[arg-type]


def test_the_menu_of_a_function() -> None:
    assert menu() == [
        "Delegate: change parse …",
        "Explain parse",
        "Write tests for parse",
        "Rename parse everywhere …",
        "Move parse to another file …",
    ]


def test_the_menu_of_a_place_without_facts_is_short() -> None:
    assert menu(around=None) == ["Delegate …"]
    assert menu(around=None, end=12) == ["Delegate: change the selection …", "Explain the selection"]


def test_a_fix_stands_first_and_needs_somebody_elses_diagnostic() -> None:
    found = Diagnostic(Span(4, 9), "unused   name\nparse", 2, "ruff")
    own = Diagnostic(Span(4, 9), "a doubt", 3, "agent-ls")
    assert menu(diagnostics=[found, own])[0] == "Fix: unused name parse"
    assert not any("Fix" in title for title in menu(diagnostics=[own]))
    assert menu(diagnostics=[found, found], only=["quickfix"]) == ["Fix: unused name parse (and 1 more)"]


def test_findings_of_one_kind_are_fixed_in_the_whole_file_too() -> None:
    unused = Diagnostic(Span(4, 9), "unused name", 2, "ruff", "F841")
    titles = menu(diagnostics=[unused, unused], only=["quickfix"])
    assert titles == ["Fix: unused name (and 1 more)", "Fix all of this kind in this file: ruff F841"]
    other = Diagnostic(Span(4, 9), "undefined", 1, "ruff", "F821")
    assert menu(diagnostics=[unused, other], only=["quickfix"]) == ["Fix: undefined (and 1 more)"]


@pytest.mark.parametrize(
    ("text", "stub"),
    [
        (b"def parse(text):\n    pass\n", True),
        (b"def parse(text): ...\n", True),
        (b"def parse(text):\n    raise NotImplementedError\n", True),
        (b"fn parse() {\n    todo!()\n}\n", True),
        (b"def parse(text):\n    passing = text\n    return passing[...]\n", False),
    ],
)
def test_what_is_still_to_be_written_can_be_implemented(text: bytes, stub: bool) -> None:
    around = replace(PARSE, span=Span(0, len(text)))
    here = Here(Site(PATH, Span(4, 4)), text, "parse", Span(4, 9), around, None)
    titles = [offer.title for offer in offers(Known(here, [], [], Settings(), model=True))]
    assert ("Implement parse" in titles) == stub


def test_a_comment_that_asks_comes_before_delegate() -> None:
    assert menu(25, anchor=ANCHOR)[:2] == ["Do: split this", "Delegate: change parse …"]


@pytest.mark.parametrize(
    ("view", "titles"),
    [
        (
            job(JobState.READY, verdict=Verdict.VERIFIED),
            ["Review plan: shout (1 file +1 −1, verified)", "Apply plan: shout (1 file +1 −1, verified)"],
        ),
        (job(JobState.READY, verdict=Verdict.WORSE), ["Review plan: shout (1 file +1 −1, checks got worse)"]),
        (job(JobState.WAITING, question=Question("q", "Which one?")), ["Answer: Which one?"]),
        (job(JobState.RUNNING), ["Cancel: shout"]),
        (job(JobState.INTERRUPTED), ["Resume: shout"]),
        (job(JobState.APPLIED), ["Undo: shout"]),
        (job(JobState.DISCARDED), ["Delegate: change parse …"]),
    ],
)
def test_a_job_here_comes_first(view: JobView, titles: list[str]) -> None:
    assert menu(jobs=[view])[: len(titles)] == titles


def test_what_does_not_fit_stands_behind_one_entry() -> None:
    found = Diagnostic(Span(4, 9), "bad", 1, "ruff")
    jobs = [job(JobState.READY), job(JobState.RUNNING), job(JobState.WAITING, question=Question("q", "?"))]
    titles = menu(25, jobs=jobs, diagnostics=[found], anchor=ANCHOR)
    assert titles == [
        "Answer: ?",
        "Review plan: shout (1 file +1 −1, unverified)",
        "Fix: bad",
        "Do: split this",
        "Delegate: change parse …",
        MORE,
    ]


def test_only_is_a_kind_or_a_parent_of_it() -> None:
    settings = Settings(
        engines=(
            Engine("ruff", ("ruff", "check", "--fix"), "Run ruff", ("python",)),
            Engine("eslint", ("eslint",), "Run eslint", ("javascript",)),
        ),
        prompts=(Prompt("Review like us", "Review it."),),
    )
    assert menu(settings=settings, only=["source"]) == ["Run ruff"]
    assert menu(settings=settings, only=["source.agent"]) == ["Run ruff"]
    assert menu(settings=settings, only=["source.fixAll"]) == []
    assert menu(settings=settings, only=["quickfix"]) == []
    assert "Review like us" in menu(settings=settings, only=["refactor"])
    assert "Run ruff" not in menu(settings=settings, only=["refactor.rewrite"])


def test_without_a_model_engines_and_rename_stay_and_one_entry_connects() -> None:
    settings = Settings(engines=(Engine("ruff", ("ruff",), "Run ruff"),))
    found = Diagnostic(Span(4, 9), "bad", 1, "ruff")
    assert menu(settings=settings, model=False, diagnostics=[found], anchor=ANCHOR) == [
        "Rename parse everywhere …",
        "Move parse to another file …",
        "Run ruff",
        "Connect a model …",
    ]


def test_names_are_whole_and_keywords_are_none() -> None:
    text = "x = näme_1+def".encode()
    assert name_at(text, 5, PATH) == ("näme_1", Span(4, 11))
    assert name_at(text, 11, PATH)[0] == "näme_1"
    assert name_at(text, 2, PATH)[0] == ""
    assert name_at(text, 13, PATH)[0] == ""


async def test_live_facts_are_carried_over_what_was_typed_since(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.type(PATH, TEXT)
    live = OneFile(Known1(1, [PARSE], [ANCHOR]))
    service = await opener(editor, live=live)
    site = Site(PATH, Span(25, 25))
    assert [offer.title for offer in service.offers(site)][:2] == [
        "Do: split this",
        "Delegate: change parse …",
    ]
    (first, *_) = service.offers(site)
    assert (first.site, first.arguments) == (
        Site(PATH, ANCHOR.span),
        {"task": "split this", "kind": "anchor"},
    )
    editor.type(PATH, b"\n\n\n" + TEXT)  # the facts are about version 1
    moved = Site(PATH, Span(28, 28))
    (first, second, *_) = service.offers(moved)
    assert (first.title, first.site) == ("Do: split this", Site(PATH, Span(24, 43)))
    assert second.title == "Delegate: change parse …"
    editor.type(PATH, TEXT.replace(b"split this", b"split all this"))  # inside both
    assert service.offers(site)[0].site == Site(PATH, Span(21, 44))
    editor.type(PATH, TEXT.replace(b"parse", b"parser"))  # the name is being typed
    titles = [offer.title for offer in service.offers(Site(PATH, Span(5, 5)))]
    assert titles == ["Delegate …", "Explain the folder src/"]
    never = await opener(editor, live=OneFile(Known1(1, [PARSE], [])))
    assert [offer.title for offer in never.offers(moved)] == ["Delegate …"]  # facts of an unknown text
    assert service.offers(Site(RelPath("absent.py"), Span(0, 0))) == []


async def test_hover_counts_uses_and_names_callers_tests_and_jobs(opener: Opener, root: Path) -> None:
    (root / "src").mkdir()
    (root / "tests").mkdir()
    (root / "src/parser.py").write_bytes(TEXT)
    (root / "src/main.py").write_bytes(b"from src.parser import parse\n\ndef run():\n    parse('a b')\n")
    (root / "tests/test_parser.py").write_bytes(
        b"from src.parser import parse\n\ndef test_it():\n    parse('')\n"
    )
    service = await opener()
    await service.indexer.refresh()
    facts = service.hover(Site(PATH, Span(5, 5)))
    assert facts is not None
    assert (facts.symbol, facts.kind, facts.span, facts.signature) == ("parse", "function", Span(4, 9), "")
    assert facts.references >= 2
    assert not facts.more
    assert ("src/main.py", "run") in [(p.path, p.symbol) for p in facts.callers]
    assert ("tests/test_parser.py", "test_it") in [(p.path, p.symbol) for p in facts.tests]
    assert service.hover(Site(PATH, Span(0, 0))) is None  # `def` is no symbol
    assert next(o.title for o in service.offers(Site(PATH, Span(5, 5)))) == "Delegate: change parse …"
    assert re.search("jobs|index", " ".join(service.status()))


async def test_a_hover_on_a_name_of_many_files_reads_a_few_and_says_so(opener: Opener, root: Path) -> None:
    (root / "src").mkdir()
    (root / "src/parser.py").write_bytes(TEXT)
    for number in range(40):
        (root / f"src/user{number}.py").write_bytes(b"from src.parser import parse\n\nparse('')\n")
    service = await opener()
    await service.indexer.refresh()
    facts = service.hover(Site(PATH, Span(5, 5)))
    assert facts is not None
    assert facts.more
    assert 20 <= facts.references < 80


async def test_an_explanation_is_pending_then_kept_as_long_as_its_text(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.type(PATH, TEXT)
    live = OneFile(Known1(1, [PARSE], []))
    service = await opener(editor, live=live)
    site = Site(PATH, Span(5, 5))
    assert (await service.explain(site)).pending
    told = await service.explain(site, wait=True)
    assert told.markdown.startswith("explained")
    assert await service.explain(site) == told
    assert editor.notices == []  # somebody waited for it
    editor.type(PATH, TEXT.replace(b"split", b"strip"))
    live.known = Known1(2, [PARSE], [])
    assert (await service.explain(site)).pending
    async with asyncio.timeout(20):
        while not editor.notices:
            await asyncio.sleep(0.01)
    assert editor.notices == ["The explanation of parse is ready: hover over it."]
    facts = service.hover(site)
    assert facts is not None
    assert facts.explanation.startswith("explained")


async def test_explaining_without_a_model_is_a_sentence(opener: Opener, root: Path) -> None:
    service = await opener(environ={})
    with pytest.raises(ConfigError, match="No model"):
        await service.explain(Site(RelPath("a.py"), Span(0, 0)))


async def test_an_explanation_that_fails_is_a_notice(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor, worker_module="tests.support.no_such_worker")
    assert (await service.explain(Site(RelPath("a.py"), Span(0, 0)))).pending
    async with asyncio.timeout(20):
        while not editor.notices:
            await asyncio.sleep(0.01)
    assert "agent worker ended" in editor.notices[0]


def test_every_answer_of_a_question_is_an_entry() -> None:
    """LSP has no input box: what is chosen from the menu must be a whole answer."""
    asked = Question("q", "Which licence?", ("MIT", "BSD"), "MIT")
    waiting = [job(JobState.WAITING, question=asked), job(JobState.READY)]
    assert menu(jobs=waiting)[:3] == [
        "Answer “MIT”: Which licence?",
        "Answer “BSD”: Which licence?",
        "Delegate: change parse …",
    ]
    free = [job(JobState.WAITING, question=Question("q", "What name?", (), "parse_all"))]
    assert menu(jobs=free)[:2] == ["Answer: What name?", "Answer “parse_all”: What name?"]


def test_a_plan_that_was_merged_with_later_edits_offers_to_be_checked_again() -> None:
    applied = job(JobState.APPLIED, verdict_note="rebased over your 2 edits, not re-checked")
    assert titles_of(automatic=True, jobs=[applied]) == ["Undo: shout", "Check again: shout"]


def test_a_lamp_shows_only_what_belongs_to_the_place() -> None:
    found = Diagnostic(Span(4, 9), "bad", 1, "ruff")
    assert titles_of(automatic=True) == []
    assert titles_of(automatic=True, end=12) == ["Delegate: change the selection …"]
    assert titles_of(automatic=True, diagnostics=[found]) == ["Fix: bad"]
    assert titles_of(automatic=True, jobs=[job(JobState.APPLIED)]) == ["Undo: shout"]


def titles_of(
    *,
    automatic: bool = False,
    end: int = 5,
    diagnostics: Sequence[Diagnostic] = (),
    jobs: Sequence[JobView] = (),
) -> list[str]:
    here = Here(Site(PATH, Span(5, end)), TEXT, "parse", Span(4, 9), PARSE)
    known = Known(here, diagnostics, jobs, Settings(), model=True)
    return [offer.title for offer in offers(known, automatic=automatic)]


def test_menu_and_hidden_entries_are_everything_together() -> None:
    found = Diagnostic(Span(4, 9), "bad", 1, "ruff")
    jobs = [job(JobState.READY), job(JobState.RUNNING)]
    here = Here(Site(PATH, Span(25, 25)), TEXT, "", Span(0, 0), PARSE, ANCHOR)
    known = Known(here, [found], jobs, Settings(), model=True)
    shown, behind = [o.title for o in offers(known)], [o.title for o in hidden(known)]
    assert shown.pop() == MORE
    assert behind == ["Discard plan: shout", "Cancel: shout", "Explain parse", "Write tests for parse"]
    assert not set(shown) & set(behind)


def test_connecting_a_model_is_a_command_that_says_how() -> None:
    here = Here(Site(PATH, Span(5, 5)), TEXT, "parse", Span(4, 9), PARSE)
    entry = next(
        o for o in offers(Known(here, [], [], Settings(), model=False)) if o.title == "Connect a model …"
    )
    assert (entry.command, entry.arguments) == ("agentLs.connect", {})


def test_imports_are_spoken_of_where_there_is_reason_to(tmp_path: Path) -> None:
    text = "import os\n\nshout(1)\nshout(2)\nx.other()\n"
    files = {"loud.py": "def shout(): ...\ndef other(): ...\n", "app.py": text}
    index = index_of(tmp_path, {RelPath(path): data.encode() for path, data in files.items()})
    lookout = Lookout(index, None)

    def at(offset: int) -> tuple[bool, list[str]]:
        here = lookout.look(Site(RelPath("app.py"), Span(offset, offset)), text.encode(), None)
        lacking = may_lack_import(here, index)
        known = Known(here, (), (), Settings(), model=False, importable=lacking)
        return lacking, [offer.title for offer in offers(known) if offer.group == "action"]

    assert at(text.index("shout(1)") + 1) == (True, ["Import shout …"])
    assert at(text.index("shout(2)") + 1) == (False, [])  # its first place is further up
    assert at(text.index("other") + 1) == (False, [])
    assert at(0) == (False, ["Remove unused imports"])
