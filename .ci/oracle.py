"""Checks what Lathe exports, and what its tests believe, with Debian's onnx and scikit-learn.

/usr/bin/python3 .ci/oracle.py [FOLDER]: every *.onnx in FOLDER must pass ONNX's own checker and keep the contract of
the README: IR version 8, opset 17, one input a column, labels in the metadata. No numbers are run here, as Debian's
onnx 1.12 has no evaluator; test/export compares them in ONNX Runtime. TensorBoard's event files in FOLDER are read back
with their CRCs, bundles are read and run by bundles.py, files for Prometheus by monitoring.py. Then, with or without FOLDER, the golden scripts are run again and must give what is committed.
One line a check; the last is `N passed, M failed`.
"""

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

import bundles
import monitoring

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "test" / "golden"
SAMPLES = ROOT / "public" / "samples"
TYPES = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.STRING: "string"}
tally = {True: 0, False: 0}


def check(name, run):
    """Runs one check: it fails where it raises, and says why."""
    try:
        detail = run()
        ok = True
    except Exception as error:  # whatever the checker throws is a finding, not a crash
        detail = " ".join(f"{type(error).__name__}: {error}".split())
        ok = False
    tally[ok] += 1
    print(f"{'ok  ' if ok else 'FAIL'} {name}{f': {detail}' if detail else ''}", flush=True)


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def signature(values):
    """{name: (type, dims)}; a symbolic dimension is its name."""
    result = {}
    for value in values:
        tensor = value.type.tensor_type
        dims = [d.dim_param or d.dim_value for d in tensor.shape.dim]
        expect(tensor.elem_type in TYPES, f"{value.name!r} is neither float32 nor string")
        result[value.name] = (TYPES[tensor.elem_type], dims)
    return result


def check_versions(model):
    expect(model.ir_version == 8, f"IR version {model.ir_version}, not 8")
    opsets = {opset.domain: opset.version for opset in model.opset_import}
    expect(opsets.get("") == 17, f"opset {opsets.get('')}, not 17")
    used = {node.domain for node in model.graph.node}
    expect(used <= set(opsets), f"nodes of {used - set(opsets)}, which is not imported")
    expect(onnx.helper.printable_graph(model.graph).strip(), "the graph cannot be printed")
    return f"{len(model.graph.node)} nodes"


def check_inputs(model):
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = signature(model.graph.input)
    expect(inputs, "no inputs")
    expect(not weights & set(inputs), "a weight is an input")
    for name, (kind, dims) in inputs.items():
        expect(isinstance(dims[0], str), f"{name!r}: the batch is fixed at {dims[0]}")
        image = list(inputs) == ["image"] and kind == "float32" and len(dims) == 4 and dims[3] in (1, 3)
        expect(image or dims[1:] == [1], f"{name!r}: shape {dims}, neither [batch, 1] nor [batch, height, width, channels]")
    return f"{len(inputs)} inputs"


def check_outputs(model):
    if model.producer_name == "test":  # a part of a graph, written by the test of that part
        return f"{len(signature(model.graph.output))} outputs"
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    expect(model.producer_name == "Lathe", f"producer {model.producer_name!r}, not 'Lathe'")
    expect("labels" in metadata, "no metadata property 'labels'")
    labels = json.loads(metadata["labels"])
    expect(isinstance(labels, list) and all(isinstance(label, str) for label in labels), f"labels {labels!r}")
    outputs = signature(model.graph.output)
    names = json.loads(metadata["outputs"]) if "outputs" in metadata else {key: key for key in outputs}
    expect(set(names.values()) == set(outputs), f"outputs {list(outputs)} are not those of the metadata {names}")
    if labels:
        expect(len(labels) >= 2 and len(set(labels)) == len(labels), f"labels {labels!r} are not two or more different ones")
        expect(set(names) == {"label", "probabilities"}, f"outputs {names} of a classifier")
        expect(outputs[names["label"]][0] == "string", "label is not a string")
        kind, dims = outputs[names["probabilities"]]
        expect(kind == "float32" and dims[1:] == [len(labels)], f"probabilities {kind} {dims} for {len(labels)} labels")
    else:
        expect(set(names) == {"value"}, f"outputs {names} without labels")
        expect(outputs[names["value"]][0] == "float32" and outputs[names["value"]][1][1:] == [1], "value is not [batch, 1]")
    return f"{len(labels)} labels" if labels else "a value"


def check_model(file):
    onnx.checker.check_model(str(file), full_check=True)
    model = onnx.load(str(file))
    return ", ".join([check_versions(model), check_inputs(model), check_outputs(model)])


def check_folder(folder):
    files = sorted(folder.rglob("*.onnx"))
    if not files:
        check(str(folder), lambda: expect(False, "no .onnx file in it; have the tests that export run?"))
    for file in files:
        check(str(file.relative_to(folder)), lambda: check_model(file))
    for file in sorted(folder.rglob("*.tfevents.*")):
        check(str(file.relative_to(folder)), lambda: check_events(file))
    for file in sorted(folder.rglob("*model-card.md")):
        check(str(file.relative_to(folder)), lambda: bundles.check_card(file))
    with tempfile.TemporaryDirectory() as temporary:
        for file in sorted(folder.rglob("*-monitoring.zip")):
            said = file.with_suffix(".json")
            unzipped = bundles.unzip(file, Path(temporary))
            check(str(file.relative_to(folder)), lambda: monitoring.check_monitoring(unzipped, said if said.exists() else None))
        for file in sorted(folder.rglob("*.zip")):
            run = next((check for ending, check in bundles.CHECKS.items() if file.name.endswith(ending)), None)
            if run:
                check(str(file.relative_to(folder)), lambda: run(bundles.unzip(file, Path(temporary))))


