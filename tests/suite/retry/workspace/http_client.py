class Client:
    """Asks a transport: a callable from a URL to a text."""

    def __init__(self, transport):
        self.transport = transport

    def get(self, url):
        return self.transport(url)
