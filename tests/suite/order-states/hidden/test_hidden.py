import json
import pathlib
import tempfile
import unittest
from orders.order import NotAllowed
from orders.service import Service
from orders.store import Store

OPERATIONS = {"pay": lambda s: s.pay(1, 500), "ship": lambda s: s.ship(1), "give_back": lambda s: s.give_back(1), "cancel": lambda s: s.cancel(1)}
WAYS = {"new": [], "paid": ["pay"], "shipped": ["pay", "ship"], "returned": ["pay", "ship", "give_back"], "cancelled": ["cancel"]}
MOVES = {("new", "pay"): "paid", ("paid", "ship"): "shipped", ("shipped", "give_back"): "returned", ("new", "cancel"): "cancelled", ("paid", "cancel"): "cancelled"}

class States(unittest.TestCase):
    def service(self, state):
        self.heard = []
        self.folder = pathlib.Path(tempfile.mkdtemp())
        service = Service(Store(self.folder), listener=lambda order, old: self.heard.append((old, order.state, self.stored()["state"])))
        service.create(1)
        for name in WAYS[state]:
            OPERATIONS[name](service)
        self.heard.clear()
        return service

    def stored(self):
        return json.loads((self.folder / "1.json").read_text())

    def test_every_state_and_operation(self):
        for state in WAYS:
            for name, operation in OPERATIONS.items():
                with self.subTest(state=state, operation=name):
                    service = self.service(state)
                    before = self.stored()
                    target = MOVES.get((state, name))
                    if target is None:
                        with self.assertRaises(NotAllowed) as caught:
                            operation(service)
                        for word in ("1", state, name):
                            self.assertIn(word, str(caught.exception))
                        self.assertEqual((self.stored(), self.heard), (before, []))
                    else:
                        self.assertEqual(operation(service).state, target)
                        self.assertEqual(self.heard, [(state, target, target)])
                        self.assertEqual(self.stored()["paid"], 500 if target in ("paid", "shipped") else 0)
                        self.assertEqual(service.store.load(1).history[-2:], [state, target])

    def test_payments(self):
        for cents in (0, -1):
            service = self.service("new")
            with self.assertRaises(ValueError):
                service.pay(1, cents)
            self.assertEqual(self.stored()["state"], "new")

    def test_history(self):
        service = self.service("returned")
        self.assertEqual(service.store.load(1).history, ["new", "paid", "shipped", "returned"])
        (self.folder / "2.json").write_text('{"number": 2, "state": "shipped", "paid": 9}')
        self.assertEqual(service.store.load(2).history, ["shipped"])
        self.assertEqual(service.give_back(2).history, ["shipped", "returned"])

    def test_without_a_listener(self):
        folder = tempfile.mkdtemp()
        service = Service(Store(folder))
        service.create(3)
        self.assertEqual(service.cancel(3).state, "cancelled")
        self.assertFalse(hasattr(service, "set_state"))
        self.assertTrue(issubclass(NotAllowed, ValueError))

    def test_docs(self):
        text = pathlib.Path("docs/orders.md").read_text()
        for word in ("new", "paid", "shipped", "returned", "cancelled", "pay", "ship", "give_back", "cancel"):
            self.assertIn(word, text)
        self.assertNotIn("set_state", text)
