"""Values to JSON and back: dataclasses, enums, tuples, mappings, bytes as base64.

Journals, the worker pipe and the control socket speak JSON; this is their one codec. Reading
is strict about types and lenient about unknown keys, so that a newer writer's journal can be
read by an older reader.
"""

from __future__ import annotations

import base64
import dataclasses
import types
from collections import abc
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


class CodecError(ValueError):
    """JSON that is not the value it should be; the text says where."""


def to_json(value: object) -> Any:
    """The JSON form of a value. Dataclass fields that hold their default are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: to_json(item)
            for f in dataclasses.fields(value)
            if (item := getattr(value, f.name)) != _default(f) or f.default is dataclasses.MISSING
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {str(k): to_json(v) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(item) for item in cast("Sequence[object]", value)]
    return value


def from_json(kind: type[T], value: object) -> T:
    """Read a value of a dataclass type from its JSON form.

    Raises:
        CodecError: a field is missing or of another type.
    """
    return cast("T", _read(kind, value, kind.__name__))


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default is not dataclasses.MISSING:
        return field.default
    return (
        field.default_factory() if field.default_factory is not dataclasses.MISSING else dataclasses.MISSING
    )


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: object, where: str) -> object:
    if kind is Any or kind is object:
        return value
    supertype = getattr(kind, "__supertype__", None)
    if supertype is not None:
        return _read(supertype, value, where)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_union(get_args(kind), value, where)
    if origin is Literal:
        if value in get_args(kind):
            return value
        raise CodecError(f"{where}: {value!r} is none of {get_args(kind)}")
    if origin is not None:
        return _read_collection(origin, get_args(kind), value, where)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(cast("type", kind), value, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError as error:
            raise CodecError(f"{where}: {error}") from None
    if kind is bytes and isinstance(value, str):
        return base64.b64decode(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind in (int, float) and isinstance(value, bool):
        raise CodecError(f"{where}: {value!r} is not a number")
    if kind is types.NoneType and value is None:
        return None
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    raise CodecError(f"{where}: {value!r} is not {kind}")


_SEQUENCES: tuple[Any, ...] = (tuple, list, frozenset, set, abc.Sequence)


def _read_union(kinds: tuple[Any, ...], value: object, where: str) -> object:
    if value is None and types.NoneType in kinds:
        return None
    problems: list[str] = []
    for kind in kinds:
        try:
            return _read(kind, value, where)
        except CodecError as error:
            problems.append(str(error))
    raise CodecError("; ".join(problems))


def _read_collection(origin: Any, args: tuple[Any, ...], value: object, where: str) -> object:
    if isinstance(value, Mapping) and issubclass(origin, Mapping):
        mapping = cast("Mapping[object, object]", value)
        return {_read_key(args[0], k, where): _read(args[1], v, f"{where}.{k}") for k, v in mapping.items()}
    if isinstance(value, (list, tuple)) and origin in _SEQUENCES:
        items = cast("Sequence[object]", value)
        if origin is tuple and args[-1] is not Ellipsis:
            if len(items) != len(args):
                raise CodecError(f"{where}: {len(items)} items instead of {len(args)}")
            return tuple(
                _read(arg, item, f"{where}[{i}]")
                for i, (arg, item) in enumerate(zip(args, items, strict=True))
            )
        read = [_read(args[0], item, f"{where}[{i}]") for i, item in enumerate(items)]
        return read if origin in (list, abc.Sequence) else cast("object", origin(read))
    raise CodecError(f"{where}: {value!r} is not {origin.__name__}")


def _read_key(kind: Any, key: object, where: str) -> object:
    """A key of a mapping: in JSON all of them are texts."""
    if kind is int and isinstance(key, str) and key.isdecimal():
        return int(key)
    return _read(kind, key, where)


def _read_dataclass(kind: type, value: object, where: str) -> object:
    if not isinstance(value, Mapping):
        raise CodecError(f"{where}: {type(value).__name__} where an object is expected")
    mapping = cast("Mapping[str, object]", value)
    hints = _hints(kind)
    given: dict[str, object] = {}
    for field in dataclasses.fields(kind):
        if field.name in mapping:
            given[field.name] = _read(hints[field.name], mapping[field.name], f"{where}.{field.name}")
        elif _default(field) is dataclasses.MISSING:
            raise CodecError(f"{where}.{field.name} is missing")
    try:
        return kind(**given)
    except ValueError as error:
        raise CodecError(f"{where}: {error}") from None
