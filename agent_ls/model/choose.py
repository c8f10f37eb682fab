"""From what is configured to the model itself. Only the agent worker comes here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agent_ls.core.errors import ConfigError
from agent_ls.model.configured import SourceKind, configured, not_configured
from agent_ls.model.protocol import Model
from agent_ls.model.script import read_script
from agent_ls.model.scripted import Scripted

if TYPE_CHECKING:
    from agent_ls.model.claude import Wire


def choose(
    environ: Mapping[str, str], *, base_url: str = "", idle_s: float = 60.0, wire: Wire | None = None
) -> Model:
    """The configured model; the caller closes it.

    Args:
        environ: Holds the keys; see `configured`.
        base_url: The user's setting, used where ``ANTHROPIC_BASE_URL`` is not set.
        idle_s: Longest silence between two bytes of an answer.
        wire: Hears every byte sent and received (`Claude` only: a script sends nothing).

    Raises:
        ConfigError: nothing is configured, the script cannot be read, or the base URL is none.

    The first service costs the import of the SDK, about one CPU second.
    """
    source = configured(environ, base_url)
    match source.kind:
        case SourceKind.NONE:
            raise not_configured()
        case SourceKind.SCRIPT:
            return Scripted(read_script(_script_text(source.script), source.script))
        case SourceKind.SERVICE:
            from agent_ls.model.claude import Claude  # noqa: PLC0415 - see above

            key = source.credential == "ANTHROPIC_API_KEY"
            return Claude(
                api_key=environ.get("ANTHROPIC_API_KEY", ""),
                auth_token="" if key else environ.get("ANTHROPIC_AUTH_TOKEN", ""),
                base_url=source.base_url,
                idle_s=idle_s,
                wire=wire,
            )


def _script_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The script {path} cannot be read: {error}", remedy="Correct or unset AGENT_LS_SCRIPT"
        ) from error
