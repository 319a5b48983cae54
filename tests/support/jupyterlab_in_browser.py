"""JupyterLab as a learner has it before them: started by its own command, driven through a browser's page.

Nothing here waits for a fixed time: every wait is for a state, with a deadline.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Error, Locator, Page

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
START_SECONDS = 240.0  # a cold JupyterLab on a busy machine
ACT_SECONDS = 20.0  # a kernel's start, a run of all cells, a click

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CELLS = "[...window.jupyterapp.shell.currentWidget.content.model.cells]"
YET_TO_RUN = f"{CELLS}.filter(cell => cell.type === 'code' && cell.executionCount === null).length"
# Only errors are written out: this is asked again and again, and the other outputs have large pictures.
UNPLANNED = f"""{CELLS}
    .filter(cell => cell.type === 'code' && !(cell.getMetadata('tags') ?? []).includes('raises-exception'))
    .flatMap(cell => [...Array(cell.outputs.length).keys()].map(place => cell.outputs.get(place)))
    .filter(output => output.type === 'error')
    .map(output => output.toJSON())
    .map(output => `${{output.ename}}: ${{output.evalue}}`)"""
# What a notebook finds around it, and where it stands itself: when it is as expected, or else when it has settled.
SURROUNDINGS = """async ([expected, milliseconds]) => {
    const {shell, restored} = window.jupyterapp, deadline = performance.now() + milliseconds;
    const look = () => {
        const place = shell.currentWidget.node.getBoundingClientRect();
        return JSON.stringify({
            tabs: [...shell.widgets('main')].length,
            sides: [shell.leftCollapsed, shell.rightCollapsed],
            place: [place.x, place.y, place.width, place.height].map(Math.round),
            window: [innerWidth, innerHeight, devicePixelRatio, navigator.maxTouchPoints],
            theme: document.body.dataset.jpThemeName,
            over: document.querySelectorAll('#jupyterlab-splash, .jp-Dialog, .lm-Menu, .jp-HoverBox').length,
        });
    };
    await restored;
    for (let before = '', now = look(); performance.now() < deadline; before = now, now = look()) {
        if (now === expected || (!expected && now === before && now.endsWith('"over":0}'))) return now;
        await new Promise(later => setTimeout(later, 50));
    }
    return look();
}"""
QUIET_SETTINGS = {
    "apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false", "doNotDisturbMode": True},
    "docmanager-extension/plugin": {"autosave": False},
}


def chromium() -> str | None:
    """The browser to drive: $CHROMIUM, or the first Chromium or Chrome that is installed; never one of Playwright's."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, (*names, *_off_the_path()))), None)


