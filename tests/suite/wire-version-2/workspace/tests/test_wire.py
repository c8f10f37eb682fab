import unittest

from wire.client import Client
from wire.server import Server


class Wire(unittest.TestCase):
    def test_put_and_get(self):
        client = Client(Server().handle)
        client.put("a", "1")
        self.assertEqual(client.get("a"), "1")
        self.assertIsNone(client.get("b"))
