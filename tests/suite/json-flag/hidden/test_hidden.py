import json
import subprocess
import sys
import unittest

class Count(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name, text in (("one.txt", "a b\nc\n"), ("two.txt", "d e f")):
            with open(name, "w") as file:
                file.write(text)

    def run_it(self, *words):
        done = subprocess.run([sys.executable, "count.py", *words], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def test_words_as_before(self):
        self.assertEqual(self.run_it("one.txt", "two.txt"), (0, "2 3 one.txt\n1 3 two.txt\n", ""))

    def test_json(self):
        code, out, err = self.run_it("--json", "one.txt", "two.txt")
        files = [{"name": "one.txt", "lines": 2, "words": 3}, {"name": "two.txt", "lines": 1, "words": 3}]
        self.assertEqual((code, json.loads(out), err), (0, {"files": files, "lines": 3, "words": 6}, ""))

    def test_a_missing_file(self):
        for flag in ((), ("--json",)):
            code, out, err = self.run_it(*flag, "nowhere.txt", "one.txt")
            self.assertEqual(code, 1)
            self.assertIn("nowhere.txt", err)
            self.assertNotIn("Traceback", err)
            self.assertNotIn("nowhere.txt", out)
            self.assertIn("one.txt", out)
