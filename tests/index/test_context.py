from __future__ import annotations

import math
from pathlib import Path

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.context import context
from agent_ls.index.history import Commit
from agent_ls.index.history_file import history_path, write_history
from agent_ls.index.query import Index
from tests.index.support import files_of, index_of

FILES = files_of(
    """\
-- src/mail/send.py --
from .queue import Outbox

def send_invoice(customer, amount):
    box = Outbox()
    box.push(customer, amount)
-- src/mail/queue.py --
class Outbox:
    def push(self, customer, amount):
        self.items.append((customer, amount))
-- src/paint/canvas.py --
def draw_line(start, end):
    return [start, end]

def clear_canvas(canvas):
    canvas.lines = []
-- tests/test_send.py --
from mail.send import send_invoice

def test_send():
    send_invoice("Zoë 😀", 3)
"""
)


def test_words_of_the_request_rank_files(tmp_path: Path) -> None:
    found = context(
        index_of(tmp_path, FILES), FILES.get, "Clear the canvas before a line is drawn", None, 1000
    )
    assert found.files[0].path == "src/paint/canvas.py"
    assert found.files[0].score == 1.0
    assert found.files[0].why[0].startswith("words: ")
    assert found.spans[0].symbol == "clear_canvas"


def test_the_place_of_the_cursor_counts_and_its_file_is_given(tmp_path: Path) -> None:
    path = RelPath("src/mail/send.py")
    site = Site(path, Span(60, 60))
    found = context(index_of(tmp_path, FILES), FILES.get, "Handle errors", site, 1000)
    reasons = {f.path: f.why for f in found.files}
    assert {f.path for f in found.files[:2]} == {"src/mail/queue.py", "tests/test_send.py"}
    assert path not in reasons
    assert "imported here" in reasons[RelPath("src/mail/queue.py")]
    assert "imports this file" in reasons[RelPath("tests/test_send.py")]


def test_the_budget_holds_by_the_token_rule(tmp_path: Path) -> None:
    index = index_of(tmp_path, FILES)
    for budget in (0, 10, 30, 50, 80, 1000):
        found = context(index, FILES.get, "send invoice to customer, draw line on canvas", None, budget)
        used = sum(span.tokens for span in found.spans)
        used += sum(math.ceil(len(path) / 4) + 2 for path in {span.path for span in found.spans})
        assert used == found.used_tokens <= budget
        for span in found.spans:
            lines = FILES[RelPath(span.path)].decode().splitlines(keepends=True)
            assert span.tokens == math.ceil(len("".join(lines[span.start_line - 1 : span.end_line])) / 4)
    assert len(found.spans) >= 4


def test_an_unsaved_text_is_not_cut_at_old_places(tmp_path: Path) -> None:
    index = index_of(tmp_path, FILES)
    path = RelPath("src/paint/canvas.py")
    draft = {**FILES, path: b"# new first line\n" + FILES[path]}
    found = context(index, draft.get, "clear canvas", None, 1000)
    for span in found.spans:
        if span.path == path:
            shown = draft[path].splitlines()[span.start_line - 1 : span.end_line]
            assert shown[-1].startswith(b"    canvas.lines")


def test_json(tmp_path: Path) -> None:
    value = context(index_of(tmp_path, FILES), FILES.get, "canvas", None, 500).to_json(
        budget=500, elapsed_ms=1.23
    )
    assert list(value) == ["files", "spans", "budget", "used_tokens", "elapsed_ms"]
    assert list(value["files"][0]) == ["path", "score", "why"]
    assert list(value["spans"][0]) == ["path", "symbol", "start_line", "end_line", "score", "tokens"]


def test_without_an_index_there_is_nothing(tmp_path: Path) -> None:
    found = context(Index(tmp_path / "none.db"), FILES.get, "canvas", None, 500)
    assert (found.files, found.spans, found.used_tokens) == ((), (), 0)


def test_history_leads_to_what_changes_together(tmp_path: Path) -> None:
    index = index_of(tmp_path, FILES)
    paths = ("src/mail/queue.py", "src/paint/canvas.py")
    write_history(history_path(tmp_path / "state" / "index.db"), "1", [Commit("1", "Retry later", paths)])
    found = context(index, FILES.get, "Handle errors", Site(RelPath(paths[0]), Span(0, 0)), 1000)
    [canvas] = [f for f in found.files if f.path == paths[1]]
    assert "changes together with the cursor's file" in canvas.why


def test_a_tight_budget_shows_heads_beside_bodies(tmp_path: Path) -> None:
    body = "".join(f"    step_{n}(parcel)\n" for n in range(12))
    parts = {
        RelPath(f"src/{name}.py"): f"def {name}_parcel(parcel):\n{body}".encode()
        for name in ("pack", "send", "track", "drop", "open")
    }
    found = context(index_of(tmp_path, parts), parts.get, "Weigh the parcel when it is sent", None, 200)
    whole = [s for s in found.spans if s.end_line > s.start_line]
    heads = [s for s in found.spans if s.end_line == s.start_line]
    assert whole
    assert heads
    assert all(s.start_line == 1 for s in heads)
    assert found.used_tokens <= 200
