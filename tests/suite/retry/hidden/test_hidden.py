import unittest
from http_client import Client

class Retries(unittest.TestCase):
    def ask(self, ends, **more):
        calls, pauses = [], []
        def transport(url):
            calls.append(url)
            end = ends[min(len(calls), len(ends)) - 1]
            if isinstance(end, Exception):
                raise end
            return end
        client = Client(transport, sleep=pauses.append, **more)
        try:
            return client.get("u"), len(calls), pauses
        except Exception as error:
            return error, len(calls), pauses

    def test_success_needs_no_pause(self):
        self.assertEqual(self.ask(["x"]), ("x", 1, []))

    def test_timeouts_are_tried_again(self):
        self.assertEqual(self.ask([TimeoutError(), TimeoutError(), "x"]), ("x", 3, [0.5, 1]))

    def test_the_last_timeout_is_raised_without_a_pause_after_it(self):
        last = TimeoutError("last")
        self.assertEqual(self.ask([TimeoutError(), last], retries=1), (last, 2, [0.5]))
        self.assertEqual(self.ask([last], retries=0), (last, 1, []))
        self.assertEqual(self.ask([last], retries=4), (last, 5, [0.5, 1, 2, 4]))

    def test_other_errors_are_not_tried_again(self):
        error = ValueError()
        self.assertEqual(self.ask([error, "x"]), (error, 1, []))
