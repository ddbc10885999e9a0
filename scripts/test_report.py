#!/usr/bin/env python3
"""Opens a report in headless Chromium and uses it as a reader would.

    python scripts/test_report.py REPORT.html [--screenshots FOLDER]

Needs Chromium and chromedriver (Debian: chromium, chromium-driver) and nothing else: the driver
speaks the WebDriver protocol, which is JSON over HTTP.
"""

import argparse
import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

CHROMIUM = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars",
]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"enter": "\ue007", "escape": "\ue00c", "right": "\ue014"}


class Browser:
    """A session of Chromium behind chromedriver."""

    def __init__(self, profile):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            self._begin(profile)
        except BaseException:
            self.driver.kill()
            raise

    def _begin(self, profile):
        self.base = f"http://127.0.0.1:{self._port()}"
        options = {
            "goog:chromeOptions": {"args": [*CHROMIUM, f"--user-data-dir={profile}"]},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": options}})
        self.base += f"/session/{answer['sessionId']}"

    def _port(self):
        for line in self.driver.stdout:
            if "successfully on port" in line:
                return int(line.rsplit("port", 1)[1].strip(" .\n"))
        raise SystemExit("chromedriver did not start")

    def _ask(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from error

    def open(self, url):
        self._ask("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        body = {"cmd": command, "params": parameters}
        return self._ask("POST", "/goog/cdp/execute", body)

    def view(self, width, height, scheme):
        phone = width < 600
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=2 if phone else 1, mobile=phone)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.devtools("Emulation.setEmulatedMedia", features=[feature])

    def point(self, x, y, click=False, kind="mouse"):
        actions = [{"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}]
        if click:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        pointer = {"type": "pointer", "id": kind, "parameters": {"pointerType": kind}}
        self._ask("POST", "/actions", {"actions": [{**pointer, "actions": actions}]})

    def press(self, key):
        keys = [{"type": kind, "value": KEYS[key]} for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": keys}]})

    def logs(self, kind):
        return self._ask("POST", "/se/log", {"type": kind})

    def screenshot(self, path, whole=False):
        answer = self.devtools("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def close(self):
        self._ask("DELETE", "")
        self.driver.terminate()
        self.driver.wait()


def no_complaints(browser, url):
    """Nothing on the console, and nothing asked of any network."""
    errors = [line["message"] for line in browser.logs("browser")]
    assert not errors, errors
    for entry in browser.logs("performance"):
        event = json.loads(entry["message"])["message"]
        if event["method"] == "Network.requestWillBeSent":
            asked = event["params"]["request"]["url"]
            assert asked == url or asked.startswith("data:"), f"the page asked for {asked}"


def fits(browser, width):
    found = browser.run("return document.documentElement.scrollWidth")
    assert found <= width, f"the page is {found} wide in a window of {width}"


def colours(browser, scheme):
    """Paper and ink follow the reader's scheme, in the figures too."""
    script = """
      const sum = (colour) => colour.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0);
      const body = getComputedStyle(document.body);
      const paper = document.querySelector('.plate svg > rect[fill="#ffffff"]');
      return [sum(body.backgroundColor), sum(body.color), paper && sum(getComputedStyle(paper).fill)];
    """
    paper, ink, figure = browser.run(script)
    dark, light = (paper, ink) if scheme == "dark" else (ink, paper)
    assert dark < 200 and light > 500, (paper, ink)
    assert figure in (None, paper), "the figures' paper is the page's"


def sorting(browser):
    """A column sorts both ways by number, and what is not known stays last."""
    column = """
      const head = [...document.querySelectorAll('.runs thead th')];
      const at = head.findIndex((th) => th.textContent === 'sharpness');
      head[at].firstElementChild.click();
      const cells = [...document.querySelectorAll('.runs tbody tr')].map((row) => row.cells[at]);
      return [cells.map((cell) => cell.dataset.order ?? null), head[at].getAttribute('aria-sort')];
    """
    for direction, sign in (("ascending", 1), ("descending", -1)):
        orders, announced = browser.run(column)
        known = [float(order) for order in orders if order is not None]
        assert announced == direction and known, (announced, len(known))
        assert known == sorted(known, key=lambda value: sign * value), f"not {direction}"
        assert all(order is None for order in orders[len(known):]), "the unknown come last"


def filtering(browser):
    set_batch = """
      const form = document.querySelector('.filters');
      form.batch.selectedIndex = arguments[0];
      form.dispatchEvent(new Event('input'));
      const shown = [...document.querySelectorAll('.runs tbody tr')].filter((row) => !row.hidden);
      return [form.batch.value, shown.map((row) => row.dataset.batch), form.querySelector('output').value];
    """
    batch, shown, told = browser.run(set_batch, 1)
    assert shown and set(shown) == {batch}, (batch, shown)
    assert told.startswith(f"{len(shown)} of "), told
    browser.run(set_batch, 0)


def pointing(browser, kind):
    """The tip at a point tells the numbers of the row in the table with its step and batch size."""
    place = """
      const figure = document.querySelector('.plate[data-name="figure1a_sharpness"]');
      const svg = figure.querySelector('svg');
      svg.scrollIntoView({ block: 'center', behavior: 'instant' });
      const data = JSON.parse(document.getElementById('data').textContent);
      const targets = data.figures.figure1a_sharpness;
      const [x, y, curve, runs] = targets[Math.floor(targets.length / 2)];
      const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
      const row = document.querySelector(`.runs tr[data-run="${runs[0]}"]`);
      const head = [...document.querySelectorAll('.runs thead th')].map((th) => th.textContent);
      const cell = (name) => row.cells[head.indexOf(name)].textContent;
      return [at.x, at.y, curve, ...['η', 'B', 'sharpness', 'exact'].map(cell), data.runs[runs[0]].id];
    """
    x, y, curve, eta, batch, sharpness, exact, run = browser.run(place)
    assert curve == f"B = {batch}", (curve, batch)
    # The page still hears of its own scrolling, which hides the tip.
    time.sleep(0.3)
    browser.point(x, y, click=kind == "touch", kind=kind)
    tip = browser.run("const tip = document.getElementById('tip'); return tip.hidden ? '' : tip.textContent")
    for number in (f"η = {eta}, B = {batch}", f"sharpness{sharpness}", f"exact{exact}"):
        assert number in tip, (number, tip)
    halos = browser.run("return document.querySelectorAll('.halo').length")
    assert halos > 1, "the run is marked in the other figures too"
    return x, y, run


def card(browser, run):
    """The card has the run's curves, can be turned like a page, and closes."""
    look = """
      const card = document.getElementById('card');
      const dots = card.querySelectorAll('#spectrum circle.dot');
      const line = card.querySelector('#loss path.line');
      return [card.open, document.getElementById('card-id').textContent,
              line ? line.getAttribute('d').split('L').length : 0, dots.length];
    """
    opened, told, corners, dots = browser.run(look)
    assert opened and told == f"run {run}", (opened, told)
    assert corners > 20, f"the loss curve has {corners} points"
    assert dots > 5, f"the spectrum has {dots} points"
    assert browser.run("return location.hash") == f"#run={run}"
    place = """
      const box = document.querySelector('#loss svg').getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    """
    browser.point(*browser.run(place))
    read = browser.run("return document.querySelector('#loss .read').textContent")
    assert read.startswith("epoch "), read
    browser.press("right")
    assert browser.run(look)[1] != told, "the arrow key turns to the next run"
    browser.press("escape")
    assert not browser.run(look)[0], "Escape closes the card"


def keyboard(browser):
    browser.run("document.querySelector('.plate[data-name=\"figure1a_sharpness\"] svg').focus()")
    for key in ("right", "right"):
        browser.press(key)
    tip = browser.run("const tip = document.getElementById('tip'); return tip.hidden ? '' : tip.textContent")
    assert tip.startswith("η = "), tip
    browser.press("enter")
    assert browser.run("return document.getElementById('card').open"), "Enter opens the run"
    browser.press("escape")


def visit(browser, url, width, height, scheme, screenshots):
    browser.view(width, height, scheme)
    # What the browser itself loads before is not the page's doing.
    browser.open("about:blank")
    browser.logs("performance")
    browser.open(url)
    fits(browser, width)
    colours(browser, scheme)
    shoot = (lambda name, **options: browser.screenshot(
        screenshots / f"{width}-{scheme}-{name}.png", **options)) if screenshots else lambda *a, **o: None
    shoot("page", whole=True)
    if browser.run("return Boolean(document.querySelector('.plate[data-name=\"figure1a_sharpness\"]'))"):
        kind = "touch" if width < 600 else "mouse"
        x, y, run = pointing(browser, kind)
        shoot("tip")
        browser.point(x, y, click=True, kind=kind)
        shoot("card")
        card(browser, run)
        keyboard(browser)
        sorting(browser)
        filtering(browser)
    fits(browser, width)
    no_complaints(browser, url)
    print(f"{width} × {height}, {scheme}: fine")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path, help="folder for what was seen")
    arguments = parser.parse_args()
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    url = arguments.report.resolve(strict=True).as_uri()
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(profile)
        try:
            for width, height in ((1280, 900), (390, 844)):
                for scheme in ("light", "dark"):
                    visit(browser, url, width, height, scheme, arguments.screenshots)
        finally:
            browser.close()


if __name__ == "__main__":
    sys.exit(main())
