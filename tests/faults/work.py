"""Long realistic jobs as scripts: reading, thinking, editing, checking, for any number of turns."""

from __future__ import annotations

import random
from typing import Any

from tests.agent.attempts import call, edit, finish, say, turn

Json = dict[str, Any]
MODULES = 12


def project(lines: int = 160, modules: int = MODULES) -> dict[str, str]:
    """A small package: each module has functions that call the next one's, and a counter that jobs raise."""
    files = {"README.md": "# relay\n\nModules that call each other.\n", "src/relay/__init__.py": ""}
    for number in range(modules):
        functions = "".join(
            f"def step_{n}(value: int) -> int:\n    # Step {n} of stage {number}: scaled, then checked.\n"
            f"    scaled = value * {n + 2} + COUNT\n    return scaled if scaled > 0 else -scaled\n\n\n"
            for n in range(lines // 6)
        )
        files[f"src/relay/stage{number}.py"] = f'"""Stage {number}."""\n\nCOUNT = 0\n\n\n{functions}'
    return files


def think(number: int, words: int = 60) -> Json:
    thought = " ".join(f"consider stage {number} again {word}" for word in range(words // 5))
    return {"type": "thinking", "thinking": thought, "signature": f"c2ln{number}"}


def turns(count: int, seed: int = 1, *, name: str = "", modules: int = MODULES) -> list[Json]:
    """As many turns: about half read or search, the others edit a counter; the last one finishes."""
    chance, counts, out = random.Random(seed), [0] * modules, []
    seen: set[int] = set()
    for number in range(count - 1):
        at = chance.randrange(modules)
        path = f"src/relay/stage{at}.py"
        if number == 0:
            made = call("write_file", path="NOTES.md", content="# Notes\n")  # each job has something to show
        elif at in seen and chance.random() < 0.6:
            made = edit(path, f"COUNT = {counts[at]}\n", f"COUNT = {counts[at] + 1}\n")
            counts[at] += 1
        elif chance.random() < 0.6:
            start = 1 if at not in seen else chance.randrange(1, 100)
            made = call("read_file", path=path, start_line=start, end_line=start + 50)
            seen.add(at)
        else:
            made = call("search_text", pattern=f"stage {at}:", regex=False, ignore_case=False, glob=None)
        out.append(turn(think(number), say(f"Next I look at stage {at}."), made))
    out.append(turn(finish("All counters are raised.")))
    for number, one in enumerate(out):
        for block in one["content"]:
            if block["type"] == "tool_use":
                block["id"] = f"toolu_{name}{number}"
    return out


def counts_after(script: list[Json]) -> dict[str, str]:
    """By path, the counter's line in the end."""
    last: dict[str, str] = {}
    for one in script:
        for block in one["content"]:
            if block.get("name") == "edit_file":
                last[block["input"]["path"]] = block["input"]["edits"][0]["new_str"]
    return last
