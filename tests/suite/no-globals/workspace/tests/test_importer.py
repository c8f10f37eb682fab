import os
import tempfile
import unittest

import importer


class Run(unittest.TestCase):
    def test_skips(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x")
            with open(path, "w") as file:
                file.write("a,1\nbad\nb,2\n")
            importer.configure(separator=",", skip_bad=True)
            self.assertEqual(importer.run(path), {"a": 1, "b": 2})
