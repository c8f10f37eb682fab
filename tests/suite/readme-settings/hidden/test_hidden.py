import dataclasses
import pathlib
import re
import unittest
from settings import Settings

class Readme(unittest.TestCase):
    def test_the_table_says_what_the_code_says(self):
        text = pathlib.Path("README.md").read_text()
        rows = re.findall(r"^\| *`(\w+)` *\| *`?([^|`]+?)`? *\| *([^|]+?) *\|$", text, re.MULTILINE)
        wanted = [(f.name, f.default) for f in dataclasses.fields(Settings)]
        self.assertEqual([(name, eval(default)) for name, default, _ in rows], wanted)
        self.assertTrue(all(len(meaning) > 3 for _, _, meaning in rows))

    def test_the_rest_stays(self):
        text = pathlib.Path("README.md").read_text()
        for kept in ("# Relay", "Settings are fields of `Settings`:", "| name | default | meaning |", "Everything else is in the code."):
            self.assertIn(kept, text)
        self.assertEqual(Settings(), Settings("localhost", 8080, 2.5, 3, False))
