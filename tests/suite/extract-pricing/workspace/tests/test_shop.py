import unittest

from shop import Basket, receipt


class Shop(unittest.TestCase):
    def test_receipt(self):
        basket = Basket()
        basket.add("tea", 100, 10)
        self.assertEqual(receipt(basket), "10 x tea: 900\ntotal: 1071")
