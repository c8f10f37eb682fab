import ast
import pathlib
import subprocess
import sys
import unittest

MOVED = {"net", "discounted", "gross", "tax", "RATES"}

def defined(path):
    names = set()
    for node in ast.parse(pathlib.Path(path).read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names

class Moved(unittest.TestCase):
    def test_each_has_one_home(self):
        self.assertEqual(defined("shop/app.py") & MOVED, set())
        self.assertEqual(defined("shop/pricing.py") & MOVED, MOVED)

    def test_who_imports_whom(self):
        self.assertNotIn("shop.app", pathlib.Path("shop/pricing.py").read_text())
        self.assertNotIn("shop.app", pathlib.Path("reports.py").read_text())

    def test_old_and_new_ways_lead_to_the_same(self):
        import shop
        import shop.app
        import shop.pricing
        for name in MOVED:
            self.assertIs(getattr(shop.app, name), getattr(shop.pricing, name))
        self.assertIs(shop.tax, shop.pricing.tax)

    def test_behaviour(self):
        from reports import taxes
        from shop import Basket, receipt
        basket = Basket("CH")
        basket.add("tea", 100, 12)
        basket.add("cup", 500)
        self.assertEqual(receipt(basket), "12 x tea: 1080\n1 x cup: 500\ntotal: 1706")
        self.assertEqual(taxes([basket]), {"DE": 0, "AT": 0, "CH": 126})