def _off_the_path() -> list[str]:
    """Where macOS and Windows put a browser: not on the PATH."""
    folders = [os.environ[name] for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA") if name in os.environ]
    return [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        *(str(Path(folder, "Google", "Chrome", "Application", "chrome.exe")) for folder in folders),
    ]


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that answers: its address, its token, and the folder it serves."""

    url: str
    token: str
    folder: Path

    def ask(self, path: str, method: str = "GET") -> Any:
        """The server's answer to a request of its REST interface (None for an empty one)."""
        request = urllib.request.Request(
            f"{self.url}{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=ACT_SECONDS) as answer:
            return json.loads(answer.read() or "null")

    def write(self, name: str, notebook_text: str) -> str:
        """Add a notebook to the served folder; returns its path there."""
        (self.folder / name).write_text(notebook_text, encoding="utf-8")
        return name


@contextmanager
def running_lab(home: Path) -> Iterator[Lab]:
    """Start `jupyter lab` on this machine alone, on a copy of the notebooks, with all its files below `home`."""
    served = home / "served"
    shutil.copytree(NOTEBOOKS, served, ignore=shutil.ignore_patterns(".ipynb_checkpoints"), dirs_exist_ok=True)
    folders = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
    }
    for folder in folders.values():
        folder.mkdir()
    for plugin, settings in QUIET_SETTINGS.items():
        file = folders["JUPYTERLAB_SETTINGS_DIR"] / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"),
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",  # the server takes a free one and writes it down
        f"--ServerApp.root_dir={served}",
        f"--IdentityProvider.token={token}",
        "--LabApp.extension_manager=readonly",
    ]
    environment = {**os.environ, **{name: str(folder) for name, folder in folders.items()}}
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this Python, not of the user's folder
    log = home / "jupyter.log"
    with log.open("wb") as lines:
        process = subprocess.Popen(command, cwd=served, env=environment, stdout=lines, stderr=subprocess.STDOUT)
    try:
        yield _answering(process, folders["JUPYTER_RUNTIME_DIR"], token, served, log)
    finally:
        process.terminate()  # the server ends its kernels first
        try:
            process.wait(timeout=ACT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answering(process: subprocess.Popen[bytes], runtime: Path, token: str, folder: Path, log: Path) -> Lab:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                lab = Lab(json.loads(file.read_text(encoding="utf-8"))["url"], token, folder)
                lab.ask("api/status")
            except (ValueError, KeyError, OSError, urllib.error.URLError):
                continue  # the file is half written, or the port not open yet
            return lab
        time.sleep(0.05)
    ended = (
        f"ended with {process.returncode}" if process.returncode is not None else f"did not answer in {START_SECONDS} s"
    )
    raise RuntimeError(f"jupyter lab {ended}:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")


class OpenNotebook:
    """A notebook in a browser's page, with its kernel.

    page: Playwright's page, for everything that is not here. errors: what the page's own JavaScript failed with.
    """

    def __init__(self, page: Page, lab: Lab, path: str, pictures: Path) -> None:
        self.page = page
        self.lab = lab
        self.path = path
        self.pictures = pictures
        self.errors: list[str] = []
        page.set_default_timeout(ACT_SECONDS * 1000)
        page.on("pageerror", self._note)

    def open(self) -> None:
        """Load JupyterLab on this notebook and wait until its kernel is idle."""
        address = f"{self.lab.url}lab/tree/{self.path}?reset&token={self.lab.token}"
        self.page.goto(address, timeout=START_SECONDS * 1000, wait_until="domcontentloaded")
        self._wait_until_shown(START_SECONDS)
        self.wait_until_idle(START_SECONDS)

    def open_in_loaded(self) -> None:
        """Open this notebook in the page's JupyterLab, as its only tab, and wait until its kernel is idle."""
        self.page.evaluate(
            """async path => {
                const {commands, shell} = window.jupyterapp, launchers = [...shell.widgets('main')];
                await commands.execute('docmanager:open', {path, factory: 'Notebook'});
                launchers.forEach(launcher => launcher.close());
            }""",
            self.path,
        )
        self._wait_until_shown(START_SECONDS)
        self.wait_until_idle(START_SECONDS)

    def surroundings(self, expected: str = "") -> str:
        """JupyterLab around this notebook: its tabs and sidebars, the window, the theme, what lies over it.

        expected: waited for; without it, until JupyterLab is laid out and its splash is gone.
        """
        return self.page.evaluate(SURROUNDINGS, [expected, ACT_SECONDS * 1000])

    def wait_until_idle(self, seconds: float = ACT_SECONDS) -> None:
        """Wait until the kernel has nothing left to do (a TimeoutError after this many seconds)."""
        self._wait(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'", seconds
        )

    def run_all(self, seconds: float = 60.0) -> None:
        """Run ▸ Run All Cells, until the last cell has run; AssertionError where one failed unplanned.

        The command itself is over as soon as a cell has failed, also one that was meant to: those behind it still run.
        """
        self._command("notebook:run-all-cells", seconds)
        self._wait(f"() => {UNPLANNED}.length > 0 || {YET_TO_RUN} === 0", seconds)
        self.wait_until_idle(seconds)
        assert self.failures() == [], f"{self.path}: {self.failures()}"

    def save(self) -> None:
        """File ▸ Save."""
        self._command("docmanager:save", ACT_SECONDS)

    def change_theme(self, theme: str) -> None:
        """Settings ▸ Theme, and wait until JupyterLab's splash is gone.

        Each change takes the splash out of the page after its 200 ms; a second change in that time makes the second
        removal fail in JupyterLab's own code.
        """
        name = json.dumps(f"JupyterLab {theme}")
        self.page.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: {name}}})")
        self._wait(
            f"""() => document.body.dataset.jpThemeName === {name}
                && document.getElementById('jupyterlab-splash') === null""",
            ACT_SECONDS,
        )

    def open_without_kernel(self, path: str) -> None:
        """Open another notebook in this page, and start no kernel for it."""
        self.page.evaluate(
            """async path => {  // and nothing comes back: Playwright would write all of the notebook's widget down
                await window.jupyterapp.commands.execute(
                    'docmanager:open',
                    {path, factory: 'Notebook', kernelPreference: {shouldStart: false, canStart: false}});
            }""",
            path,
        )
        self._wait_until_shown(ACT_SECONDS, path)

    def interrupt(self) -> None:
        """Kernel ▸ Interrupt."""
        self._command("notebook:interrupt-kernel", ACT_SECONDS)

    def failures(self) -> list[str]:
        """The errors below cells that are not tagged raises-exception, as "ValueError: ..."."""
        return self.page.evaluate(f"() => {UNPLANNED}")

    def cell(self, number: int) -> Locator:
        """The cell with this number, counting all cells from 1, scrolled into view."""
        cell = self.page.locator(".jp-Notebook:visible .jp-Cell").nth(number - 1)
        cell.scroll_into_view_if_needed()
        return cell

    def outputs(self, number: int) -> Locator:
        """What stands below this code cell."""
        return self.cell(number).locator(".jp-Cell-outputArea")

    def screenshot(self, name: str) -> Path:
        """The whole window as NAME.png; returns where it was written."""
        path = self.pictures / f"{name}.png"
        path.write_bytes(self.page.screenshot())  # given a path, Playwright leaves a thread behind that has written it
        return path

    def close(self) -> None:
        """Close every tab of the page, whether it is saved or not, and end the kernels; JupyterLab stays loaded."""
        self.page.mouse.move(0, 0)
        self.page.evaluate(
            """async () => {
                for (const widget of [...window.jupyterapp.shell.widgets('main')]) {
                    if (widget.context) {
                        await widget.context.sessionContext.shutdown();
                        widget.context.model.dirty = false;  // or JupyterLab would ask whether to save it
                    }
                    widget.close();
                }
            }"""
        )
        self._wait("() => ![...window.jupyterapp.shell.widgets('main')].some(widget => widget.context)", ACT_SECONDS)
        self.page.remove_listener("pageerror", self._note)
        running = [session["path"] for session in self.lab.ask("api/sessions")]
        assert running == [], f"kernels of {running} are left"

    def _note(self, error: Error) -> None:
        self.errors.append(str(error))

    def _wait_until_shown(self, seconds: float, path: str | None = None) -> None:
        self._wait(
            f"""() => {{
                const {{context, content}} = window.jupyterapp?.shell?.currentWidget ?? {{}};
                return context?.path === {json.dumps(path or self.path)} && content.model?.cells?.length > 0;
            }}""",
            seconds,
        )

    def _command(self, name: str, seconds: float) -> None:
        self.page.evaluate(
            """name => {
                window.lastCommand = 'running';
                window.jupyterapp.commands.execute(name).then(
                    () => { window.lastCommand = 'done'; },
                    error => { window.lastCommand = `failed: ${error}`; });
            }""",
            name,
        )
        self._wait("() => window.lastCommand !== 'running'", seconds)
        ended = self.page.evaluate("window.lastCommand")
        assert ended == "done", f"{name} {ended}"

    def _wait(self, state: str, seconds: float) -> None:
        self.page.wait_for_function(state, timeout=seconds * 1000, polling=25)


