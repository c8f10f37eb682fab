"""The loopback model service as a process, for a command that is one as well."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faces.cli.kit import REPOSITORY
from tests.support.children import ended, first_line


@contextmanager
def model_service(folder: Path, turns: Sequence[Mapping[str, Any]], **more: Any) -> Iterator[str]:
    """Answers with these turns; yields its base URL. ``more``: see `tests.support.messages_server`."""
    script = folder / "service.json"
    script.write_text(json.dumps({"conversations": [{"turns": list(turns)}], **more}))
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.messages_server", "--script", str(script)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield f"http://127.0.0.1:{json.loads(first_line(child, 'the service'))['port']}"
    finally:
        child.kill()
        ended(child, "the service")
