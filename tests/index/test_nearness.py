from __future__ import annotations

from agent_ls.core.paths import RelPath
from agent_ls.index.nearness import called, kin, near_by, nearest, places

PATHS = tuple(
    RelPath(path)
    for path in (
        "README.md",
        "lib/mail/queue.py",
        "lib/mail/send.py",
        "lib/mail/send_queue.py",
        "lib/paint/canvas.py",
        "tests/mail/test_send.py",
    )
)
SEND = RelPath("lib/mail/send.py")


def test_a_test_and_what_it_tests_have_one_name() -> None:
    found = kin(SEND, places(PATHS))
    assert found[RelPath("tests/mail/test_send.py")] == 1.0
    assert 0 < found[RelPath("lib/mail/send_queue.py")] < 1
    assert SEND not in found
    assert RelPath("lib/paint/canvas.py") not in found


def test_a_word_of_many_names_makes_less_kin() -> None:
    common = (*PATHS, *(RelPath(f"lib/{n}/send_{n}.py") for n in ("a1", "b2", "c3")))
    other = RelPath("lib/mail/send_queue.py")
    queue = RelPath("lib/mail/queue.py")
    assert kin(other, places(common))[queue] > kin(other, places(PATHS))[queue]


def test_the_nearest_lie_in_the_same_folders() -> None:
    found = nearest(SEND, places(PATHS), 2)
    assert set(found) >= {"lib/mail/queue.py", "lib/mail/send_queue.py"}
    assert "README.md" not in found
    assert found == near_by(SEND, found)
    assert set(nearest(SEND, places(PATHS), 99)) == set(PATHS) - {SEND}


def test_a_name_that_the_request_has() -> None:
    found = called({"canvas": 1.0, "mail": 1.0}, places(PATHS), SEND)
    assert max(found, key=lambda path: found[path]) == "lib/paint/canvas.py"
    assert SEND not in found
    assert SEND in called({"mail": 1.0}, places(PATHS), None)
