import os
import subprocess
import tempfile
import unittest

class Backup(unittest.TestCase):
    def run_it(self, names):
        base = tempfile.mkdtemp()
        source, target = os.path.join(base, "my source"), os.path.join(base, "my target")
        os.makedirs(target)
        for name in names:
            path = os.path.join(source, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(name)
        os.makedirs(source, exist_ok=True)
        done = subprocess.run(["sh", "backup.sh", source, target], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip(), sorted(os.listdir(target))

    def test_copies(self):
        self.assertEqual(self.run_it(["a.txt", "b c/d e.txt", "f.md"]), ("2", ["a.txt", "d e.txt"]))

    def test_nothing(self):
        self.assertEqual(self.run_it(["f.md"]), ("0", []))
        self.assertEqual(self.run_it([]), ("0", []))
