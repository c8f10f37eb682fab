from dataclasses import dataclass


@dataclass
class Settings:
    host: str = "localhost"
    port: int = 8080
    timeout_s: float = 2.5
    retries: int = 3
    verbose: bool = False
