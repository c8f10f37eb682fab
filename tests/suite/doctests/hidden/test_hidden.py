import doctest
import unittest
import geometry

class Documented(unittest.TestCase):
    def test_every_public_function_has_an_example_that_calls_it(self):
        for name in ("area", "distance", "scale"):
            function = getattr(geometry, name)
            self.assertGreater(len((function.__doc__ or "").strip().splitlines()[0]), 5, name)
            examples = doctest.DocTestParser().get_examples(function.__doc__)
            self.assertTrue(any(name + "(" in example.source for example in examples), name)

    def test_examples_hold(self):
        self.assertEqual(doctest.testmod(geometry).failed, 0)

    def test_behaviour_stays(self):
        self.assertEqual(geometry.area(2, 5), 10)
        self.assertEqual(geometry.scale([(1, 1)], 2), [(2, 2)])
        self.assertIsNone(geometry._times.__doc__)
