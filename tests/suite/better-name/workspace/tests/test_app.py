import unittest

import app
from app.audit import line


class App(unittest.TestCase):
    def test_names(self):
        self.assertEqual(app.get_usr(1), "ada")
        self.assertEqual(line(2), "by bob")
