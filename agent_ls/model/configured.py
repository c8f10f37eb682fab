"""Whether a model is configured, and which: a value, without the SDK and without asking anybody.

The server and the command line look here (the menu holds "Connect a model …" where nothing is
configured); only the agent worker goes on to `choose`, which builds the model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import final
from urllib.parse import urlsplit

from agent_ls.core.attempt import ModelChoice
from agent_ls.core.errors import ConfigError

DEFAULT_BASE_URL = "https://api.anthropic.com"

DEFAULT_MODEL = "claude-sonnet-5-5"
"""The model of the default service where nothing names one."""


class SourceKind(StrEnum):
    """Where turns come from."""

    NONE = "none"
    SCRIPT = "script"
    SERVICE = "service"


@final
@dataclass(frozen=True, slots=True)
class Source:
    """What is configured. ``script`` is a path, ``base_url`` is ``""`` for the default service.

    Never holds a key, so that it can be shown and logged; ``credential`` says which one is used.
    """

    kind: SourceKind
    script: str = ""
    base_url: str = ""
    credential: str = ""

    @property
    def sentence(self) -> str:
        """For people: what will be asked."""
        match self.kind:
            case SourceKind.SCRIPT:
                return "scripted turns, no model was called"
            case SourceKind.SERVICE:
                return f"{service_place(self.base_url or DEFAULT_BASE_URL)} with {self.credential}"
            case SourceKind.NONE:
                return "no model is configured"


def configured(environ: Mapping[str, str], base_url: str = "") -> Source:
    """What the environment configures. ``base_url``: the user's setting, used where the variable is not set.

    A script wins over everything: whoever sets it wants no model to be called.
    """
    script = environ.get("AGENT_LS_SCRIPT", "")
    if script:
        return Source(SourceKind.SCRIPT, script=script)
    url = environ.get("ANTHROPIC_BASE_URL", "") or base_url
    for credential in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        if environ.get(credential):
            return Source(SourceKind.SERVICE, base_url=url, credential=credential)
    if url:  # a local server needs no key
        return Source(SourceKind.SERVICE, base_url=url, credential="no key")
    return Source(SourceKind.NONE)


def checked_base_url(base_url: str) -> str:
    """The address before ``/v1/messages``, the default service's for ``""``; a trailing ``/v1`` is forgiven.

    Raises:
        ConfigError: it is no HTTP address.
    """
    text = (base_url or DEFAULT_BASE_URL).strip()
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"{text[:100]!r} is not the address of a model service",
            remedy="Set ANTHROPIC_BASE_URL to something like http://localhost:11434, or unset it",
        )
    return text.rstrip("/").removesuffix("/v1")


def is_loopback(base_url: str) -> bool:
    """Whether the address is this machine's own."""
    return urlsplit(base_url).hostname in ("localhost", "127.0.0.1", "::1")


def service_place(base_url: str) -> str:
    """``host:port`` for people; a user and password in the address stay out of it."""
    parts = urlsplit(base_url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def not_configured() -> ConfigError:
    """The error of everything that needs a model where there is none: names the three ways to one."""
    return ConfigError(
        "No model is configured",
        kept="Nothing was changed; `agent-ls run`, renames and the index work without one",
        remedy="Set ANTHROPIC_API_KEY; or ANTHROPIC_BASE_URL (and ANTHROPIC_AUTH_TOKEN) for a gateway; or"
        " ANTHROPIC_BASE_URL alone for a local server such as http://localhost:11434"
        " (`agent-ls doctor` lists those it finds)",
    )


def model_names(choice: ModelChoice, environ: Mapping[str, str]) -> ModelChoice:
    """The choice with every tier named.

    ``AGENT_LS_MODEL`` wins over the setting of the work tier; a tier that is left open is the work tier.
    """
    work = environ.get("AGENT_LS_MODEL", "") or choice.work or DEFAULT_MODEL
    return dataclasses.replace(
        choice, work=work, explain=choice.explain or work, escalate=choice.escalate or work
    )
