"""What a user may set."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    timeout_s: float = 2.0


def read_settings(values: dict) -> Settings:
    """Settings from a mapping; unknown names are refused."""
    known = {"timeout_s"}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(unknown)}")
    return Settings(**values)
