import random
import unittest
from report import report

class Counted(dict):
    looks = 0
    def __getitem__(self, key):
        Counted.looks += 1
        return super().__getitem__(key)
    def get(self, key, default=None):
        Counted.looks += 1
        return super().get(key, default)

def slow(customers, orders):
    lines, best = [], None
    for c in customers:
        mine = [o["total"] for o in orders if o["customer"] == c["id"]]
        lines.append(f"{c['name']}: {len(mine)} orders, {sum(mine)}")
        if best is None or sum(mine) > best[1]:
            best = (c["name"], sum(mine))
    return lines + ([f"best: {best[0]}"] if best else [])

class Report(unittest.TestCase):
    def test_the_numbers_stay(self):
        chance = random.Random(1)
        for size in (0, 1, 5, 30):
            customers = [{"id": n, "name": f"c{n}"} for n in range(size)]
            orders = [{"customer": chance.randrange(size + 3), "total": chance.randrange(5)} for _ in range(size * 3)]
            self.assertEqual(report(customers, orders), slow(customers, orders))

    def test_each_order_is_looked_at_a_few_times_only(self):
        customers = [{"id": n, "name": f"c{n}"} for n in range(300)]
        orders = [Counted(customer=n % 300, total=n) for n in range(900)]
        Counted.looks = 0
        report(customers, orders)
        self.assertLess(Counted.looks, 10 * len(orders))
