"""The Neovim plugin's own specs, inside real Neovims, against a fake server written in Lua.

Not part of the default test command: it needs Neovim 0.10 or newer. ``AGENT_LS_NEOVIMS`` names the
programs, separated by ``:``; ``editors/get-neovim.sh`` gets them and ``.ci/editors.sh`` runs all.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.editors.support import NVIM_PLUGIN, headless, neovims

HERE = Path(__file__).parent / "nvim"
SPECS = sorted(path.name.removesuffix("_spec.lua") for path in HERE.glob("*_spec.lua"))


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
@pytest.mark.parametrize("spec", SPECS)
def test_spec(spec: str, nvim, tmp_path: Path) -> None:
    done = headless(
        nvim.program,
        tmp_path,
        HERE / "run.lua",
        plugin=NVIM_PLUGIN,
        AGENT_LS_SPEC=str(HERE / f"{spec}_spec.lua"),
    )
    assert done.returncode == 0, done.stdout
    assert "ok " in done.stdout


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_help_tags_are_sound(nvim, tmp_path: Path) -> None:
    """Every tag is unique and every ``|link|`` of the help file leads somewhere."""
    script = tmp_path / "help.lua"
    script.write_text(
        f"""
vim.cmd("helptags {NVIM_PLUGIN / "doc"}")
for line in io.lines("{NVIM_PLUGIN / "doc" / "agent-ls.txt"}") do
  for link in line:gmatch("|([^| ]+)|") do
    if not pcall(vim.cmd.help, link) then io.stdout:write("dead link " .. link .. "\\n") vim.cmd("cquit 1") end
  end
end
vim.cmd("qall!")
""",
        "utf-8",
    )
    tags = NVIM_PLUGIN / "doc" / "tags"
    try:
        done: subprocess.CompletedProcess[str] = headless(nvim.program, tmp_path, script, plugin=NVIM_PLUGIN)
    finally:
        tags.unlink(missing_ok=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_nothing_is_loaded_before_the_first_file(nvim, tmp_path: Path) -> None:
    """A plugin that costs at start is thrown out of start-up."""
    script = tmp_path / "lazy.lua"
    script.write_text(
        """
local loaded = vim.tbl_filter(function(name) return name:match("^agent_ls") end, vim.tbl_keys(package.loaded))
if vim.fn.exists(":Agent") ~= 2 or #loaded > 0 then
  io.stdout:write(vim.inspect(loaded) .. "\\n")
  vim.cmd("cquit 1")
end
vim.cmd("qall!")
""",
        "utf-8",
    )
    done = headless(nvim.program, tmp_path, script, plugin=NVIM_PLUGIN)
    assert done.returncode == 0, done.stdout
