"""How long to wait before the next try."""


def pauses(count: int, first_s: float = 0.1, factor: float = 2.0) -> list[float]:
    """The pauses between `count` + 1 tries, each `factor` times the one before."""
    return [first_s * factor**number for number in range(count)]
