"""Counts lines and words: python3 count.py FILE..."""

import sys


def count(path):
    with open(path) as file:
        text = file.read()
    return len(text.splitlines()), len(text.split())


def main(argv):
    for path in argv:
        lines, words = count(path)
        print(f"{lines} {words} {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
