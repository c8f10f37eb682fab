import json
import pathlib
import unittest
from wire.client import Client
from wire.codec import decode, encode, version_of
from wire.server import Server

def old_handle(values):
    def handle(line):
        kind, *parts = line.rstrip("\n").split(" ")
        fields = dict(part.split("=", 1) for part in parts)
        if kind == "PUT":
            values[fields["key"]] = fields["value"]
            return "OK\n"
        if kind == "GET":
            return f"VALUE value={values[fields['key']]}\n" if fields["key"] in values else "NONE\n"
        return "ERROR reason=unknown\n"
    return handle

class Codec(unittest.TestCase):
    def test_version_1_is_as_it_was(self):
        self.assertEqual(encode("PUT", {"key": "a", "value": "1"}), "PUT key=a value=1\n")
        self.assertEqual(decode("PUT key=a value=b=c\n"), ("PUT", {"key": "a", "value": "b=c"}))
        self.assertEqual(decode("OK\n"), ("OK", {}))

    def test_version_2(self):
        line = encode("PUT", {"key": "a b", "value": "x\ny"}, 2)
        self.assertEqual(line.count("\n"), 1)
        self.assertEqual(json.loads(line), {"v": 2, "type": "PUT", "fields": {"key": "a b", "value": "x\ny"}})
        self.assertEqual(decode(line), ("PUT", {"key": "a b", "value": "x\ny"}))
        self.assertEqual((version_of(line), version_of("OK\n")), (2, 1))

    def test_what_version_1_cannot_carry(self):
        for fields in ({"key": "a b"}, {"key": "a\nb"}, {"": "a"}, {"a=b": "c"}, {"a b": "c"}):
            with self.assertRaises(ValueError, msg=str(fields)):
                encode("PUT", fields)

    def test_what_does_not_read(self):
        for line in ("{", "{}", '{"v": 3, "type": "GET", "fields": {}}', '{"v": 2, "type": 1, "fields": {}}',
                     '{"v": 2, "type": "GET", "fields": []}', "GET key", "", "\n"):
            with self.assertRaises(ValueError, msg=line):
                decode(line)

class Served(unittest.TestCase):
    def setUp(self):
        self.server = Server()

    def ask(self, version, kind, **fields):
        line = self.server.handle(encode(kind, fields, version))
        self.assertEqual(version_of(line), version)
        return decode(line)

    def test_all_messages_in_both(self):
        for version in (1, 2):
            self.server = Server()
            self.assertEqual(self.ask(version, "PUT", key="b", value="1"), ("OK", {}))
            self.ask(version, "PUT", key="a", value="2")
            self.assertEqual(self.ask(version, "GET", key="a"), ("VALUE", {"value": "2"}))
            self.assertEqual(self.ask(version, "LIST", prefix=""), ("VALUES", {"keys": "a,b" if version == 1 else ["a", "b"]}))
            self.assertEqual(self.ask(version, "LIST", prefix="b"), ("VALUES", {"keys": "b" if version == 1 else ["b"]}))
            self.assertEqual(self.ask(version, "DELETE", key="a"), ("OK", {}))
            self.assertEqual(self.ask(version, "DELETE", key="a"), ("NONE", {}))
            self.assertEqual(self.ask(version, "GET", key="a"), ("NONE", {}))
            self.assertEqual(self.ask(version, "HELLO"), ("OK", {"versions": "1,2" if version == 1 else [1, 2]}))
            self.assertEqual(self.ask(version, "JUMP"), ("ERROR", {"reason": "unknown"}))
            self.assertEqual(self.ask(version, "GET"), ("ERROR", {"reason": "incomplete"}))
            self.assertEqual(self.ask(version, "PUT", key="x"), ("ERROR", {"reason": "incomplete"}))
            self.assertEqual(self.ask(version, "GET", key="x"), ("NONE", {}))

    def test_malformed(self):
        for line, version in (("{nonsense\n", 2), ("GET key\n", 1)):
            answer = self.server.handle(line)
            self.assertEqual((version_of(answer), decode(answer)), (version, ("ERROR", {"reason": "malformed"})))

    def test_what_version_1_cannot_be_told(self):
        self.ask(2, "PUT", key="a", value="x y")
        self.ask(2, "PUT", key="c,d", value="z")
        self.assertEqual(self.ask(1, "GET", key="a"), ("ERROR", {"reason": "unrepresentable"}))
        self.assertEqual(self.ask(1, "LIST", prefix=""), ("ERROR", {"reason": "unrepresentable"}))
        self.assertEqual(self.ask(1, "LIST", prefix="a"), ("VALUES", {"keys": "a"}))

class Clients(unittest.TestCase):
    def test_with_a_new_server(self):
        sent, server = [], Server()
        client = Client(lambda line: (sent.append(line), server.handle(line))[1])
        client.put("a b", "x\ny")
        self.assertEqual((client.get("a b"), client.get("c"), client.keys(), client.keys("z")), ("x\ny", None, ["a b"], []))
        self.assertEqual((client.delete("a b"), client.delete("a b")), (True, False))
        self.assertEqual([decode(line)[0] for line in sent].count("HELLO"), 1)
        self.assertEqual([version_of(line) for line in sent], [1] + [2] * (len(sent) - 1))

    def test_with_an_old_server(self):
        client = Client(old_handle({}))
        client.put("a", "1")
        self.assertEqual((client.get("a"), client.get("b")), ("1", None))
        with self.assertRaisesRegex(RuntimeError, "unknown"):
            client.keys()
        with self.assertRaises(ValueError):
            client.put("a", "x y")

    def test_a_given_version_needs_no_hello(self):
        for version in (1, 2):
            sent, server = [], Server()
            client = Client(lambda line: (sent.append(line), server.handle(line))[1], version=version)
            client.put("a", "1")
            self.assertEqual((client.keys(), [decode(s)[0] for s in sent]), (["a"], ["PUT", "LIST"]))
            self.assertEqual({version_of(line) for line in sent}, {version})
            self.assertEqual(client.keys("zzz"), [])

    def test_errors(self):
        server = Server()
        Client(server.handle, 2).put("a", "x y")
        with self.assertRaisesRegex(RuntimeError, "unrepresentable"):
            Client(server.handle, 1).get("a")

    def test_docs(self):
        text = pathlib.Path("docs/protocol.md").read_text()
        for word in ("HELLO", "PUT", "GET", "DELETE", "LIST", "VALUES", "ERROR", "malformed", "incomplete", "unrepresentable", '"v": 2'):
            self.assertIn(word, text)
