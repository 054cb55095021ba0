"""Speaks WebDriver (W3C) to a chromedriver on this machine. Needs the packages chromium and chromium-driver, and Python 3.11+."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

PACKAGES = ["chromium", "chromium-driver"]
PROGRAMS = ["chromium", "chromedriver"]
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "Down": "\ue015", "Up": "\ue013", "Right": "\ue014", "Left": "\ue012"}
# Nothing of this leaves the machine, whatever proxy there is.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def ready():
    """Whether there is a browser; as root the packages are installed if there is none."""
    if all(map(shutil.which, PROGRAMS)):
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {' and '.join(PACKAGES)}", flush=True)
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            subprocess.run(["apt-get", "-qq", *command], env=environment, check=False, stdout=subprocess.DEVNULL)
    return all(map(shutil.which, PROGRAMS))


class Browser:
    """One window of a headless browser, with the console's log."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory()
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = next((found[1] for line in self.driver.stdout if (found := re.search(r"successfully on port (\d+)", line))), None)
        if port is None:
            sys.exit("chromedriver does not start")
        self.address = f"http://127.0.0.1:{port}/session"
        arguments = ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--window-size=1400,1000",
                     "--no-first-run", "--disable-background-networking", f"--user-data-dir={self.profile.name}"]
        # A browser of root has no sandbox to use; containers of CI have little shared memory.
        arguments += ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []
        options = {"binary": shutil.which("chromium"), "args": arguments}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"},
                  "unhandledPromptBehavior": "ignore"}
        answer = self.call("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self.address += f"/{answer['sessionId']}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.profile.cleanup()

    def call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with OPENER.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise RuntimeError(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    def open(self, url):
        # A page that differs by its fragment only is not loaded again.
        self.call("POST", "/url", {"url": "about:blank"})
        self.call("POST", "/url", {"url": url})

    def run(self, script, *values):
        """What a function's body returns, run in the page."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(values)})

    def wait(self, script, *values):
        """What a promise's body comes to; `done` is its end."""
        return self.call("POST", "/execute/async", {"script": f"const done = arguments[arguments.length - 1]; {script}", "args": list(values)})

    def press(self, *keys):
        """Presses keys one after the other, as a person does."""
        letters = [letter for key in keys for letter in (KEYS.get(key) or key)]
        actions = [{"type": kind, "value": letter} for letter in letters for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def click(self, selector):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        self.call("POST", f"/element/{found[ELEMENT]}/click")

    def protocol(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        self.protocol("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, kind="", **features):
        """The kind of medium, and features such as `prefers_color_scheme`."""
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.protocol("Emulation.setEmulatedMedia", media=kind, features=named)

    def dialog(self):
        """The text of a dialog that a page has opened, if there is one."""
        try:
            return self.call("GET", "/alert/text")
        except RuntimeError:
            return None

    def console(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]

    def shot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))
