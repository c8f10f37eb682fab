import pathlib
import unittest

class Own(unittest.TestCase):
    def test_there_are_tests_of_undo(self):
        texts = "".join(p.read_text() for p in pathlib.Path("tests").rglob("test_*.py"))
        self.assertIn(".undo()", texts)
