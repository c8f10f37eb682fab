"""A small shop."""

RATES = {"DE": 19, "AT": 20, "CH": 8}


class Basket:
    def __init__(self, country="DE"):
        self.country = country
        self.items = []

    def add(self, name, cents, count=1):
        self.items.append((name, cents, count))

    def total(self):
        return gross(net(self.items), self.country)


def net(items):
    return sum(discounted(cents, count) for _, cents, count in items)


def discounted(cents, count):
    """Ten and more of a kind cost a tenth less."""
    total = cents * count
    return total - total // 10 if count >= 10 else total


def gross(cents, country):
    return cents + tax(cents, country)


def tax(cents, country):
    return cents * RATES[country] // 100


def receipt(basket):
    lines = [f"{count} x {name}: {discounted(cents, count)}" for name, cents, count in basket.items]
    return "\n".join([*lines, f"total: {basket.total()}"])
