from importer.checks import check
from importer.reading import read


def run(path):
    rows = (check(line) for line in read(path))
    return dict(row for row in rows if row is not None)
