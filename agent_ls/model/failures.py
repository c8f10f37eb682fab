"""What a failing model service means: status, error type and words to one of our errors.

Pure: no SDK, so that every row can be tested as a value. Error messages of services are words
of strangers: cut to one short line, without control characters and without our keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast, final

from agent_ls.core.errors import AgentLsError, ConfigError, ModelError
from agent_ls.model.protocol import ContextOverflowError

KEPT = "Nothing of the unfinished answer was used; the draft is as it was before this turn"

_TRANSIENT_STATUS = frozenset({408, 409, 425, 429})
_TRANSIENT_TYPES = frozenset({"overloaded_error", "rate_limit_error", "api_error", "timeout_error"})
_OVERFLOW = re.compile(
    r"prompt is too long|exceeds? (the )?(available |maximum )?context|context[_ ]length|context window"
    r"|maximum context|input is too long|too many (input )?tokens",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)


@final
@dataclass(frozen=True, slots=True)
class Failure:
    """A service's refusal. ``body`` is decoded JSON or text; ``place`` is the service's ``host:port``."""

    status: int
    body: object
    headers: Mapping[str, str]
    model: str
    place: str

    @property
    def kind(self) -> str:
        """The service's own name of the error, such as ``overloaded_error``; ``""`` where it has none."""
        return str(_error_of(self.body).get("type") or "")

    @property
    def message(self) -> str:
        """The service's words in one short line."""
        error = _error_of(self.body)
        return one_line(str(error.get("message") or "") if error else str(self.body or ""))


def _error_of(body: object) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        return {}
    outer = cast("Mapping[str, Any]", body)
    error: object = outer.get("error")
    if isinstance(error, Mapping):
        return cast("Mapping[str, Any]", error)
    return {"message": error} if isinstance(error, str) else outer


def one_line(text: str, limit: int = 300) -> str:
    """A stranger's words, safe to show: no markup, no control or direction characters, not long."""
    line = " ".join(_CONTROL.sub(" ", _MARKUP.sub(" ", text[:20_000])).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def without(text: str, secrets: Sequence[str]) -> str:
    """The text with every occurrence of a key blanked: services like to quote the key they refuse."""
    for secret in secrets:
        text = text.replace(secret, "[key removed]")
    return text


def understand(failure: Failure) -> AgentLsError:
    """The error that says what happened, what was kept, and what to do next."""
    status, said = failure.status, failure.message
    quoted = f": {said}" if said else ""
    if status in (401, 403) or failure.kind in ("authentication_error", "permission_error"):
        return ConfigError(
            f"The model service at {failure.place} refused the key ({status}{quoted})",
            kept="Nothing was changed",
            remedy="Set ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN) to a key that may use this model",
        )
    if status == 402 or failure.kind == "billing_error":
        return ConfigError(
            f"The model service at {failure.place} wants its bill settled ({status}{quoted})",
            kept="Nothing was changed",
            remedy="Add credit to the account, or use another key",
        )
    if status == 404:
        return _not_found(failure, quoted)
    if status == 413 or (status in (400, 422) and _OVERFLOW.search(said)):
        return ContextOverflowError(
            f"The conversation no longer fits the window of {failure.model}{quoted}",
            kept=KEPT,
            remedy="Give the task in smaller parts, or choose a model with a larger window",
        )
    if _transient(failure):
        return _later(failure, quoted)
    return ModelError(
        f"The model service at {failure.place} refused the request ({status}{quoted})",
        kept=KEPT,
        remedy="See `agent-ls jobs log --wire` for what was sent",
    )


def _not_found(failure: Failure, quoted: str) -> AgentLsError:
    if failure.kind == "not_found_error" or failure.model in failure.message or "model" in failure.message:
        return ConfigError(
            f"The service at {failure.place} has no model {failure.model!r} (404{quoted})",
            kept="Nothing was changed",
            remedy="Choose another with AGENT_LS_MODEL or the setting agentLs.models.work",
        )
    return ConfigError(
        f"There is no Messages API at {failure.place} (404{quoted})",
        kept="Nothing was changed",
        remedy="Check ANTHROPIC_BASE_URL: it is the part of the address before /v1/messages",
    )


def _transient(failure: Failure) -> bool:
    # The service's own word counts more than the table.
    wish = failure.headers.get("x-should-retry", "")
    if wish in ("true", "false"):
        return wish == "true"
    return failure.status in _TRANSIENT_STATUS or failure.status >= 500 or failure.kind in _TRANSIENT_TYPES


def _later(failure: Failure, quoted: str) -> ModelError:
    if failure.status == 429 or failure.kind == "rate_limit_error":
        what = f"The model service at {failure.place} limits the rate of requests"
    elif failure.status == 529 or failure.kind == "overloaded_error":
        what = f"The model service at {failure.place} is overloaded"
    else:
        what = f"The model service at {failure.place} failed ({failure.status})"
    return ModelError(
        what + quoted,
        kept=KEPT,
        remedy="The turn can be asked for again",
        retryable=True,
        retry_after_s=retry_after(failure.headers, datetime.now(UTC)),
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the service asks to wait; ``None`` where it does not say, or not intelligibly."""
    in_ms = _number(headers.get("retry-after-ms", ""))
    if in_ms is not None:
        return in_ms / 1000
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        return None


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d+)?", text.strip()) else None
