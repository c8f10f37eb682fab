"""The environment of the agent worker: what it and its checks need, and nothing by default.

The model's keys go to this worker and to no other process of ours; what it starts in turn gets
an environment of `verify`'s own making.
"""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = frozenset(
    [
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM"),
        *("TMPDIR", "TMP", "TEMP", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "NVM_DIR", "NODE_EXTRA_CA_CERTS"),
        *("CARGO_HOME", "RUSTUP_HOME", "GOPATH", "GOROOT", "GOCACHE", "GOMODCACHE", "JAVA_HOME"),
    ]
)
_PREFIXES = ("LC_", "ANTHROPIC_", "AGENT_LS_")


def worker_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that the agent worker gets."""
    return {
        name: value for name, value in environ.items() if name.upper() in _NAMES or name.startswith(_PREFIXES)
    }
