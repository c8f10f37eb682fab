import unittest
from editor import Buffer

class History(unittest.TestCase):
    def test_all_the_way_back_and_forth(self):
        buffer = Buffer("start")
        self.assertFalse(buffer.undo())
        buffer.insert(0, "a ")
        buffer.delete(0, 1)
        buffer.insert(0, "z")
        seen = [buffer.text]
        while buffer.undo():
            seen.append(buffer.text)
        self.assertEqual(seen, ["z start", " start", "a start", "start"])
        back = [buffer.text]
        while buffer.redo():
            back.append(buffer.text)
        self.assertEqual(back, seen[::-1])

    def test_an_edit_forgets_what_could_be_redone(self):
        buffer = Buffer("x")
        buffer.insert(1, "y")
        buffer.undo()
        buffer.insert(1, "z")
        self.assertFalse(buffer.redo())
        self.assertEqual(buffer.text, "xz")

    def test_what_changes_nothing_is_not_remembered(self):
        buffer = Buffer("x")
        buffer.insert(1, "y")
        buffer.undo()
        buffer.insert(0, "")
        buffer.delete(1, 1)
        self.assertTrue(buffer.redo())
        self.assertEqual(buffer.text, "xy")

    def test_a_refused_edit_is_not_remembered(self):
        buffer = Buffer("x")
        with self.assertRaises(IndexError):
            buffer.insert(5, "y")
        self.assertFalse(buffer.undo())
