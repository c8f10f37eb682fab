import pathlib
import unittest
import app
from app.audit import line
from app.greet import greet
from app.report import names

class Renamed(unittest.TestCase):
    def test_the_old_name_is_gone(self):
        for path in pathlib.Path().rglob("*"):
            if path.suffix in (".py", ".md") and path.name != "test_hidden.py":
                self.assertNotIn("get_" + "usr", path.read_text(), path)
        self.assertIn("user_name", pathlib.Path("README.md").read_text())

    def test_everything_works(self):
        self.assertEqual(app.user_name(1), "ada")
        self.assertEqual(app.__all__, ["user_name"])
        self.assertEqual((greet(1), line(2), line(3), names([2, 1])), ("hello ada", "by bob", "by #3", ["ada", "bob"]))
