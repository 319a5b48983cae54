"""Runs first in a kernel that re-runs a lesson: from then on the lesson can reach this machine, and no other."""

import sys


def _only_this_machine(event, arguments):
    """An audit hook: it sees every connection, listening and look-up that Python is about to make."""
    if event in {"socket.connect", "socket.bind", "socket.sendto"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"  # else a name in the file system
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host is not None and host not in {"localhost", "::1"} and not str(host).startswith("127."):
        raise RuntimeError(f"a lesson must reach nothing but 127.0.0.1, got {host!r} ({event})")


sys.addaudithook(_only_this_machine)
del sys, _only_this_machine
