"""A change set as the WorkspaceEdit that an editor can take: a row per editor that was driven."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.faces.cli.editor_texts import apply_text_edits
from agent_ls.faces.lsp.convert import Encoding
from agent_ls.faces.lsp.editor import Editor, read_editor
from agent_ls.faces.lsp.policy import Ask, policy
from agent_ls.faces.lsp.workspace_edit import EditRequest, Open, lsp_edits, workspace_edit
from agent_ls.jobs.backing import Reasoned

Json = dict[str, Any]
TAKES_ALL = Editor(document_changes=True, resource_operations=frozenset({"create", "rename", "delete"}))
ALL_OPS = ["create", "rename", "delete"]
ANNOTATED = {"groupsOnLabel": True}


def editor(name: str, version: str, edit: Json | None) -> Editor:
    workspace = {"applyEdit": True} | ({} if edit is None else {"workspaceEdit": edit})
    return read_editor({"workspace": workspace}, {"name": name, "version": version}, {})


VS_CODE = editor(
    "Visual Studio Code",
    "1.139.0",
    {"documentChanges": True, "resourceOperations": ALL_OPS, "changeAnnotationSupport": ANNOTATED},
)
NEOVIM_07 = editor("Neovim", "0.7.2", {"resourceOperations": ALL_OPS})
NEOVIM_10 = editor("Neovim", "0.10.4", {"documentChanges": True, "resourceOperations": ALL_OPS})
NEOVIM_12 = editor(
    "Neovim", "0.12.4", {"resourceOperations": ALL_OPS, "changeAnnotationSupport": {"groupsOnLabel": False}}
)
HELIX = editor("helix", "25.01", {"documentChanges": True, "resourceOperations": ALL_OPS})
EGLOT = editor("Eglot", "1.17", {"documentChanges": True})
ALE = editor("ale", "3", None)

PATHS = {name: rel_path(name) for name in ("edit.py", "open.py", "new.py", "gone.py", "to.py", "from.py")}
CHANGES = ChangeSet.of(
    [
        FileChange(PATHS["edit.py"], b"a = 1\nb = 2\n", b"a = 1\nb = 3\n"),
        FileChange(PATHS["open.py"], b"c = 1\n", b"c = 2\n"),
        FileChange(PATHS["new.py"], None, b"n = 1\n"),
        FileChange(PATHS["gone.py"], b"g = 1\n", None),
        FileChange(PATHS["to.py"], b"m = 1\n", b"m = 2\n", moved_from=PATHS["from.py"]),
    ]
)
EDITS_ONLY = ChangeSet(tuple(c for c in CHANGES if c.path in ("edit.py", "open.py")))


def uri_of(path: RelPath) -> str:
    return f"file:///w/{path}"


def request(changes: ChangeSet, to: Editor, **more: Any) -> EditRequest:
    opened = {PATHS["open.py"]: Open("file:///W/open.py", 7)}
    how = {"encoding": Encoding.UTF16, "open_documents": opened, "uri_of": uri_of, "label": "plan"}
    asks = policy(to).ask is Ask.PREVIEW
    return workspace_edit(changes, to, **{**how, "asks": asks, **more})


def shape(made: EditRequest) -> list[str]:
    """Each operation in a word or two."""
    words = []
    for operation in made.edit.get("documentChanges", []):
        if "kind" in operation:
            words.append(f"{operation['kind']} {(operation.get('newUri') or operation['uri'])[10:]}")
        else:
            document = operation["textDocument"]
            words.append(f"{document['uri'][10:]}@{document['version']}")
    return words


WHOLE = [
    *("edit.py@None", "delete gone.py", "create new.py", "new.py@None", "open.py@7"),
    *("rename to.py", "to.py@None"),
]


@pytest.mark.parametrize(
    ("to", "operations"),
    [
        (VS_CODE, [*WHOLE, "edit.py@None"]),
        (NEOVIM_07, WHOLE),
        (NEOVIM_10, WHOLE),
        (NEOVIM_12, WHOLE),
        (HELIX, WHOLE),
    ],
    ids=["vscode", "neovim 0.7", "neovim 0.10", "neovim 0.12", "helix"],
)
def test_a_whole_plan_for_editors_that_take_it(to: Editor, operations: list[str]) -> None:
    made = request(CHANGES, to)
    assert shape(made) == operations
    assert made.left_out == made.not_text == ()
    assert "changes" not in made.edit


@pytest.mark.parametrize("to", [EGLOT, ALE], ids=["eglot", "ale"])
def test_file_operations_are_left_out_where_they_are_not_advertised(to: Editor) -> None:
    made = request(CHANGES, to)
    assert made.left_out == ("gone.py", "new.py", "to.py")
    assert "kind" not in str(made.edit)


def test_plain_changes_where_versioned_edits_are_not_taken() -> None:
    made = request(EDITS_ONLY, ALE)
    assert list(made.edit) == ["changes"]
    assert sorted(made.edit["changes"]) == ["file:///W/open.py", "file:///w/edit.py"]
    assert shape(request(EDITS_ONLY, EGLOT)) == ["edit.py@None", "open.py@7"]


@pytest.mark.parametrize(
    "to", [VS_CODE, NEOVIM_07, NEOVIM_10, NEOVIM_12, HELIX, EGLOT], ids=lambda e: f"{e.name} {e.version}"
)
def test_an_open_document_never_goes_without_its_version(to: Editor) -> None:
    for operation in request(CHANGES, to).edit["documentChanges"]:
        document = operation.get("textDocument", {})
        if document.get("uri") == "file:///W/open.py":
            assert document["version"] == 7


def test_only_one_edit_asks_and_only_in_vs_code() -> None:
    """needsConfirmation on everything opens the preview with every box unticked: Apply then does nothing."""
    made = request(CHANGES, VS_CODE, notes={PATHS["open.py"]: "merged with your edits"})
    *real, asking = made.edit["documentChanges"]
    [edit] = asking["edits"]
    zero = {"line": 0, "character": 0}
    assert (edit["range"], edit["newText"]) == ({"start": zero, "end": zero}, "")
    annotations = made.edit["changeAnnotations"]
    assert annotations[edit["annotationId"]]["needsConfirmation"] is True
    ids = {o["annotationId"] for o in real if "kind" in o}
    ids |= {e["annotationId"] for o in real for e in o.get("edits", [])}
    assert [annotations[name]["needsConfirmation"] for name in ids] == [False]
    assert annotations[ids.pop()]["description"] == "open.py: merged with your edits"


def test_edits_are_grouped_by_why_they_are_made() -> None:
    before = b"a\nb\nc\nd\ne\n"
    path = PATHS["edit.py"]
    changes = ChangeSet.of(
        [FileChange(path, before, b"A\nb\nC\nd\nE\n"), FileChange(PATHS["new.py"], None, b"n\n")]
    )
    loud = Reasoned(0, 1, "Shout\u202e", "pytest passed"), Reasoned(4, 1, "Shout\u202e", "pytest passed")
    reasons = {path: (*loud, Reasoned(2, 1, "See", ""))}
    made = request(changes, VS_CODE, reasons=reasons, notes={path: "merged with your edits"})
    annotations = made.edit["changeAnnotations"]
    edits = made.edit["documentChanges"][0]["edits"]
    told = [annotations[edit["annotationId"]] for edit in edits]
    assert [(a["label"], a["description"]) for a in told] == [
        ("Shout", "pytest passed; edit.py: merged with your edits"),
        ("See", "edit.py: merged with your edits"),
        ("Shout", "pytest passed; edit.py: merged with your edits"),
    ]
    assert edits[0]["annotationId"] == edits[2]["annotationId"]
    create = made.edit["documentChanges"][1]
    assert annotations[create["annotationId"]]["label"] == "plan"
    assert not any(a["needsConfirmation"] for a in told)


def test_annotations_elsewhere_only_label() -> None:
    made = request(CHANGES, NEOVIM_12)
    assert [a["needsConfirmation"] for a in made.edit["changeAnnotations"].values()] == [False]
    for to in (NEOVIM_07, NEOVIM_10, HELIX, EGLOT):
        assert "changeAnnotations" not in request(CHANGES, to).edit
        assert "annotationId" not in str(request(CHANGES, to).edit)


def test_edits_are_minimal() -> None:
    made = request(EDITS_ONLY, HELIX)
    [edit] = made.edit["documentChanges"][0]["edits"]
    at = {"line": 1, "character": 4}
    assert edit == {"range": {"start": at, "end": {**at, "character": 5}}, "newText": "3"}


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 11), ("utf-16", 8), ("utf-32", 7)])
def test_places_behind_wide_characters(encoding: str, character: int) -> None:
    before = "'😀é' = 1\n".encode()
    changes = ChangeSet.of([FileChange(PATHS["edit.py"], before, before.replace(b"1", b"2"))])
    made = request(changes, HELIX, encoding=Encoding(encoding))
    [edit] = made.edit["documentChanges"][0]["edits"]
    assert edit["range"]["start"]["character"] == character


LINES = ["", "a", "b = 1", "😀", "é\t", "    x", "'''"]
TEXTS = st.lists(st.sampled_from(LINES), max_size=8).flatmap(
    lambda lines: st.lists(st.sampled_from(["\n", "\r\n"]), min_size=len(lines), max_size=len(lines)).map(
        lambda ends: "".join(line + end for line, end in zip(lines, ends, strict=True))
    )
)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(list(Encoding)))
def test_an_editor_that_applies_it_has_the_new_text(before: str, after: str, encoding: Encoding) -> None:
    """Judged by a second implementation of positions, which shares no code with the server."""
    if before == after:
        return
    changes = ChangeSet.of([FileChange(PATHS["open.py"], before.encode(), after.encode())])
    made = request(changes, HELIX, encoding=encoding)
    [operation] = made.edit["documentChanges"]
    assert apply_text_edits(before, operation["edits"], encoding.value) == after


def test_a_mark_that_no_editor_counts_does_not_shift_a_closed_file() -> None:
    before = b"\xef\xbb\xbfa = 1\n"
    changes = ChangeSet.of([FileChange(PATHS["edit.py"], before, before.replace(b"1", b"2"))])
    [edit] = request(changes, HELIX).edit["documentChanges"][0]["edits"]
    assert edit["range"]["start"] == {"line": 0, "character": 4}


@pytest.mark.parametrize(
    ("before", "after"), [(b"caf\xe9\n", b"caf\xe9\nx\n"), (b"x\n", b"caf\xe9\n"), (None, b"\xff\xfe\n")]
)
def test_what_is_not_utf8_is_not_sent(before: bytes | None, after: bytes) -> None:
    made = request(ChangeSet.of([FileChange(PATHS["edit.py"], before, after)]), HELIX)
    assert made.not_text == ("edit.py",)
    assert made.edit == {"documentChanges": []}


def test_moving_and_deleting_need_no_text() -> None:
    data = b"caf\xe9\n"
    moved = FileChange(PATHS["to.py"], data, data, moved_from=PATHS["from.py"])
    made = request(ChangeSet.of([moved, FileChange(PATHS["gone.py"], data, None)]), HELIX)
    assert shape(made) == ["delete gone.py", "rename to.py"]


def inserted(to: Editor, text: bytes) -> list[str]:
    """What is inserted into a created file."""
    made = request(ChangeSet.of([FileChange(PATHS["new.py"], None, text)]), to)
    return [e["newText"] for change in made.edit["documentChanges"] for e in change.get("edits", [])]


@pytest.mark.parametrize(
    ("text", "sent"),
    [(b"a\n", ["a"]), (b"a\n\n", ["a\n"]), (b"a\r\n", ["a"]), (b"a", ["a"]), (b"", [])],
)
def test_neovim_ends_the_last_line_of_a_new_file_itself(text: bytes, sent: list[str]) -> None:
    """Seen in 0.7.2, 0.10 and 0.12: inserted with its line end, the file is saved with one line end more."""
    neovim = replace(TAKES_ALL, ends_lines=NEOVIM_10.ends_lines)
    assert inserted(neovim, text) == sent
    assert inserted(TAKES_ALL, text) == [text.decode()][: len(text)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\n", b"a\nb\n"),
        (b"a\r\n", b"a\r\nb\r\nc\r\n"),
        (b"a\nb\nc\n", b"a\n"),
        (b"a\nb\n", b"A\n"),
        (b"a\nb\n", b"a\nB\n"),
        (b"\n\n", b"x\n\ny\n"),
    ],
)
def test_no_edit_reaches_behind_the_last_line_end_where_it_need_not(before: bytes, after: bytes) -> None:
    # Neovim 0.10 leaves an empty line there; `benchmarks.roundtrip` asks the real ones.
    lines = before.splitlines()
    edits = lsp_edits(before, after, Encoding.UTF16)
    assert edits
    assert all(edit["range"]["end"]["line"] < len(lines) for edit in edits)
    assert apply_text_edits(before.decode(), edits, "utf-16").encode() == after


@given(
    *[st.lists(st.sampled_from(["a", "b", "", "🙂"]), max_size=6)] * 2,
    *[st.sampled_from(["\n", "\r\n", "\r", ""])] * 2,
)
def test_edits_at_the_end_give_the_text_whatever_the_line_ends(
    old: list[str], new: list[str], one: str, other: str
) -> None:
    before, after = (one or "\n").join([*old, ""]) if one else "\n".join(old), other.join([*new, ""])
    assert (
        apply_text_edits(before, lsp_edits(before.encode(), after.encode(), Encoding.UTF16), "utf-16")
        == after
    )


def asked_edit(*, asks: bool) -> tuple[dict[str, bool], dict[str, str]]:
    """Which annotations need a yes, and the annotation of every operation by its file."""

    def uri_of(path: RelPath) -> str:
        return f"file:///w/{path}"

    old, kept = rel_path("old.py"), rel_path("kept.py")
    changes = ChangeSet.of([FileChange(old, b"x\n", None), FileChange(kept, b"a\n", b"b\n")])
    edit = workspace_edit(
        changes,
        replace(TAKES_ALL, annotations=True, previews=True),
        encoding=Encoding.UTF16,
        open_documents={},
        uri_of=uri_of,
        label="plan",
        doubts={old: "the file is deleted"},
        asks=asks,
    ).edit
    notes = {name: note["needsConfirmation"] for name, note in edit["changeAnnotations"].items()}
    used: dict[str, str] = {}
    for operation in edit["documentChanges"]:
        if operation.get("kind") == "delete":
            used["old.py"] = operation["annotationId"]
        elif operation["edits"][0]["newText"]:
            used["kept.py"] = operation["edits"][0]["annotationId"]
    return notes, used


def test_a_preview_opens_with_everything_ticked_but_the_doubtful() -> None:
    notes, used = asked_edit(asks=True)
    assert notes[used["old.py"]] is True
    assert notes[used["kept.py"]] is False
    assert sum(notes.values()) == 2, "the delete, and the one empty edit that opens the preview"


def test_what_was_reviewed_is_not_asked_about_again() -> None:
    notes, used = asked_edit(asks=False)
    assert not any(notes.values())
    assert set(used) == {"old.py", "kept.py"}
