"""A Dask cluster on this machine, over TLS: ``python -m tests.support.dask_cluster FOLDER NODES``.

Prints one JSON line with the settings of ``[cluster]`` and runs until its stdin ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from distributed import LocalCluster
from distributed.security import Security


def main() -> None:
    folder = Path(sys.argv[1])
    security = Security.temporary()
    roles = security.get_tls_config_for_role("client")
    made = {"tls_ca": roles["ca_file"], "tls_cert": roles["cert"], "tls_key": roles["key"]}
    settings = {}
    for name, text in made.items():
        (folder / name).write_text(text)
        settings[name] = str(folder / name)
    with LocalCluster(
        n_workers=int(sys.argv[2]),
        threads_per_worker=2,
        host="127.0.0.1",
        protocol="tls://",
        security=security,
        resources={"agent-ls": 1},
        dashboard_address=None,
        local_directory=str(folder),
    ) as cluster:
        print(json.dumps({"scheduler": cluster.scheduler_address, **settings}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
