import unittest
from paging import pages

class Pages(unittest.TestCase):
    def test_counts(self):
        for total, per_page, count in ((10, 5, 2), (11, 5, 3), (0, 5, 0), (1, 5, 1), (5, 5, 1)):
            self.assertEqual(pages(total, per_page), count, (total, per_page))
