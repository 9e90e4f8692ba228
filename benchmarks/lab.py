"""The lab measured in Chromium: from a slider's move to the first new frame, and to the end of ten epochs.

    python benchmarks/lab.py [--moves 30] [--json FILE]

A key moves the learning rate's slider on the Train tab, on Fashion-MNIST. The clock runs from the browser's
own time of the key to the moment after the frame is painted: figures, weights, confusion matrix and samples
of the new model. The curves follow some 30 ms later. Every other move interrupts the training that the one
before it began, as a hand that drags a slider does. Server and browser share the machine.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

from linnet.data.sources import fashion_mnist
from measure import Figure, finish, machine, options

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FIRST_FRAME = 100.0
TEN_EPOCHS = 2.0
PLACE = "#train?dataset=fashion_mnist"
CLOCK = """() => {
    window.times = { first: [], end: [] };
    let began = 0;
    addEventListener("keydown", (event) => { began = event.timeStamp; }, true);
    const note = (list) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();  // its turn comes when the frame has been painted
        port1.onmessage = () => list.push(performance.now() - began);
        port2.postMessage(0);
    });
    addEventListener("firstframe", () => note(window.times.first));
    addEventListener("trainingend", () => note(window.times.end));
}"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def started(port: int) -> subprocess.Popen[bytes]:
    """`linnet lab` as people start it."""
    command = [sys.executable, "-m", "linnet", "lab", "--no-browser", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while True:
        assert process.poll() is None, "linnet lab did not start"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return process


def wait(page: Page, which: str, count: int) -> None:
    """Until so many times have been taken."""
    while page.evaluate(f"window.times.{which}.length") < count:
        page.wait_for_timeout(50)


def measure(page: Page, moves: int) -> tuple[list[float], list[float]]:
    """Milliseconds to the first frame of each move, and to the end of each run that was not interrupted."""
    page.wait_for_selector("progress.over")
    page.wait_for_selector(".js-plotly-plot")
    page.evaluate(CLOCK)
    page.focus("#knob-lr")
    for move in range(moves):
        page.keyboard.press("ArrowRight" if move % 4 < 2 else "ArrowLeft")
        wait(page, "first", move + 1)
        if move % 2:
            wait(page, "end", move // 2 + 1)
        else:
            page.wait_for_timeout(200)
    return page.evaluate("window.times.first"), page.evaluate("window.times.end")


def figures(first: list[float], end: list[float]) -> list[Figure]:
    middle, seconds = statistics.median(first), statistics.median(end) / 1000
    slowest = statistics.quantiles(first, n=20)[-1]
    slider, epochs = "slider to first new frame", "ten epochs of Fashion-MNIST, shown"
    return [
        Figure(f"{slider}, median, ms", middle, "{:.0f}", f"≤ {FIRST_FRAME:.0f}", middle <= FIRST_FRAME),
        Figure(f"{slider}, 95th percentile, ms", slowest, "{:.0f}"),
        Figure(f"{epochs}, median, s", seconds, "{:.2f}", f"≤ {TEN_EPOCHS:.0f}", seconds <= TEN_EPOCHS),
    ]


def main() -> None:
    parser = options("Measure the lab against its targets.", quick="ten moves", suffix=".lab.json")
    parser.add_argument("--moves", type=int, default=30, help="of the slider")
    asked = parser.parse_args()
    browser = next((path for path in CHROMIUM if os.path.exists(path)), None)
    if browser is None or fashion_mnist.SOURCE.find() is None:
        print("Skipped: the benchmark needs Chromium and Fashion-MNIST.")
        return
    from playwright.sync_api import sync_playwright

    print(machine(), flush=True)
    port = free_port()
    server = started(port)
    try:
        with sync_playwright() as playwright:
            made = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            page = made.new_page(viewport={"width": 1360, "height": 900})
            page.goto(f"http://127.0.0.1:{port}/{PLACE}")
            first, end = measure(page, 10 if asked.quick else asked.moves)
            made.close()
    finally:
        server.terminate()
        server.wait()
    finish(figures(first, end), asked.json, ".lab.json", first=first, end=end)


if __name__ == "__main__":
    main()
