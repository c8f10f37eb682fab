class Cache:
    """Keeps at most `limit` entries."""

    def __init__(self, limit):
        self.limit = limit
        self.entries = {}

    def get(self, key, default=None):
        return self.entries.get(key, default)

    def put(self, key, value):
        if len(self.entries) >= self.limit:
            self.entries.pop(next(iter(self.entries)))
        self.entries[key] = value

    def __len__(self):
        return len(self.entries)
