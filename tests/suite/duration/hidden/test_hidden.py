import unittest
from durations import parse_duration

class Durations(unittest.TestCase):
    def test_parts_add_up(self):
        for text, seconds in (("1h30m", 5400), ("45s", 45), ("2h", 7200), ("1h1m1s", 3661)):
            self.assertEqual(parse_duration(text), seconds)

    def test_the_rest_is_refused(self):
        for text in ("", "h", "90", "1h30", "1h 30m", "x1h"):
            with self.assertRaises(ValueError, msg=text):
                parse_duration(text)
