import math


def area(width, height):
    return width * height


def distance(a, b):
    return math.hypot(a[0] - b[0], a[1] - b[1])


def scale(points, factor):
    return [(_times(x, factor), _times(y, factor)) for x, y in points]


def _times(value, factor):
    return value * factor
