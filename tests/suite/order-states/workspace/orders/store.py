import json
import pathlib

from orders.order import Order


class Store:
    """One JSON file per order."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def save(self, order):
        data = {"number": order.number, "state": order.state, "paid": order.paid}
        (self.folder / f"{order.number}.json").write_text(json.dumps(data))

    def load(self, number):
        data = json.loads((self.folder / f"{number}.json").read_text())
        order = Order(data["number"])
        order.state, order.paid = data["state"], data["paid"]
        return order
