import unittest

from editor import Buffer


class Edits(unittest.TestCase):
    def test_insert(self):
        buffer = Buffer("ad")
        buffer.insert(1, "bc")
        self.assertEqual(buffer.text, "abcd")
