def merge(spans):
    """Half-open spans (start, end), sorted, with those that touch or overlap made one. Empty spans are dropped."""
    merged = []
    for start, end in sorted(spans):
        if start > end:
            raise ValueError((start, end))
        if start == end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def gaps(spans, start, end):
    """What of [start, end) the spans leave free."""
    free = []
    for first, last in merge(spans):
        if first > start:
            free.append((start, min(first, end)))
        start = max(start, last)
        if start >= end:
            return free
    free.append((start, end))
    return free
