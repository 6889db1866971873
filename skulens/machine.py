"""What the machine offers to this process."""

import os
import socket


def count_cores() -> int:
    """Cores that this process may use; all of the machine where the system does not say."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def bind_socket(host: str, port: int) -> socket.socket:
    """A socket for a server to listen on; port 0 takes a free one.

    Raises:
        OSError, OverflowError: the port is taken, or there is no such port or address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it every answer
    # takes 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except (OSError, OverflowError):
        sock.close()
        raise
    return sock


def url_of(sock: socket.socket) -> str:
    """ "http://127.0.0.1:PORT"."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
