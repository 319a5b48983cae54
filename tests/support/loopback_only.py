"""Runs first in a kernel that re-runs a lesson: from then on the lesson can reach this machine, and no other."""

import sys
from socket import SOCK_DGRAM, gethostname


def _only_this_machine(event, arguments, SOCK_DGRAM=SOCK_DGRAM, gethostname=gethostname):
    """An audit hook: it sees every connection, listening and look-up that Python is about to make."""
    if event in {"socket.connect", "socket.bind", "socket.sendto"}:
        if event == "socket.connect" and arguments[0].type == SOCK_DGRAM:
            return  # sends nothing yet: libraries ask in this way which address is their own
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"  # else a name in the file system
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host is not None and host not in {"localhost", "::1", gethostname()} and not str(host).startswith("127."):
        raise RuntimeError(f"a lesson must reach nothing but 127.0.0.1, got {host!r} ({event})")


sys.addaudithook(_only_this_machine)
del sys, SOCK_DGRAM, gethostname, _only_this_machine
