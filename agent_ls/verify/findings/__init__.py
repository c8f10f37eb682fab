"""What a check's output says went wrong, as values: one room per family of tools."""

from agent_ls.verify.findings.excerpts import with_excerpts
from agent_ls.verify.findings.read import Findings, read_findings

__all__ = ["Findings", "read_findings", "with_excerpts"]
