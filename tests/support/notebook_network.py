"""No lesson leaves this machine: what its code cells say about hosts, read without running them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from support.notebook_text import code_cells, parsed

URL = re.compile(r"\b(?:https?|ftp|wss?|tcp)://\[?([^/\s:\]?#{}]+)")
SHELL = re.compile(r"^\s*(!|%%?(?:bash|sh|system|sx|pip|conda|script)\b)", re.MULTILINE)
# Calls whose first text, alone or first in a pair, is a host.
OPENS = frozenset(
    {
        *("bind", "connect", "connect_ex", "create_connection", "create_server", "getaddrinfo", "gethostbyname"),
        *("open_connection", "start_server", "HTTPConnection", "HTTPSConnection", "HTTPServer", "TCPServer"),
        *("ThreadingHTTPServer", "ThreadingTCPServer"),
    }
)


def reaches_nothing_but_this_machine(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Code cells name no host but this machine, listen at no other address, and start no shell."""
    for number, cell in code_cells(notebook):
        if found := SHELL.search(cell.source):
            yield f"cell {number} must not start a shell, got {found[1]}"
        for host in hosts(cell.source):
            if not is_this_machine(host):
                yield f"cell {number} must reach nothing but 127.0.0.1, got {host!r}"


def is_this_machine(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def hosts(source: str) -> Iterator[str]:
    """The hosts in addresses and in the first argument of calls that open a connection or listen."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from URL.findall(node.value)
        elif isinstance(node, ast.Call) and node.args and _name(node.func) in OPENS:
            first = node.args[0]
            if isinstance(first, ast.Tuple) and first.elts:
                first = first.elts[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and "://" not in first.value:
                yield first.value


def _name(function: ast.expr) -> str | None:
    return getattr(function, "attr", None) or getattr(function, "id", None)
