"""Small programs with a task each: right and plausible-but-wrong solutions, visible and hidden examples.

Every program is one function in ``prog.py``. An example is an expression and its value; the wrong
solutions pass the visible ones (that is what makes them plausible) and fail some hidden one.
"""

from __future__ import annotations

from dataclasses import dataclass

Examples = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Program:
    """``opinion``: an example by which somebody who misread the task would swear."""

    name: str
    base: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    visible: Examples
    hidden: Examples
    opinion: Examples = ()


PROGRAMS = (
    Program(
        "clamp",
        "def f(x, low, high):\n    return x\n",
        (
            "def f(x, low, high):\n    return max(low, min(x, high))\n",
            "def f(x, low, high):\n    if x < low:\n        return low\n    return high if x > high else x\n",
        ),
        (
            "def f(x, low, high):\n    return min(x, high)\n",
            "def f(x, low, high):\n    return high if x > high else abs(x)\n",
        ),
        (("f(5, 0, 9)", "5"), ("f(11, 0, 9)", "9")),
        (("f(-1, 0, 9)", "0"), ("f(-5, -3, 3)", "-3"), ("f(-2, -3, 3)", "-2"), ("f(3, 0, 3)", "3")),
    ),
    Program(
        "slug",
        "def f(text):\n    return text\n",
        (
            "import re\n\n\ndef f(text):\n    return '-'.join(re.findall('[a-z0-9]+', text.lower()))\n",
            "def f(text):\n    kept = ''.join(c if c.isalnum() else ' ' for c in text.lower())\n    return '-'.join(kept.split())\n",
        ),
        (
            "def f(text):\n    return text.lower().replace(' ', '-')\n",
            "import re\n\n\ndef f(text):\n    return re.sub('[^a-z0-9]', '-', text.lower())\n",
        ),
        (("f('Hello World')", "'hello-world'"), ("f('one')", "'one'")),
        (("f('a  b')", "'a-b'"), ("f(' a, b! ')", "'a-b'"), ("f('')", "''"), ("f('A1 b2')", "'a1-b2'")),
        (("f('a.b')", "'a.b'"),),
    ),
    Program(
        "median",
        "def f(xs):\n    return xs[len(xs) // 2]\n",
        (
            "def f(xs):\n    s = sorted(xs)\n    n = len(s)\n    return s[n // 2] if n % 2 else (s[n // 2 - 1] + s[n // 2]) / 2\n",
            "import statistics\n\n\ndef f(xs):\n    return statistics.median(xs)\n",
        ),
        (
            "def f(xs):\n    return sorted(xs)[len(xs) // 2]\n",
            "def f(xs):\n    xs.sort()\n    n = len(xs)\n    return xs[n // 2] if n % 2 else (xs[n // 2] + xs[n // 2 - 1]) // 2\n",
        ),
        (("f([3, 1, 2])", "2"), ("f([5])", "5")),
        (("f([1, 2, 3, 4])", "2.5"), ("f([4, 1])", "2.5"), ("f([2, 2])", "2"), ("f([9, 1, 5, 3, 7])", "5")),
        (("f([1, 2])", "2"),),
    ),
    Program(
        "chunks",
        "def f(xs, n):\n    return [xs]\n",
        (
            "def f(xs, n):\n    return [xs[i : i + n] for i in range(0, len(xs), n)]\n",
            "def f(xs, n):\n    out = []\n    while xs:\n        out.append(xs[:n])\n        xs = xs[n:]\n    return out\n",
        ),
        (
            "def f(xs, n):\n    return [xs[i * n : i * n + n] for i in range(len(xs) // n)]\n",
            "def f(xs, n):\n    return [xs[i * n : i * n + n] for i in range(len(xs) // n + 1)]\n",
        ),
        (("f([1, 2, 3, 4], 2)[:2]", "[[1, 2], [3, 4]]"), ("f([1, 2], 1)[0]", "[1]")),
        (("f([1, 2, 3], 2)", "[[1, 2], [3]]"), ("f([], 3)", "[]"), ("f([1, 2], 2)", "[[1, 2]]")),
    ),
    Program(
        "duration",
        "def f(text):\n    return int(text[:-1])\n",
        (
            "import re\n\n\ndef f(text):\n    unit = {'h': 3600, 'm': 60, 's': 1}\n    return sum(int(n) * unit[u] for n, u in re.findall(r'(\\d+)([hms])', text))\n",
            "def f(text):\n    total = number = 0\n    for c in text:\n        if c.isdigit():\n            number = number * 10 + int(c)\n        else:\n            total += number * {'h': 3600, 'm': 60, 's': 1}.get(c, 0)\n            number = 0\n    return total\n",
        ),
        (
            "def f(text):\n    return int(text[:-1]) * {'h': 3600, 'm': 60, 's': 1}[text[-1]]\n",
            "import re\n\n\ndef f(text):\n    unit = {'h': 3600, 'm': 60, 's': 1}\n    return sum(int(n) * unit[u] for n, u in re.findall(r'(\\d)([hms])', text))\n",
        ),
        (("f('5s')", "5"), ("f('2m')", "120")),
        (("f('1h30m')", "5400"), ("f('90s')", "90"), ("f('10m5s')", "605")),
    ),
    Program(
        "leap",
        "def f(year):\n    return False\n",
        (
            "def f(year):\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n",
            "import calendar\n\n\ndef f(year):\n    return calendar.isleap(year)\n",
        ),
        (
            "def f(year):\n    return year % 4 == 0\n",
            "def f(year):\n    return year % 4 == 0 and year % 100 != 0\n",
        ),
        (("f(2024)", "True"), ("f(2023)", "False")),
        (("f(1900)", "False"), ("f(2000)", "True"), ("f(2100)", "False"), ("f(1996)", "True")),
    ),
    Program(
        "unique",
        "def f(xs):\n    return xs\n",
        (
            "def f(xs):\n    return list(dict.fromkeys(xs))\n",
            "def f(xs):\n    seen = []\n    for x in xs:\n        if x not in seen:\n            seen.append(x)\n    return seen\n",
        ),
        (
            "def f(xs):\n    return sorted(set(xs))\n",
            "def f(xs):\n    return [x for i, x in enumerate(xs) if i == 0 or x != xs[i - 1]]\n",
        ),
        (("f([1, 1, 2])", "[1, 2]"), ("f([])", "[]")),
        (("f([3, 1, 3])", "[3, 1]"), ("f([1, 2, 1])", "[1, 2]"), ("f(['b', 'a'])", "['b', 'a']")),
    ),
    Program(
        "intervals",
        "def f(spans):\n    return spans\n",
        (
            "def f(spans):\n    out = []\n    for a, b in sorted(spans):\n        if out and a <= out[-1][1]:\n            out[-1] = (out[-1][0], max(b, out[-1][1]))\n        else:\n            out.append((a, b))\n    return out\n",
        ),
        (
            "def f(spans):\n    out = []\n    for a, b in spans:\n        if out and a <= out[-1][1]:\n            out[-1] = (out[-1][0], max(b, out[-1][1]))\n        else:\n            out.append((a, b))\n    return out\n",
            "def f(spans):\n    out = []\n    for a, b in sorted(spans):\n        if out and a <= out[-1][1]:\n            out[-1] = (out[-1][0], b)\n        else:\n            out.append((a, b))\n    return out\n",
            "def f(spans):\n    out = []\n    for a, b in sorted(spans):\n        if out and a < out[-1][1]:\n            out[-1] = (out[-1][0], max(b, out[-1][1]))\n        else:\n            out.append((a, b))\n    return out\n",
        ),
        (("f([(1, 3), (2, 4)])", "[(1, 4)]"), ("f([(1, 2)])", "[(1, 2)]")),
        (
            ("f([(5, 6), (1, 2)])", "[(1, 2), (5, 6)]"),
            ("f([(1, 9), (2, 3)])", "[(1, 9)]"),
            ("f([(1, 2), (2, 3)])", "[(1, 3)]"),
            ("f([])", "[]"),
        ),
    ),
    Program(
        "runs",
        "def f(text):\n    return text\n",
        (
            "import itertools\n\n\ndef f(text):\n    return [(c, len(list(g))) for c, g in itertools.groupby(text)]\n",
            "def f(text):\n    out = []\n    for c in text:\n        if out and out[-1][0] == c:\n            out[-1] = (c, out[-1][1] + 1)\n        else:\n            out.append((c, 1))\n    return out\n",
        ),
        (
            "import collections\n\n\ndef f(text):\n    return list(collections.Counter(text).items())\n",
            "def f(text):\n    return [(c, text.count(c)) for c in sorted(set(text))]\n",
        ),
        (("f('aab')", "[('a', 2), ('b', 1)]"), ("f('')", "[]")),
        (("f('aba')", "[('a', 1), ('b', 1), ('a', 1)]"), ("f('ba')", "[('b', 1), ('a', 1)]")),
    ),
    Program(
        "top",
        "def f(words, k):\n    return words[:k]\n",
        (
            "import collections\n\n\ndef f(words, k):\n    count = collections.Counter(words)\n    return sorted(count, key=lambda w: (-count[w], w))[:k]\n",
        ),
        (
            "import collections\n\n\ndef f(words, k):\n    return [w for w, _ in collections.Counter(words).most_common(k)]\n",
            "def f(words, k):\n    return sorted(set(words), key=words.count, reverse=True)[:k]\n",
        ),
        (("f(['a', 'a', 'b'], 1)", "['a']"), ("f([], 2)", "[]")),
        (("f(['b', 'a'], 2)", "['a', 'b']"), ("f(['c', 'b', 'c', 'b', 'a'], 3)", "['b', 'c', 'a']")),
    ),
    Program(
        "flat",
        "def f(xs):\n    return xs\n",
        (
            "def f(xs):\n    out = []\n    for x in xs:\n        if isinstance(x, list):\n            out.extend(f(x))\n        else:\n            out.append(x)\n    return out\n",
        ),
        (
            "def f(xs):\n    return [y for x in xs for y in (x if isinstance(x, list) else [x])]\n",
            "def f(xs):\n    return sum((x if isinstance(x, list) else [x] for x in xs), [])\n",
        ),
        (("f([1, [2, 3]])", "[1, 2, 3]"), ("f([])", "[]")),
        (("f([1, [2, [3]]])", "[1, 2, 3]"), ("f([[[]]])", "[]"), ("f(['ab', ['c']])", "['ab', 'c']")),
    ),
    Program(
        "brackets",
        "def f(text):\n    return True\n",
        (
            "def f(text):\n    pairs, open_ = {')': '(', ']': '['}, []\n    for c in text:\n        if c in '([':\n            open_.append(c)\n        elif c in pairs and (not open_ or open_.pop() != pairs[c]):\n            return False\n    return not open_\n",
        ),
        (
            "def f(text):\n    return text.count('(') == text.count(')') and text.count('[') == text.count(']')\n",
            "def f(text):\n    depth = 0\n    for c in text:\n        depth += (c in '([') - (c in ')]')\n        if depth < 0:\n            return False\n    return depth == 0\n",
        ),
        (("f('(a)')", "True"), ("f('((a)')", "False")),
        (("f(')(')", "False"), ("f('([)]')", "False"), ("f('[()]')", "True"), ("f('(]')", "False")),
    ),
    Program(
        "roman",
        "def f(n):\n    return 'I' * n\n",
        (
            "def f(n):\n    out = ''\n    for value, sign in ((10, 'X'), (9, 'IX'), (5, 'V'), (4, 'IV'), (1, 'I')):\n        out += sign * (n // value)\n        n %= value\n    return out\n",
        ),
        (
            "def f(n):\n    return 'X' * (n // 10) + 'V' * (n % 10 // 5) + 'I' * (n % 5)\n",
            "def f(n):\n    return {1: 'I', 2: 'II', 5: 'V', 10: 'X'}.get(n, '')\n",
        ),
        (("f(2)", "'II'"), ("f(5)", "'V'"), ("f(10)", "'X'")),
        (("f(4)", "'IV'"), ("f(9)", "'IX'"), ("f(14)", "'XIV'"), ("f(39)", "'XXXIX'")),
        (("f(4)", "'IIII'"),),
    ),
    Program(
        "wrap",
        "def f(text, width):\n    return [text]\n",
        (
            "def f(text, width):\n    lines = []\n    for word in text.split():\n        if lines and len(lines[-1]) + 1 + len(word) <= width:\n            lines[-1] += ' ' + word\n        else:\n            lines.append(word)\n    return lines\n",
        ),
        (
            "def f(text, width):\n    lines = []\n    for word in text.split():\n        if lines and len(lines[-1]) + len(word) <= width:\n            lines[-1] += ' ' + word\n        else:\n            lines.append(word)\n    return lines\n",
            "def f(text, width):\n    return [text[i : i + width].strip() for i in range(0, len(text), width)]\n",
        ),
        (("f('aa bb', 2)", "['aa', 'bb']"), ("f('aa', 9)", "['aa']")),
        (
            ("f('aa bb', 4)", "['aa', 'bb']"),
            ("f('aa bb', 5)", "['aa bb']"),
            ("f('', 3)", "[]"),
            ("f('a bcd', 3)", "['a', 'bcd']"),
        ),
    ),
)
