FIELDS = ("id", "customer", "total")


def export(orders) -> str:
    """All orders as CSV, with a head line."""
    lines = [",".join(FIELDS)]
    for order in orders:
        lines.append(",".join(str(order[field]) for field in FIELDS))
    return "\n".join(lines) + "\n"
