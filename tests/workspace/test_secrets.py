from __future__ import annotations

import pytest

from agent_ls.workspace.secrets import REMOVED, redact


@pytest.mark.parametrize(
    "secret",
    [
        "sk-ant-api03-" + "a1B2" * 12, "ghp_" + "a1B2" * 9, "github_pat_" + "a1B2" * 12, "glpat-" + "a1B2c" * 4,
        "AKIA" + "A1B2" * 4, "xoxb-123456789012-abcdef", "AIza" + "a1B2c" * 7, "npm_" + "a1B2" * 9,
        "hf_" + "a1B2" * 9, "sk_live_" + "a1B2" * 6,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmnop",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\ndef\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\ncut off here",
    ],
)  # fmt: skip
def test_known_formats_go(secret: str) -> None:
    assert redact(f"before {secret}") == (f"before {REMOVED}", 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://bob:hunter2@db/x", f"postgres://bob:{REMOVED}@db/x"),
        ("Authorization: Bearer abcdefghijklmnop", f"Authorization: Bearer {REMOVED}"),
        ('API_KEY = "0123456789abcdef"', f'API_KEY = "{REMOVED}"'),
        ("{'db_password': 'correct-horse-battery'}", f"{{'db_password': '{REMOVED}'}}"),
    ],
)
def test_what_stands_beside_a_telling_name_goes(text: str, expected: str) -> None:
    assert redact(text) == (expected, 1)


@pytest.mark.parametrize(
    "text",
    [
        "password = getpass()", "api_key = os.environ['API_KEY']", "def token(self): ...", "task-and-risk-assessment-for-all",
        "https://example.org/a@b", 'password = "short"', "see https://user:{password}@host",
        "commit 0123456789abcdef0123456789abcdef01234567",
    ],
)  # fmt: skip
def test_ordinary_code_stays(text: str) -> None:
    assert redact(text) == (text, 0)


def test_redacting_is_linear_in_hostile_text() -> None:
    text = (
        "password=" * 20_000
        + "a://" * 20_000
        + "-----BEGIN " * 2_000
        + "eyJ" * 20_000
        + "eyJaaaaaaaaaaaa-" * 60_000
    )
    assert redact(text)[1] == 0
