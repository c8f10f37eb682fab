from orders.order import Order


class Service:
    """Takes orders and changes their state."""

    def __init__(self, store):
        self.store = store

    def create(self, number):
        order = Order(number)
        self.store.save(order)
        return order

    def set_state(self, number, state):
        order = self.store.load(number)
        order.state = state
        self.store.save(order)
        return order
