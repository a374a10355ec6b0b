// The smoke test inside a Triton bundle: Python without packages, the same text for every model.

export const SMOKE_TEST = `"""Asks a server of the open inference protocol (Triton, KServe) for the examples in smoke_test.json.

    python3 smoke_test.py [--url http://localhost:8000] [--host HOSTNAME]

Checks names, shapes and numbers of the answer against what Lathe predicted. Ends with 0 where all is well.
"""

import argparse
import json
import pathlib
import sys
import urllib.error
import urllib.request


def ask(url, host, request):
    """The answer of the server, as JSON; its own words where it refuses."""
    headers = {"Content-Type": "application/json"}
    if host:
        headers["Host"] = host
    body = json.dumps(request).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{url} answers {error.code}: {error.read().decode(errors='replace')}")
    except OSError as error:
        sys.exit(f"{url} does not answer: {error}")


def difference(rows, tensor):
    """The largest difference between the numbers of the answer and those that are expected."""
    expected = [value for row in rows for value in row]
    if tensor["shape"] != [len(rows), len(rows[0])]:
        sys.exit(f"output {tensor['name']!r} has shape {tensor['shape']}, not {[len(rows), len(rows[0])]}")
    return max(abs(float(value) - wanted) for value, wanted in zip(tensor["data"], expected, strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://localhost:8000", help="where the server listens")
    parser.add_argument("--host", help="the Host header, where an ingress asks for it")
    options = parser.parse_args()
    facts = json.loads((pathlib.Path(__file__).parent / "smoke_test.json").read_text(encoding="utf-8"))

    answer = ask(f"{options.url}/v2/models/{facts['model']}/infer", options.host, facts["request"])
    outputs = {tensor["name"]: tensor for tensor in answer["outputs"]}
    wanted = {output["name"] for output in facts["request"]["outputs"]}
    if set(outputs) != wanted:
        sys.exit(f"outputs {sorted(outputs)}, not {sorted(wanted)}")

    expected = facts["expected"]
    numbers = outputs[expected["name"]]
    largest = difference(expected["rows"], numbers)
    if not largest <= expected["tolerance"]:
        sys.exit(f"output {expected['name']!r} differs by {largest}, more than {expected['tolerance']}")
    if facts["label"]:
        width = len(facts["labels"])
        for row, label in enumerate(outputs[facts["label"]]["data"]):
            probabilities = numbers["data"][row * width : (row + 1) * width]
            if label != facts["labels"][probabilities.index(max(probabilities))]:
                sys.exit(f"row {row} is called {label!r}, which is not the most probable label")
    print(f"ok: {len(expected['rows'])} examples, largest difference {largest:.1e}")


if __name__ == "__main__":
    main()
`;
