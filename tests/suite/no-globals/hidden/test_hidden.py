import contextlib
import dataclasses
import io
import os
import tempfile
import unittest
import importer
import importer.checks
import importer.config
import importer.parsing
import importer.reading
import main

class Explicit(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.semi, self.comma = self.file("s", b"a;1\nb;2\nc;3\n"), self.file("c", "ä,1\nbad\n".encode("latin-1"))

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def test_two_settings_side_by_side(self):
        odd = importer.Config(separator=",", encoding="latin-1", skip_bad=True)
        for _ in range(2):
            self.assertEqual(importer.run(self.semi), {"a": 1, "b": 2, "c": 3})
            self.assertEqual(importer.run(self.comma, odd), {"ä": 1})
        self.assertEqual(importer.run(self.semi, config=importer.Config(limit=1)), {"a": 1})
        with self.assertRaises(ValueError):
            importer.run(self.comma, importer.Config(separator=",", encoding="latin-1"))

    def test_config_is_a_frozen_value_and_globals_are_gone(self):
        fields = {f.name: f.default for f in dataclasses.fields(importer.Config)}
        self.assertEqual(fields, {"separator": ";", "encoding": "utf-8", "skip_bad": False, "limit": 100})
        with self.assertRaises(dataclasses.FrozenInstanceError):
            importer.Config().limit = 3
        for name in ("SEPARATOR", "ENCODING", "SKIP_BAD", "LIMIT", "configure"):
            self.assertFalse(hasattr(importer.config, name), name)
        self.assertFalse(hasattr(importer, "configure"))

    def test_parts_take_it(self):
        config = importer.Config(separator="=", limit=2)
        self.assertEqual(importer.parsing.parse("x=4", config), ("x", 4))
        self.assertEqual(importer.checks.check("x=4", config), ("x", 4))
        self.assertEqual(importer.reading.read(self.semi, config), ["a;1", "b;2"])

    def test_the_command(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            main.main([self.semi])
            main.main([self.file("d", b"x=1\nno\n"), "--separator", "=", "--skip-bad"])
        self.assertEqual(said.getvalue(), "a 1\nb 2\nc 3\nx 1\n")
