import csv
import io
import unittest
from shop.export import export

class Export(unittest.TestCase):
    def test_plain_stays_plain(self):
        self.assertEqual(export([{"id": 1, "customer": "Ada", "total": 3}]), "id,customer,total\n1,Ada,3\n")
        self.assertEqual(export([]), "id,customer,total\n")

    def test_what_goes_in_comes_out(self):
        for name in ("Ada, Ltd.", 'the "best"', "two\nlines", "ö"):
            text = export([{"id": 1, "customer": name, "total": 3}])
            rows = list(csv.reader(io.StringIO(text, newline="")))
            self.assertEqual(rows[1], ["1", name, "3"])
            self.assertNotIn("\r", text)