class LoadedLab:
    """JupyterLab in a page of the browser, loaded once: notebooks are opened in it one after the other.

    Each finds what the first has found: no other tab, no kernel, the same theme and place. Where a test has failed, or
    asks for it, JupyterLab is loaded anew.
    """

    def __init__(self, browser: BrowserContext, lab: Lab) -> None:
        self.browser = browser
        self.lab = lab
        self.page: Page | None = None
        self.notebook: OpenNotebook | None = None  # the one that is open, or was to be
        self.expected = ""  # what the first notebook has found around it

    def open(self, path: str, pictures: Path) -> OpenNotebook:
        """Open a notebook; what was open is closed."""
        self.close_notebook()
        first = self.page is None
        if self.page is None:
            self.page = self.browser.new_page()
        self.notebook = notebook = OpenNotebook(self.page, self.lab, path, pictures)
        if first:
            notebook.open()
            self.expected = notebook.surroundings()
        else:
            notebook.open_in_loaded()
            found = notebook.surroundings(self.expected)
            assert found == self.expected, f"{path} is opened in {found}, and not in {self.expected}"
        return notebook

    def close_notebook(self) -> None:
        """Close what is open, and end its kernel."""
        if self.notebook is not None:
            self.notebook.close()
            self.notebook = None

    def leave(self) -> None:
        """Close the page, with whatever is in it, and end all kernels."""
        self.notebook = None
        if self.page is not None:
            self.page.close()
            self.page = None
        for session in self.lab.ask("api/sessions"):
            self.lab.ask(f"api/sessions/{session['id']}", "DELETE")
