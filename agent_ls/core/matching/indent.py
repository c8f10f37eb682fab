"""From the indentation a model writes to the file's: only what the anchor lines prove.

Every candidate rule must explain all anchor lines; a new line's indentation is taken where all
rules that are left agree on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from agent_ls.core.matching.source import indent_of

Pair = tuple[str, str]
"""A model's indentation and the file's, of one anchor line."""

_UNITS = ("\t", "  ", "    ", "   ", "        ")


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """Each leading ``unit`` becomes ``becomes``, then ``add`` is put in front or ``cut`` taken away."""

    unit: str = ""
    becomes: str = ""
    add: str = ""
    cut: str = ""

    def __call__(self, indent: str) -> str | None:
        converted = _convert(indent, self.unit, self.becomes) if self.unit else indent
        if not self.cut:
            return self.add + converted
        return converted[len(self.cut) :] if converted.startswith(self.cut) else None


@final
@dataclass(frozen=True, slots=True)
class IndentMap:
    """The proven map. `pairs` is what was seen; `rules` explain all of it."""

    pairs: dict[str, str]
    rules: tuple[Rule, ...]

    def __call__(self, indent: str) -> str | None:
        """The file's indentation for a model's, ``None`` where the proof does not reach."""
        if indent in self.pairs:
            return self.pairs[indent]
        results = {rule(indent) for rule in self.rules}
        return results.pop() if len(results) == 1 else None

    @property
    def identical(self) -> bool:
        return all(model == file for model, file in self.pairs.items())


def _convert(indent: str, unit: str, becomes: str) -> str:
    count = 0
    while indent.startswith(unit, count * len(unit)):
        count += 1
    return becomes * count + indent[count * len(unit) :]


def prove(pairs: Iterable[Pair], model_lines: Sequence[str], file_lines: Sequence[str]) -> IndentMap | None:
    """The map that all anchor lines agree on, ``None`` where they contradict each other.

    Args:
        pairs: Of all anchor lines that are not blank.
        model_lines: All lines the model wrote: their steps show the model's unit.
        file_lines: The file's, for its unit.
    """
    seen: dict[str, str] = {}
    for model, file in pairs:
        if seen.setdefault(model, file) != file:
            return None
    if not _ascending(seen):
        return None
    for tier in (_simple_rules(seen), _composite_rules(seen)):
        rules = [rule for rule in tier if all(rule(m) == f for m, f in seen.items())]
        if rules:
            return IndentMap(seen, _plausible(rules, model_lines, file_lines))
    return None


def _width(indent: str) -> int:
    return sum(8 if c == "\t" else 1 for c in indent)


def _ascending(seen: dict[str, str]) -> bool:
    """Deeper for the model is deeper in the file: anything else is another nesting, not another style."""
    ordered = sorted(seen.items(), key=lambda pair: _width(pair[0]))
    return all(_width(a[1]) < _width(b[1]) for a, b in pairwise(ordered))


def _unit_rules() -> list[Rule]:
    pairs = ((unit, becomes) for unit in _UNITS for becomes in _UNITS if unit != becomes)
    # Eight blanks for one level are a tab's width: no model indents so a file that indents by blanks.
    return [Rule(unit, becomes) for unit, becomes in pairs if len(unit) < 8 or becomes == "\t"]


def _shift(seen: dict[str, str], convert: Callable[[str], str | None]) -> Pair | None:
    """What must be added or cut after a conversion, by the first anchor line."""
    for model, file in seen.items():
        converted = convert(model)
        if converted is None:
            return None
        if file.endswith(converted):
            return file[: len(file) - len(converted)], ""
        if converted.endswith(file):
            return "", converted[: len(converted) - len(file)]
        return None
    return None


def _simple_rules(seen: dict[str, str]) -> list[Rule]:
    shift = _shift(seen, lambda indent: indent)
    rules = [Rule(add=shift[0], cut=shift[1])] if shift else []
    return rules + _unit_rules()


def _composite_rules(seen: dict[str, str]) -> list[Rule]:
    rules: list[Rule] = []
    for rule in _unit_rules():
        shift = _shift(seen, rule)
        if shift:
            rules.append(Rule(rule.unit, rule.becomes, add=shift[0], cut=shift[1]))
    return rules


def _plausible(rules: list[Rule], model_lines: Sequence[str], file_lines: Sequence[str]) -> tuple[Rule, ...]:
    """Of several rules those that fit the units in which both sides indent; all, where none does."""
    if len(rules) == 1:
        return tuple(rules)
    file_unit, model_unit = unit_of(file_lines), unit_of(model_lines)
    rules = [rule for rule in rules if not rule.unit or rule.becomes == file_unit] or rules
    fitting = [rule for rule in rules if (rule.unit or file_unit) == model_unit]
    return tuple(fitting or rules)


def unit_of(lines: Sequence[str]) -> str:
    """The commonest step from a line's indentation to a deeper one on the next line, ``""`` if none."""
    steps: Counter[str] = Counter()
    last = ""
    for line in lines:
        indent = indent_of(line)
        if len(indent) == len(line):
            continue
        if len(indent) > len(last) and indent.startswith(last):
            steps[indent[len(last) :]] += 1
        last = indent
    return max(steps, key=lambda step: (steps[step], -len(step)), default="")


_RARE = 20  # one indented line in so many may be of another kind: aligned comments, embedded text
_ENOUGH_LINES = 4  # indented lines from which a file's habit shows


def foreign(added: Sequence[str], file_lines: Sequence[str]) -> str | None:
    """An added line indented by blanks where the file has tabs, or the other way round, if all are."""
    habit = [line[0] for line in file_lines if line[:1] in ("\t", " ") and line.strip()]
    if len(habit) < _ENOUGH_LINES:
        return None
    for kind in ("\t", " "):
        line = next((line for line in added if line.startswith(kind) and line.strip()), None)
        if line is not None and habit.count(kind) * _RARE <= len(habit):
            return line
    return None
