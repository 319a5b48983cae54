"""What runs this project elsewhere, and what it links to: workflows, a container for an editor, other sites."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from outer_links import answer, links, texts

ROOT = Path(__file__).resolve().parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAY_FAIL = {"newest.yml", "links.yml"}
START = re.compile(r"^(python3 -m venv \.venv && \S+ install -r requirements\.txt) && (\S+ lab) (\S+)$", re.MULTILINE)


def workflow(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return said


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_reads_only_ends_in_time_and_names_what_is_there(path: Path) -> None:
    said = workflow(path)
    assert said["permissions"] == {"contents": "read"}
    for job in said["jobs"].values():
        assert job["timeout-minutes"] <= 45
        assert bool(job.get("continue-on-error")) == (path.name in MAY_FAIL)
        named = re.findall(r"\btests/[\w/]+\.\w+", "\n".join(step.get("run", "") for step in job["steps"]))
        assert [file for file in named if not (ROOT / file).is_file()] == []
        assert [step["uses"] for step in job["steps"] if not re.search(r"@v\d+$", step.get("uses", "@v1"))] == []


def test_the_container_starts_as_the_readme_says_and_opens_the_first_lesson() -> None:
    said = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    command = START.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert command is not None
    install, lab, lesson = command.groups()
    assert said["postCreateCommand"] == install
    assert said["postAttachCommand"] == f"{lab} --allow-root --no-browser {lesson}"
    assert said["customizations"]["codespaces"]["openFiles"] == [lesson]
    assert (ROOT / lesson).is_file()


class Site(BaseHTTPRequestHandler):
    """Answers with the number that its path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_links_that_work_are_told_from_those_that_do_not(site: str) -> None:
    assert answer(f"{site}/200") == "ok"
    assert answer(f"{site}/404") == "dead: 404"
    assert answer(f"{site}/403") == "turned away: 403"
    assert answer("http://127.0.0.1:1/").startswith("no answer: ")


def test_links_to_other_sites_are_found_once_each() -> None:
    said = "[a](https://a.example/b#c) <https://a.example/b>. url = {https://c.example/}, https://github.com/OWNER/REPO"
    assert links(said) == ["https://a.example/b", "https://c.example/"]
    named = {name for name, text in texts() if links(text)}
    assert {".github/paper/paper.bib", "notebooks/02_mutex.ipynb"} <= named
