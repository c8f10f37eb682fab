import unittest
from customers import Customer

class Baskets(unittest.TestCase):
    def test_each_has_its_own(self):
        a, b = Customer("a"), Customer("b")
        a.add("tea")
        self.assertEqual((a.basket, b.basket), (["tea"], []))

    def test_a_given_one_is_used(self):
        mine = []
        Customer("a", mine).add("tea")
        self.assertEqual(mine, ["tea"])
