def report(customers, orders):
    """A line per customer: name, how many orders, their sum; then whoever ordered most."""
    lines = []
    for customer in customers:
        mine = [order for order in orders if order["customer"] == customer["id"]]
        lines.append(f"{customer['name']}: {len(mine)} orders, {sum(order['total'] for order in mine)}")
    best = None
    for customer in customers:
        total = 0
        for order in orders:
            if order["customer"] == customer["id"]:
                total += order["total"]
        if best is None or total > best[1]:
            best = (customer["name"], total)
    if best is not None:
        lines.append(f"best: {best[0]}")
    return lines
