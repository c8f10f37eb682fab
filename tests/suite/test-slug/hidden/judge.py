"""Runs the tests in tests/ on the real code, which must pass, and on mutants, each of which must fail."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

MODULE = 'slugs.py'
MUTANTS = [('[^a-z0-9]+', '[^a-z0-9]'), ('.strip("-")\n    made', '\n    made'), ('[:limit]', '[: limit - 1]'), ('.rstrip("-")', ''), ('.lower()', ''), ('    if not made:\n', '    if False:\n'), ('"NFKD"', '"NFC"'), ('limit: int = 40', 'limit: int = 60')]


def passes(source):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(".", f"{folder}/p", ignore=shutil.ignore_patterns("judge.py", "__pycache__"))
        pathlib.Path(folder, "p", MODULE).write_text(source)
        argv = [sys.executable, "-m", "unittest", "discover", "-s", "tests", "-t", "."]
        done = subprocess.run(argv, cwd=f"{folder}/p", capture_output=True, text=True)
        return done.returncode == 0 and "Ran 0 tests" not in done.stderr, done.stderr


real = ORIGINAL = 'import re\nimport unicodedata\n\n\ndef slug(text: str, limit: int = 40) -> str:\n    """A text as part of a URL: plain letters, digits and single hyphens, at most `limit` characters.\n\n    It never begins or ends with a hyphen. Raises ValueError where nothing is left.\n    """\n    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()\n    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")\n    made = made[:limit].rstrip("-")\n    if not made:\n        raise ValueError(f"nothing is left of {text!r}")\n    return made\n'
good, said = passes(real)
if not good:
    sys.exit(f"the tests fail on the code as it is:\n{said}")
for old, new in MUTANTS:
    assert real.count(old) == 1, old
    if passes(real.replace(old, new))[0]:
        sys.exit(f"the tests do not notice that {old!r} became {new!r}")
