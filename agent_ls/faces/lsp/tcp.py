"""One client over TCP instead of stdio."""

from __future__ import annotations

import ipaddress
import socket
import sys
from dataclasses import dataclass
from typing import final

from agent_ls.core.errors import UsageError


@final
@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 lets the system choose. ``open_to_network`` is the user's explicit wish."""

    host: str
    port: int
    open_to_network: bool = False

    @staticmethod
    def parse(text: str) -> Address:
        """``HOST:PORT``, also ``[::1]:PORT``.

        Raises:
            UsageError: not of that form.
        """
        host, colon, port = text.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise UsageError(
                f"{text[:80]!r} is not HOST:PORT", remedy="Give an address such as 127.0.0.1:7658"
            )
        return Address(host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port))


def accept_one(address: Address) -> tuple[int, int]:
    """Listen, say where on stderr, and wait for the first client; nobody else gets in.

    Returns:
        The connection's descriptor, twice: input and output.

    Raises:
        UsageError: not a loopback address, or it cannot be listened on. Whoever connects can
            make this process read and run things, so other addresses need ``open_to_network``.
    """
    if not address.open_to_network and not _is_loopback(address.host):
        raise UsageError(
            f"{address.host} can be reached from the network",
            remedy="Use 127.0.0.1, or tunnel to it; whoever connects has this server's rights",
        )
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        with socket.create_server((address.host, address.port), family=family, backlog=1) as listener:
            host, port = listener.getsockname()[:2]
            sys.stderr.write(f"agent-ls: listening on {host}:{port}\n")
            sys.stderr.flush()
            connection, _ = listener.accept()
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {address.host}:{address.port}: {error.strerror or error}",
            remedy="Choose another port",
        ) from None
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    fd = connection.detach()
    return fd, fd


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
