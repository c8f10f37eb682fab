"""The environments of our own workers: what they need, and nothing by default.

The model's keys go to the agent worker and to no other process; what that starts in turn gets an
environment of `verify`'s own making.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from agent_ls.core.attempt import KEY_COMMAND
from agent_ls.core.settings import Settings

_CREDENTIALS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")

_NAMES = frozenset(
    [
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM"),
        *("TMPDIR", "TMP", "TEMP", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"),
        *("VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "NVM_DIR"),
        *("CARGO_HOME", "RUSTUP_HOME", "GOPATH", "GOROOT", "GOCACHE", "GOMODCACHE", "JAVA_HOME"),
    ]
)
_NETWORK = frozenset(
    [
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
    ]
)


def worker_environment(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """What the agent worker gets: with the model's keys and the way to it.

    Where the user's settings name a command that prints the key and the environment has none, the
    worker gets that command (`KEY_COMMAND`, a JSON list) and everything that the user's own
    password store may need; it runs it when a model is first needed. The key is in no other process.
    """
    command = settings.models.api_key_command
    by_command = bool(command) and not any(environ.get(name) for name in _CREDENTIALS)
    made = {
        name: value
        for name, value in environ.items()
        if by_command or _plain(name) or name.upper() in _NETWORK or name.startswith("ANTHROPIC_")
    }
    if by_command:
        made[KEY_COMMAND] = json.dumps(command)
    if settings.models.base_url:
        made.setdefault("ANTHROPIC_BASE_URL", settings.models.base_url)
    return made


def indexer_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What the indexer gets: no keys, no network."""
    return {name: value for name, value in environ.items() if _plain(name)}


def _plain(name: str) -> bool:
    return name.upper() in _NAMES or (name.startswith(("LC_", "AGENT_LS_")) and name != KEY_COMMAND)
