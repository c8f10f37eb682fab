"""A hunk done anew: the attempt begins with the plan, and nothing beside the part changes."""

from __future__ import annotations

from pathlib import Path

from agent_ls.core.job import Intent, IntentKind, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.rework import Part
from tests.agent.attempts import OwnersEnd, call, edit, finish, read, stage, turn

CALC = RelPath("src/calc.py")


async def test_only_the_part_is_done_anew_and_the_rest_is_named(tmp_path: Path) -> None:
    source = stage(tmp_path)
    first = await source.run(OwnersEnd())
    turns = [
        turn(read("src/calc.py"), read("src/extra.py")),
        turn(
            edit("src/calc.py", "return a + b", "return sum((a, b))"),
            edit("src/calc.py", "return add(x, x)", "return 2 * x"),
            edit("src/extra.py", "THREE", "FOUR"),
            call("write_file", path="more.py", content="MORE = 1\n"),
            call("delete_file", path="src/app.py"),
        ),
        turn(finish()),
    ]
    intent = Intent(IntentKind.DELEGATE, "t", "x", rework=(Part(CALC, 1, 2),))
    again = stage(tmp_path / "again", turns, plan=first.files, intent=intent)
    for file in first.files:
        for digest in (file.before, file.after):
            if digest is not None:
                again.blobs.put(source.blobs.get(digest))
    outcome = await again.run(OwnersEnd())
    planned = source.texts(first.files)
    text = (planned["src/calc.py"] or "").replace("return a + b", "return sum((a, b))")
    assert again.texts(outcome.files) == {**planned, "src/calc.py": text}
    assert outcome.state is JobState.READY
    [note] = [n for n in outcome.evidence if n.startswith("left out")]
    assert note.endswith(": more.py, src/app.py, src/calc.py, src/extra.py")
