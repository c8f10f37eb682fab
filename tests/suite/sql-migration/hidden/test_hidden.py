import pathlib
import sqlite3
import unittest
import migrate

class Migration(unittest.TestCase):
    def setUp(self):
        self.db = sqlite3.connect(":memory:")
        folder = pathlib.Path("migrations")
        self.db.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY)")
        for name in ("001_customers.sql", "002_orders.sql"):
            self.db.executescript((folder / name).read_text())
            self.db.execute("INSERT INTO migrations VALUES (?)", (name,))
        rows = [(1, "A", "Main St 1, Ulm"), (2, "B", None), (3, "C", ""), (4, "D", " Hill "), (5, "E", "x ,  y")]
        self.db.executemany("INSERT INTO customers VALUES (?, ?, ?)", rows)
        self.db.execute("INSERT INTO orders VALUES (1, 1, 7)")

    def test_rows_move(self):
        self.assertEqual([name[:3] for name in migrate.migrate(self.db)], ["003"])
        found = self.db.execute("SELECT customer_id, street, city FROM addresses ORDER BY customer_id").fetchall()
        self.assertEqual(found, [(1, "Main St 1", "Ulm"), (4, "Hill", ""), (5, "x", "y")])
        columns = [row[1] for row in self.db.execute("PRAGMA table_info(customers)")]
        self.assertEqual(columns, ["id", "name"])
        self.assertEqual(self.db.execute("SELECT * FROM customers").fetchall(), list(zip(range(1, 6), "ABCDE")))
        self.assertEqual(self.db.execute("SELECT * FROM orders").fetchall(), [(1, 1, 7)])
        self.assertEqual(migrate.migrate(self.db), [])
        refers = self.db.execute("PRAGMA foreign_key_list(addresses)").fetchall()
        self.assertEqual([(row[2], row[3]) for row in refers], [("customers", "customer_id")])

    def test_from_nothing(self):
        self.assertEqual(len(migrate.migrate(sqlite3.connect(":memory:"))), 3)
