import unittest

from relay.client import Client
from relay.settings import Settings, read_settings
from relay.transport import RecordedTransport


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.paused = []

    def client(self, *answers, settings=None):
        self.transport = RecordedTransport(answers)
        return Client(self.transport, settings or Settings(), pause=self.paused.append)

    def test_answer_comes_back(self):
        self.assertEqual(self.client(b"pong").send("ping"), "pong")

    def test_timeout_is_retried(self):
        client = self.client(TimeoutError(), TimeoutError(), b"pong")
        self.assertEqual(client.send("ping"), "pong")
        self.assertEqual(self.paused, [0.1, 0.2])
        self.assertEqual(len(self.transport.requests), 3)

    def test_gives_up_after_the_last_retry(self):
        client = self.client(*[TimeoutError()] * 3, settings=read_settings({"retries": 2}))
        with self.assertRaises(TimeoutError):
            client.send("ping")
        self.assertEqual(len(self.transport.requests), 3)

    def test_other_errors_are_not_retried(self):
        with self.assertRaises(ConnectionError):
            self.client(ConnectionError(), b"pong").send("ping")
        self.assertEqual(self.paused, [])


if __name__ == "__main__":
    unittest.main()
