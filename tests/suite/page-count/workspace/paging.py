def pages(total: int, per_page: int) -> int:
    """How many pages `total` items fill."""
    return total // per_page + 1
