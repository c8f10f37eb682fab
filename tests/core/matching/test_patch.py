from agent_ls.core.matching import PatchedFile, Refused, apply_patch
from agent_ls.core.paths import rel_path

FILES = {"a.py": "one\ntwo\n", "b.py": "three\n", "old.py": "x\ny\n"}
A, B, NEW, OLD = (rel_path(p) for p in ("a.py", "b.py", "dir/new.py", "old.py"))


def patched(patch: str, shown: dict[str, str] | None = None):
    return apply_patch(lambda path: ((shown or FILES).get(path), FILES.get(path)), patch)


def check_refused(patch: str, part: str, shown: dict[str, str] | None = None) -> None:
    outcome = patched(patch, shown)
    assert isinstance(outcome, Refused)
    assert part in outcome.error


def test_add_update_delete_and_move_in_one_patch():
    patch = """\
*** Begin Patch
*** Add File: dir/new.py
+first
+
+last
*** Update File: a.py
@@
 one
-two
+zwei
*** Delete File: b.py
*** Update File: old.py
*** Move to: moved.py
@@
-x
+X
 y
*** End Patch"""
    assert patched(patch) == (
        PatchedFile(NEW, "first\n\nlast\n"),
        PatchedFile(A, "one\nzwei\n"),
        PatchedFile(B, None),
        PatchedFile(rel_path("moved.py"), "X\ny\n", moved_from=OLD),
    )


def test_a_move_without_a_change():
    patch = "*** Begin Patch\n*** Update File: old.py\n*** Move to: m.py\n*** End Patch"
    assert patched(patch) == (PatchedFile(rel_path("m.py"), "x\ny\n", moved_from=OLD),)


def test_one_file_that_fails_fails_all():
    check_refused(
        "*** Delete File: b.py\n*** Update File: a.py\n@@\n-absent\n+x\n", "a.py: The hunk was not found"
    )


def test_files_that_are_not_as_the_patch_says():
    check_refused("*** Add File: a.py\n+x\n", "exists already")
    check_refused("*** Delete File: none.py\n", "no such file")
    check_refused("*** Update File: none.py\n@@\n-a\n+b\n", "no such file")
    check_refused("*** Update File: a.py\n*** Move to: b.py\n@@\n-one\n+eins\n", "already stands")
    check_refused("*** Delete File: a.py\n", "changed the file", shown={"a.py": "before\n"})
    check_refused("*** Delete File: a.py\n*** Update File: a.py\n@@\n-one\n+x\n", "named twice")


def test_paths_out_of_the_workspace():
    check_refused("*** Add File: ../x\n+x\n", "leaves the workspace")
    check_refused("*** Update File: a.py\n*** Move to: /etc/x\n@@\n-one\n+x\n", "not relative")
