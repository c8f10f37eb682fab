"""The client: messages out, answers back."""

import time

from relay.settings import Settings
from relay.transport import Transport


class Client:
    """Talks to one relay."""

    def __init__(self, transport: Transport, settings: Settings = Settings(), pause=time.sleep):
        self._transport = transport
        self._settings = settings
        self._pause = pause

    def send(self, message: str) -> str:
        """Send one message and return the relay's answer."""
        request = message.encode("utf-8")
        answer = self._transport.exchange(request, self._settings.timeout_s)
        return answer.decode("utf-8")

    def send_all(self, messages: list[str]) -> list[str]:
        """Send several messages, one after the other."""
        return [self.send(message) for message in messages]
