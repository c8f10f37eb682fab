import pathlib
import tomllib
import unittest

class Project(unittest.TestCase):
    def test_it(self):
        project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
        self.assertEqual(project["requires-python"].replace(" ", ""), ">=3.11")
        self.assertEqual(project["scripts"], {"relay": "relay.cli:main"})
        test = project["optional-dependencies"]["test"]
        self.assertEqual([t.replace(" ", "").removesuffix(".0") for t in test], ["pytest>=8"])
        self.assertEqual((project["name"], project["version"], project["dependencies"]), ("relay", "1.2.0", ["httpx>=0.27"]))
