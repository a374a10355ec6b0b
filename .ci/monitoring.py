"""Checks of the files for Prometheus and Grafana that the tests leave as zips: by promtool, and by a Prometheus of its own.

Prometheus runs with the configuration of the zip, served by the command of its README, on ports and at intervals of the
check. A second server gives the same file as OpenMetrics. What fires must be what Lathe said, which lies beside the zip
as `<name>-monitoring.json`: a list of {alert, label}.
"""

import contextlib
import functools
import http.server
import json
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
SECONDS = 60  # until it must have fired; it takes about four


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def tool(*command, stdin=None):
    done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, timeout=60)
    expect(done.returncode == 0, f"{shlex.join(map(str, command))} ends with {done.returncode}: {done.stdout}{done.stderr}")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def running(command, folder):
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


@contextlib.contextmanager
def serving(folder):
    """The folder's text files as OpenMetrics, from a thread; gives the port."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        extensions_map = {".txt": OPEN_METRICS}

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def check_monitoring(folder, said):
    """@param said: the file with what Lathe's own rules said of the batch, or None"""
    with (folder / "metrics.txt").open("rb") as metrics:
        tool("promtool", "check", "metrics", stdin=metrics)
    tool("promtool", "check", "rules", folder / "alerts.yml")
    tool("promtool", "check", "config", folder / "prometheus.yml")
    check_dashboard(json.loads((folder / "dashboard.json").read_text("utf-8")))
    expected = {(alert["alert"], alert["label"]) for alert in json.loads(said.read_text("utf-8"))} if said else None
    return check_running(folder, expected)


def check_dashboard(dashboard):
    """What Grafana asks of a file that it imports."""
    expect(dashboard["id"] is None and dashboard["uid"] is None and dashboard["schemaVersion"] >= 36, "not for import")
    variables = {variable["name"]: variable["type"] for variable in dashboard["templating"]["list"]}
    expect(variables == {"datasource": "datasource"}, f"variables {variables}")
    expect(len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) > 0, "panels without an id of their own")
    for panel in dashboard["panels"]:
        steps = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        expect(steps[0] is None and steps[1:] == sorted(steps[1:]), f"thresholds {steps}")
        expect(all(target["datasource"] == panel["datasource"] for target in panel["targets"]), "another data source")


def check_running(folder, expected):
    readme = (folder / "README.md").read_text("utf-8")
    serve, start = re.findall(r"^```sh\n(.*?)\n```$", readme, re.DOTALL | re.MULTILINE)[:2]
    plain, web = free_port(), free_port()
    config = yaml.safe_load((folder / "prometheus.yml").read_text("utf-8"))
    (job,) = config["scrape_configs"]
    config["global"] = {key: "1s" for key in config["global"]}
    expect(job["static_configs"] == [{"targets": ["localhost:8000"]}] and " 8000 " in serve, "the README serves elsewhere")
    with serving(folder) as typed, tempfile.TemporaryDirectory() as data:
        again = {**job, "job_name": "typed", "static_configs": [{"targets": [f"127.0.0.1:{typed}"]}]}
        job["static_configs"] = [{"targets": [f"127.0.0.1:{plain}"]}]
        config["scrape_configs"].append(again)
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
        server = [sys.executable, *shlex.split(serve.replace("8000", str(plain)))[1:]]
        prometheus = [*shlex.split(start), f"--storage.tsdb.path={data}", f"--web.listen-address=127.0.0.1:{web}"]
        with running(server, folder), running(prometheus, folder) as process:
            ask = functools.partial(ask_prometheus, web, process)
            return check_answers(folder, ask, expected)


def ask_prometheus(port, process, path, **query):
    """None while it is starting."""
    if process.poll() is not None:
        raise AssertionError(f"prometheus ends with {process.returncode}: {process.stderr.read()[-2000:]}")
    try:
        url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise AssertionError(f"{path} {query}: {error.read().decode()}") from error
        return None
    except urllib.error.URLError:
        return None


def check_answers(folder, ask, expected):
    lines = [line for line in (folder / "metrics.txt").read_bytes().decode().split("\n") if line and not line.startswith("#")]
    until = time.monotonic() + SECONDS
    while True:
        targets = (ask("targets") or {"activeTargets": []})["activeTargets"]
        healthy = {target["labels"]["job"] for target in targets if target["health"] == "up"}
        firing = [alert for alert in (ask("alerts") or {"alerts": []})["alerts"] if alert["state"] == "firing"]
        fired = {job: {named(alert) for alert in firing if alert["labels"]["job"] == job} for job in ("lathe", "typed")}
        settled = healthy == {"lathe", "typed"} and fired["lathe"] and fired["lathe"] == fired["typed"]
        if settled and (expected is None or fired["lathe"] == expected):
            break
        errors = [target["lastError"] for target in targets]
        differ = {job: sorted(these ^ (expected or set()))[:5] for job, these in fired.items()}
        expect(time.monotonic() < until, f"fired otherwise than expected {differ}; up are {healthy}, scrapes say {errors}")
        time.sleep(0.5)
    for job in ("lathe", "typed"):
        series = ask("query", query=f'{{__name__=~"lathe_.*", job="{job}"}}')["result"]
        expect(len(series) == len(lines), f"{len(series)} series of {len(lines)} lines from {job}")
    panels = json.loads((folder / "dashboard.json").read_text("utf-8"))["panels"]
    empty = [panel["title"] for panel in panels if not ask("query", query=panel["targets"][0]["expr"])["result"]]
    expect(not empty, f"panels without data: {empty}")
    return f"{len(lines)} figures, {len(fired['lathe'])} alerts fired"


def named(alert):
    """(alert's name, what it is about)"""
    labels = alert["labels"]
    return labels["alertname"], next((labels[key] for key in ("column", "class", "metric") if key in labels), "")
