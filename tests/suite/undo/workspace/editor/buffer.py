class Buffer:
    """A text that can be edited."""

    def __init__(self, text=""):
        self.text = text

    def insert(self, at, text):
        if not 0 <= at <= len(self.text):
            raise IndexError(at)
        self.text = self.text[:at] + text + self.text[at:]

    def delete(self, start, end):
        if not 0 <= start <= end <= len(self.text):
            raise IndexError((start, end))
        self.text = self.text[:start] + self.text[end:]
