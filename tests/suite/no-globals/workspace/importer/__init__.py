from importer.config import configure
from importer.running import run

__all__ = ["configure", "run"]
