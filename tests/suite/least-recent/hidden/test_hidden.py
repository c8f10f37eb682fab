import unittest
from cache import Cache

class Entries(unittest.TestCase):
    def test_reading_is_use(self):
        cache = Cache(2)
        cache.put("a", 1)
        cache.put("b", 2)
        cache.get("a")
        cache.put("c", 3)
        self.assertEqual([cache.get(k) for k in "abc"], [1, None, 3])

    def test_putting_again_is_use_and_drops_nothing(self):
        cache = Cache(2)
        cache.put("a", 1)
        cache.put("b", 2)
        cache.put("a", 9)
        self.assertEqual(len(cache), 2)
        cache.put("c", 3)
        self.assertEqual([cache.get(k) for k in "abc"], [9, None, 3])

    def test_none_is_a_value_like_others(self):
        cache = Cache(2)
        cache.put("a", None)
        cache.put("b", 2)
        cache.get("a", 7)
        cache.put("c", 3)
        self.assertEqual((cache.get("a", "gone"), cache.get("b", "gone")), (None, "gone"))