def crc32c(data):
    """Castagnoli's, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def event_type():
    """tensorflow.Event with the fields that Lathe writes, made here from their numbers."""
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="tensorboard")
    fields = descriptor_pb2.FieldDescriptorProto
    messages = {
        "Value": [("tag", 1, fields.TYPE_STRING, ""), ("simple_value", 2, fields.TYPE_FLOAT, "")],
        "Summary": [("value", 1, fields.TYPE_MESSAGE, "Value")],
        "Event": [
            ("wall_time", 1, fields.TYPE_DOUBLE, ""),
            ("step", 2, fields.TYPE_INT64, ""),
            ("file_version", 3, fields.TYPE_STRING, ""),
            ("summary", 5, fields.TYPE_MESSAGE, "Summary"),
        ],
    }
    for message, members in messages.items():
        added = file.message_type.add(name=message)
        for name, number, kind, of in members:
            label = fields.LABEL_REPEATED if name == "value" else fields.LABEL_OPTIONAL
            field = added.field.add(name=name, number=number, type=kind, label=label)
            if of:
                field.type_name = f".tensorboard.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("tensorboard.Event"))


def check_events(file):
    """Every record of a TensorBoard event file: both CRCs, a message that reads, the version first, steps that rise."""
    data = file.read_bytes()
    event, at, steps, versions = event_type(), 0, [], []
    while at < len(data):
        (length, length_crc) = struct.unpack_from("<QI", data, at)
        body = data[at + 12 : at + 12 + length]
        (body_crc,) = struct.unpack_from("<I", data, at + 12 + length)
        for part, masked in ((data[at : at + 8], length_crc), (body, body_crc)):
            crc = crc32c(part)
            expect(masked == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF, f"wrong CRC in the record at {at}")
        message = event.FromString(body)
        (versions if message.file_version else steps).append(message.file_version or message.step)
        at += 16 + length
    expect(versions == ["brain.Event:2"], f"versions {versions}")
    expect(steps and steps == sorted(steps), f"steps {steps}")
    return f"{len(steps)} events"


def differences(actual, expected, path="value"):
    """(size, place) of every number of two JSON values, relative above 1; infinite where they differ in kind."""
    numbers = (int, float)
    if isinstance(actual, numbers) and isinstance(expected, numbers):
        yield abs(actual - expected) / max(1, abs(expected)), path
    elif isinstance(actual, dict) and isinstance(expected, dict) and actual.keys() == expected.keys():
        for key in expected:
            yield from differences(actual[key], expected[key], f"{path}.{key}")
    elif isinstance(actual, list) and isinstance(expected, list) and len(actual) == len(expected):
        for i, (one, other) in enumerate(zip(actual, expected)):
            yield from differences(one, other, f"{path}[{i}]")
    else:
        yield 0.0 if actual == expected else float("inf"), path


def run_script(name, target):
    done = subprocess.run([sys.executable, name, target], capture_output=True, text=True, timeout=120)
    expect(done.returncode == 0, done.stderr.strip().splitlines()[-1:] or f"ended with {done.returncode}")


def check_golden(script, folder, tolerance):
    """`tolerance` is {part of a figure's path: largest difference}; the first that fits counts."""
    target = folder / f"{script.stem}.json"
    run_script(script, target)
    again = json.loads(target.read_text())
    committed = json.loads(script.with_suffix(".json").read_text())
    largest = 0.0
    for size, place in differences(again, committed):
        allowed = next(limit for part, limit in tolerance.items() if part in place)
        expect(size <= allowed, f"{place} differs by {size}: run {script.relative_to(ROOT)} and look at what changed")
        largest = max(largest, size)
    return f"differs by at most {largest:.1e}"


def check_samples(folder):
    run_script(GOLDEN / "samples.py", folder)
    written = sorted(path.name for path in folder.iterdir())
    changed = [name for name in written if (folder / name).read_bytes() != (SAMPLES / name).read_bytes()]
    expect(not changed, f"{', '.join(changed)} is not what test/golden/samples.py writes")
    return f"{len(written)} files"


def main(folders):
    for folder in folders:
        check_folder(Path(folder))
    with tempfile.TemporaryDirectory() as temporary:
        check("golden metrics.json", lambda: check_golden(GOLDEN / "metrics.py", Path(temporary), {"": 1e-9}))
        # another BLAS may train a perceptron a little differently: by about one row of iris' 23
        check("golden quality.json", lambda: check_golden(GOLDEN / "quality.py", Path(temporary), {".mlp": 0.05, "": 1e-6}))
        statistics = ROOT / "test" / "monitor" / "golden" / "statistics.py"
        check("golden statistics.json", lambda: check_golden(statistics, Path(temporary), {"": 1e-9}))
        estimate = statistics.with_name("estimate.py")
        check("golden estimate.json", lambda: check_golden(estimate, Path(temporary), {"": 1e-9}))
        mmd = ROOT / "test" / "monitor" / "golden" / "mmd.py"
        check("golden mmd.json", lambda: check_golden(mmd, Path(temporary), {"": 1e-9}))
        recurrent = ROOT / "test" / "train" / "golden" / "recurrent.py"
        check("golden recurrent.json", lambda: check_golden(recurrent, Path(temporary), {"": 2e-6}))
        check("samples", lambda: check_samples(Path(temporary) / "samples"))
    print(f"{tally[True]} passed, {tally[False]} failed")
    return 1 if tally[False] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
