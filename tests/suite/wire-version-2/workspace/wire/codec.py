"""Messages on the wire: one line each, `TYPE key=value ...`."""


def encode(kind, fields):
    parts = [kind, *(f"{name}={value}" for name, value in fields.items())]
    return " ".join(parts) + "\n"


def decode(line):
    kind, *parts = line.rstrip("\n").split(" ")
    return kind, dict(part.split("=", 1) for part in parts)
