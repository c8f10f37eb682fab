from importer import config
from importer.parsing import parse


def check(line):
    """The parsed line; None for a bad one that is skipped."""
    try:
        return parse(line)
    except ValueError:
        if config.SKIP_BAD:
            return None
        raise
