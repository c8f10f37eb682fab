"""The user's word in a running editor: what it covers holds from that moment on."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from agent_ls.faces.cli.editor import Editor

SOURCE = Path(__file__).parents[3]


async def test_the_projects_settings_come_and_go_with_the_word(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    root.mkdir()
    (root / "a.txt").write_text("x\n")
    (root / ".agent-ls.toml").write_text('[[prompts]]\ntitle = "House verb"\ntask = "Do it."\n')
    folders = {f"AGENT_LS_{kind}_DIR": str(tmp_path / kind) for kind in ("STATE", "CONFIG", "CACHE")}
    editor = await Editor.start(
        [sys.executable, "-P", "-m", "agent_ls"],
        root,
        env={
            **folders,
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(SOURCE),
            "ANTHROPIC_API_KEY": "k",
        },
    )

    async def menu_is(*expected: str) -> None:
        async with asyncio.timeout(60):
            while [a["title"] for a in await editor.menu(buffer, 0)] != list(expected):
                await asyncio.sleep(0.02)  # the editor is asked for its own settings first

    try:
        buffer = editor.open("a.txt", "plaintext")
        await menu_is("Delegate …")
        await editor.command("agentLs.trust", {"uri": root.as_uri(), "trusted": True})
        await menu_is("Delegate …", "House verb")
        await editor.command("agentLs.trust", {"uri": root.as_uri(), "trusted": False})
        await menu_is("Delegate …")
    finally:
        await editor.close()
