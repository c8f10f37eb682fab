from wire.codec import decode, encode


class Server:
    def __init__(self):
        self.values = {}

    def handle(self, line):
        kind, fields = decode(line)
        if kind == "PUT":
            self.values[fields["key"]] = fields["value"]
            return encode("OK", {})
        if kind == "GET":
            if fields["key"] in self.values:
                return encode("VALUE", {"value": self.values[fields["key"]]})
            return encode("NONE", {})
        return encode("ERROR", {"reason": "unknown"})
