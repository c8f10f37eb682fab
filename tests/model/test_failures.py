"""What a service's refusal means, row by row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent_ls.core.errors import ConfigError, ModelError
from agent_ls.model.failures import Failure, one_line, retry_after, understand
from agent_ls.model.protocol import ContextOverflowError

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def failure(status: int, kind: str = "", message: str = "words", **headers: str) -> Failure:
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return Failure(status, body, {k.replace("_", "-"): v for k, v in headers.items()}, "m", "host:443")


@pytest.mark.parametrize(
    ("given", "error", "retryable"),
    [
        (failure(401), ConfigError, None),
        (failure(403, "permission_error"), ConfigError, None),
        (failure(402, "billing_error"), ConfigError, None),
        (failure(404, "not_found_error", "model: m"), ConfigError, None),
        (failure(413, "request_too_large"), ContextOverflowError, False),
        (failure(400, message="prompt is too long: 2 > 1"), ContextOverflowError, False),
        (failure(400, message="maximum context length is 8192 tokens"), ContextOverflowError, False),
        (failure(400, "invalid_request_error"), ModelError, False),
        (failure(422), ModelError, False),
        (failure(302), ModelError, False),
        (failure(429), ModelError, True),
        (failure(500), ModelError, True),
        (failure(503), ModelError, True),
        (failure(529), ModelError, True),
        (failure(200, "overloaded_error"), ModelError, True),
        (failure(200, "api_error"), ModelError, True),
        (failure(200, "invalid_request_error"), ModelError, False),
        (failure(400, x_should_retry="true"), ModelError, True),
        (failure(429, x_should_retry="false"), ModelError, False),
    ],
)
def test_understanding(given: Failure, error: type[Exception], retryable: bool | None) -> None:
    meant = understand(given)
    assert type(meant) is error
    assert getattr(meant, "retryable", None) is retryable
    assert "words" in meant.what or given.message in meant.what
    assert meant.kept
    assert meant.remedy


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Sun, 22 Nov 2026 12:02:00 GMT"}, 120),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_words_of_strangers_are_made_safe() -> None:
    nasty = "<script>x()</script><b>Bad</b>\n\x1b[31mred\x07 \u202egpj.exe" + "y" * 1000
    line = one_line(nasty)
    assert line.startswith("Bad [31mred gpj.exe")
    assert len(line) == 300


@pytest.mark.parametrize("body", [None, "", "plain words", {"error": "words"}, {"message": "words"}, [1], 7])
def test_bodies_of_any_shape(body: object) -> None:
    meant = understand(Failure(500, body, {}, "m", "host:1"))
    assert meant.what.startswith("The model service at host:1 failed (500)")
