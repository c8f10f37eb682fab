"""Secrets by content: what no request, log or journal may hold, whatever file it came from."""

from __future__ import annotations

import re

REMOVED = "[secret removed]"

_KEY_BLOCK = (
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
    r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
_WHOLE = (
    _KEY_BLOCK,
    r"\bsk-(?:ant-|proj-|live-|test-)?[A-Za-z0-9_-]{20,}",
    r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}",
    r"\bgh[pousr]_[A-Za-z0-9]{30,}",
    r"\bgithub_pat_[A-Za-z0-9_]{40,}",
    r"\bglpat-[A-Za-z0-9_-]{20,}",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b",
    r"\bAIza[A-Za-z0-9_-]{35}",
    r"\bya29\.[A-Za-z0-9_-]{20,}",
    r"\bnpm_[A-Za-z0-9]{36}\b",
    r"\bpypi-[A-Za-z0-9_-]{50,}",
    r"\bhf_[A-Za-z0-9]{30,}",
    r"\bdop_v1_[a-f0-9]{64}\b",
    r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"\beyJ[A-Za-z0-9_-]{10,8000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{10,}",
)
_TELLING = (
    "api_?key|secret_?key|access_?key|auth_?token|access_?token|private_?key|client_?secret|passwd|password"
)
_PARTS = (
    # user:password@ in a URL, an Authorization header, a quoted value for a name that says it all
    r"(?P<url>\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"]{1,80}:)[^\s@/'\"$<{]{3,200}(?=@)",
    r"(?P<auth>(?i:\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+))[A-Za-z0-9+/=._~-]{12,}",
    rf"(?P<name>(?i:(?:{_TELLING})[\"']?\s*[:=]\s*[\"']))[^\s\"'$<{{}}()]{{12,200}}(?=[\"'])",
)
_SECRET = re.compile("|".join((*_WHOLE, *_PARTS)))
_KEYS = re.compile(_KEY_BLOCK)
_LINE_END = re.compile(r"\r\n?|\n")


def redact_keys(text: str) -> str:
    """The text without its private key blocks, every other line where it was.

    For texts of which only some lines are shown: from the middle of a key nothing tells that it is one.
    """
    if "PRIVATE KEY" not in text:
        return text
    return _KEYS.sub(lambda match: REMOVED + "\n" * len(_LINE_END.findall(match[0])), text)


def redact(text: str) -> tuple[str, int]:
    """Replace what looks like a secret by ``[secret removed]``; also how many there were.

    Known key formats, private key blocks, passwords in URLs, and quoted values assigned to
    telling names. What precedes the secret stays, so that the text is still understood.
    """

    def replaced(match: re.Match[str]) -> str:
        before = match.group("url") or match.group("auth") or match.group("name") or ""
        return before + REMOVED

    return _SECRET.subn(replaced, text)
