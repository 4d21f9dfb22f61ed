"""Firefox and WebKit for tests, where Debian's firefox-esr and webkit2gtk-driver are found; tests skip elsewhere.

Firefox is spoken to in WebDriver BiDi, which it has built in, and WebKitGTK in WebDriver: both are W3C's.
"""

import glob
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KEYS = {"ArrowRight": "\ue014", "ArrowLeft": "\ue012", "Home": "\ue011", "End": "\ue010", "Enter": "\ue007"}
MINI = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"


def _actions(keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return presses of keys, as both protocols write them."""
    presses = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
    return [{"type": "key", "id": "keyboard", "actions": presses}]


class Firefox:
    """A Firefox without a window."""

    def __init__(self, folder: Path) -> None:
        websocket = pytest.importorskip("websocket")
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        if not program:
            pytest.skip("firefox is not installed: apt-get install firefox-esr")
        command = [program, "--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0"]
        env = os.environ | {"HOME": str(folder)}
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=env, start_new_session=True
        )
        assert self.process.stderr
        found = next(filter(None, (re.search(r"listening on (ws://\S+)", line) for line in self.process.stderr)), None)
        if found is None:
            pytest.skip("firefox does not start here")
        self.socket = websocket.create_connection(f"{found[1]}/session", timeout=60, suppress_origin=True)
        self.asked = 0
        self.ask("session.new", capabilities={})
        self.context = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        self.ask("browsingContext.setViewport", context=self.context, viewport={"width": 1280, "height": 900})

    def ask(self, method: str, **params: Any) -> Any:
        self.asked += 1
        self.socket.send(json.dumps({"id": self.asked, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.asked:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, url: str) -> None:
        self.ask("browsingContext.navigate", context=self.context, url="about:blank", wait="complete")
        self.ask("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def run(self, expression: str) -> Any:
        text = f"JSON.stringify({expression}) ?? 'null'"
        target = {"context": self.context}
        found = self.ask("script.evaluate", expression=text, target=target, awaitPromise=False)
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def press(self, *keys: str) -> None:
        self.ask("input.performActions", context=self.context, actions=_actions(keys))

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait()


class WebKit:
    """WebKitGTK's small browser, on a screen that nobody sees."""

    def __init__(self, folder: Path) -> None:
        driver, screen, mini = shutil.which("WebKitWebDriver"), shutil.which("Xvfb"), glob.glob(MINI)
        if not (driver and screen and mini):
            pytest.skip("WebKitGTK is not installed: apt-get install webkit2gtk-driver xvfb")
        reading, writing = os.pipe()
        self.screen = subprocess.Popen(
            [screen, "-displayfd", str(writing), "-screen", "0", "1280x1000x24", "-nolisten", "tcp"],
            pass_fds=[writing], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writing)
        with os.fdopen(reading) as told:
            display = told.readline().strip()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        env = os.environ | {"HOME": str(folder), "DISPLAY": f":{display}", "LIBGL_ALWAYS_SOFTWARE": "1"}
        env |= {"WEBKIT_DISABLE_COMPOSITING_MODE": "1", "NO_AT_BRIDGE": "1"}
        self.process = subprocess.Popen(
            [driver, f"--port={self.port}"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        options = {"webkitgtk:browserOptions": {"binary": mini[-1], "args": ["--automation"]}}
        for _ in range(100):
            try:
                self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]
                return
            except ConnectionError:
                time.sleep(0.1)
            except OSError as error:
                if not isinstance(getattr(error, "reason", None), ConnectionError):
                    raise
                time.sleep(0.1)
        pytest.skip("WebKitGTK does not start here")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method, data=data)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, url: str) -> None:
        self.ask("POST", f"/session/{self.session}/url", {"url": "about:blank"})
        self.ask("POST", f"/session/{self.session}/url", {"url": url})

    def run(self, expression: str) -> Any:
        script = f"return JSON.stringify({expression}) ?? 'null'"
        return json.loads(self.ask("POST", f"/session/{self.session}/execute/sync", {"script": script, "args": []}))

    def press(self, *keys: str) -> None:
        self.ask("POST", f"/session/{self.session}/actions", {"actions": _actions(keys)})

    def close(self) -> None:
        self.ask("DELETE", f"/session/{self.session}")
        for process in (self.process, self.screen):
            process.terminate()
            process.wait()


@pytest.fixture(scope="module", params=[Firefox, WebKit], ids=["firefox", "webkit"])
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Yield a browser of each kind, with `open`, `run` and `press`."""
    found = request.param(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


def wait_for(browser: Any, expression: str) -> None:
    """Wait until an expression is true in the page."""
    for _ in range(300):
        if browser.run(expression):
            return
        time.sleep(0.05)
    raise AssertionError(f"it never came: {expression}")
