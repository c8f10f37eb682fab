import pathlib
import sqlite3


def migrate(db: sqlite3.Connection) -> list[str]:
    """Run what was not run yet; returns the names."""
    db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
    known = {name for (name,) in db.execute("SELECT name FROM migrations")}
    made = []
    for path in sorted(pathlib.Path(__file__).with_name("migrations").glob("*.sql")):
        if path.name not in known:
            db.executescript(path.read_text())
            db.execute("INSERT INTO migrations VALUES (?)", (path.name,))
            made.append(path.name)
    db.commit()
    return made
