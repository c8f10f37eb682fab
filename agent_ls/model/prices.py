"""What tokens cost: one data file, which the user's own may override. Unknown means ``None``, never 0."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, cast, final

from agent_ls.core.errors import ConfigError
from agent_ls.core.job import Usage

_CACHE_READ = 0.1
_CACHE_WRITE = 1.25
_MTOK = 1_000_000
_DATED = re.compile(r"[-@]\d{8}$|-latest$")
_FIELDS = frozenset({"input", "output", "cache_read", "cache_write"})


@final
@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float
    cache_read: float
    cache_write: float

    def cost_usd(self, usage: Usage) -> float:
        """What the tokens cost, in US dollars."""
        return (
            usage.input * self.input
            + usage.output * self.output
            + usage.cache_read * self.cache_read
            + usage.cache_write * self.cache_write
        ) / _MTOK


@final
class Prices:
    """Prices by model id."""

    def __init__(self, models: Mapping[str, Price]) -> None:
        self._models = dict(models)

    def price(self, model: str) -> Price | None:
        """The price of a model: its id as it is, else without a vendor's prefix and a date behind it."""
        bare = model.rpartition("/")[2]
        for name in (model, bare, _DATED.sub("", bare)):
            if name in self._models:
                return self._models[name]
        return None

    def cost_usd(self, model: str, usage: Usage) -> float | None:
        """What the tokens cost in US dollars; ``None`` where the model's price is not known."""
        price = self.price(model)
        return None if price is None else price.cost_usd(usage)


def load_prices(config_dir: Path | None = None) -> Prices:
    """The shipped prices, overridden by ``prices.toml`` in the user's configuration directory.

    Raises:
        ConfigError: the user's file cannot be read or is not of the form.
    """
    shipped = resources.files("agent_ls.model").joinpath("prices.toml").read_text(encoding="utf-8")
    models = _read(shipped, "prices.toml")
    own = None if config_dir is None else config_dir / "prices.toml"
    if own is not None and own.is_file():
        try:
            models |= _read(own.read_text(encoding="utf-8"), str(own))
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"The price file {own} cannot be used: {error}",
                remedy='Write [models."NAME"] with input and output in dollars per million tokens, or remove it',
            ) from error
    return Prices(models)


def _read(text: str, source: str) -> dict[str, Price]:
    tables: object = tomllib.loads(text).get("models", {})
    if not isinstance(tables, dict):
        raise ValueError(f"{source}: models is not a table")  # noqa: TRY004 - the file is wrong, not the caller
    return {name: _price(name, table) for name, table in cast("dict[str, Any]", tables).items()}


def _price(name: str, table: object) -> Price:
    values = cast("dict[str, object]", table) if isinstance(table, dict) else {}
    numbers = {
        key: float(value)
        for key, value in values.items()
        if key in _FIELDS and isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    }
    if "input" not in numbers or "output" not in numbers or numbers.keys() != values.keys():
        raise ValueError(f"{name}: needs the numbers input and output; may have cache_read and cache_write")
    return Price(
        input=numbers["input"],
        output=numbers["output"],
        cache_read=numbers.get("cache_read", numbers["input"] * _CACHE_READ),
        cache_write=numbers.get("cache_write", numbers["input"] * _CACHE_WRITE),
    )
