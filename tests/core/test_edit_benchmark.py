import benchmarks.edits
from agent_ls.core.matching import apply_edit


def test_the_benchmark_takes_the_engine_itself():
    assert benchmarks.edits.apply_edit is apply_edit


def test_one_request_of_each_kind():
    text = "a\nb\n"
    for edit in (
        {"type": "str_replace", "path": "x", "edits": [{"old_str": "b", "new_str": "c"}]},
        {
            "type": "apply_patch",
            "path": "x",
            "patch": "*** Begin Patch\n*** Update File: x\n@@\n-b\n+c\n*** End Patch",
        },
        {"type": "udiff", "path": "x", "diff": "--- a/x\n+++ b/x\n@@ -2 +2 @@\n-b\n+c\n"},
        {"type": "whole", "path": "x", "content": "a\nc\n"},
    ):
        request = {"id": "1", "path": "x", "before_text": text, "base_text": text, "edit": edit}
        assert benchmarks.edits.apply(request) == {"status": "applied", "after_text": "a\nc\n"}
    insert = {"type": "insert", "path": "x", "insert_line": 1, "insert_text": "n"}
    request = {"id": "1", "path": "x", "before_text": text, "base_text": text, "edit": insert}
    assert benchmarks.edits.apply(request) == {"status": "applied", "after_text": "a\nn\nb\n"}
    unknown = {"id": "1", "path": "x", "before_text": text, "base_text": text, "edit": {"type": "other"}}
    assert benchmarks.edits.apply(unknown) == {"status": "unsupported"}
