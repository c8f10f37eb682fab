import unittest

from shop.export import export


class Export(unittest.TestCase):
    def test_plain(self):
        self.assertEqual(export([{"id": 1, "customer": "Ada", "total": 3}]), "id,customer,total\n1,Ada,3\n")
