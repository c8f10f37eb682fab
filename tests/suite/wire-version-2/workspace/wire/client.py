from wire.codec import decode, encode


class Client:
    """Talks to a server through `send`: a callable from a line to the answer's line."""

    def __init__(self, send):
        self.send = send

    def put(self, key, value):
        kind, fields = decode(self.send(encode("PUT", {"key": key, "value": value})))
        if kind != "OK":
            raise RuntimeError(fields.get("reason", kind))

    def get(self, key):
        kind, fields = decode(self.send(encode("GET", {"key": key})))
        return fields["value"] if kind == "VALUE" else None
