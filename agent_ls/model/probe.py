"""Asking a configured service whether it would answer, with the standard library only.

For `doctor`, which runs where the SDK must not be imported. One small request that costs no
tokens: the look-up of the model.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import IO, cast
from urllib.parse import quote

from agent_ls.core.errors import AgentLsError, ConfigError, ModelError
from agent_ls.model.configured import Source, checked_base_url, is_loopback, service_place
from agent_ls.model.failures import Failure, one_line, understand, without

_API_VERSION = "2023-06-01"
_MAX_ANSWER = 100_000


async def probe(
    source: Source, environ: Mapping[str, str], model: str, deadline_s: float = 5.0
) -> AgentLsError | None:
    """``None`` where the service knows the key and the model; else what is wrong, with the remedy.

    A service that has no list of models (some local servers) counts as reached. Never raises.
    """
    try:
        base_url = checked_base_url(source.base_url)
    except ConfigError as error:
        return error
    key = environ.get(source.credential, "")
    return await asyncio.to_thread(_ask, base_url, key, model, deadline_s)


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the key is for the configured address only."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002 - the signature of the base class
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None


def _ask(base_url: str, key: str, model: str, deadline_s: float) -> AgentLsError | None:
    headers = {"anthropic-version": _API_VERSION} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(f"{base_url}/v1/models/{quote(model, safe='')}", headers=headers)  # noqa: S310 - the scheme is checked
    place = service_place(base_url)
    proxies: list[urllib.request.BaseHandler] = (
        [urllib.request.ProxyHandler({})] if is_loopback(base_url) else []
    )
    try:
        with urllib.request.build_opener(_StayHere, *proxies).open(request, timeout=deadline_s) as answer:
            return _listed(cast("bytes", answer.read(_MAX_ANSWER)), place)
    except urllib.error.HTTPError as error:
        with error:
            body = without(error.read(_MAX_ANSWER).decode("utf-8", "replace"), (key,) if key else ())
        return _refused(Failure(error.code, _json(body), dict(error.headers.items()), model, place))
    except (OSError, http.client.HTTPException) as error:
        return _unreachable(error, place)


def _listed(answer: bytes, place: str) -> AgentLsError | None:
    if isinstance(_json(answer.decode("utf-8", "replace")), dict):
        return None
    return ModelError(
        f"{place} answered with something else than a model service does",
        remedy="If this network has a sign-in page, open it in a browser; otherwise check ANTHROPIC_BASE_URL",
    )


def _refused(failure: Failure) -> AgentLsError | None:
    if failure.status in (404, 405) and not failure.kind:
        return None  # no such look-up there, but a server
    return understand(failure)


def _unreachable(error: Exception, place: str) -> AgentLsError:
    reason: object = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return ConfigError(
            f"The certificate of {place} cannot be verified",
            remedy="Behind a proxy that opens TLS, name its certificates in SSL_CERT_FILE",
        )
    return ModelError(
        f"The model service at {place} cannot be reached ({one_line(str(reason))})",
        remedy="Check the network, the proxy settings and ANTHROPIC_BASE_URL",
        retryable=True,
    )


def _json(text: str) -> object:
    try:
        return cast("object", json.loads(text))
    except ValueError:
        return text
