"""Checks of the bundles that the tests leave as zips: read by parsers of their formats, and run as they are printed.

What cannot run here is said to be: Triton, Kubernetes, KServe and MLflow are not installed. Requests and scripts run
against ONNX Runtime for the web (protocolServer.mjs), which stands behind `import onnxruntime` too (shim/).
"""

import csv
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import onnx
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

CI = Path(__file__).resolve().parent
TRITON_TYPES = {onnx.TensorProto.FLOAT: "TYPE_FP32", onnx.TensorProto.STRING: "TYPE_STRING"}


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def unzip(file, folder):
    target = folder / file.stem
    with zipfile.ZipFile(file) as archive:
        expect(archive.testzip() is None, "the zip is damaged")
        archive.extractall(target)
    return target


def run(command, folder):
    """What a command prints; it must end with 0."""
    shim = {**os.environ, "PYTHONPATH": str(CI / "shim"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=folder, env=shim, capture_output=True, text=True, timeout=120)
    expect(done.returncode == 0, f"{shlex.join(map(str, command))} ends with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout.strip()


def blocks(readme, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", readme.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def model_config():
    """inference.ModelConfig with the fields that Lathe writes, made here from their numbers in model_config.proto."""
    file = descriptor_pb2.FileDescriptorProto(name="model_config.proto", package="inference", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    types = file.enum_type.add(name="DataType")
    for name, number in (("TYPE_INVALID", 0), ("TYPE_FP32", 11), ("TYPE_STRING", 13)):
        types.value.add(name=name, number=number)
    messages = {
        "ModelInput": [("name", 1, kinds.TYPE_STRING, "", 1), ("data_type", 2, kinds.TYPE_ENUM, "DataType", 1),
                       ("dims", 4, kinds.TYPE_INT64, "", 3)],
        "ModelOutput": [("name", 1, kinds.TYPE_STRING, "", 1), ("data_type", 2, kinds.TYPE_ENUM, "DataType", 1),
                        ("dims", 3, kinds.TYPE_INT64, "", 3), ("label_filename", 4, kinds.TYPE_STRING, "", 1)],
        "ModelConfig": [("name", 1, kinds.TYPE_STRING, "", 1), ("max_batch_size", 4, kinds.TYPE_INT32, "", 1),
                        ("input", 5, kinds.TYPE_MESSAGE, "ModelInput", 3),
                        ("output", 6, kinds.TYPE_MESSAGE, "ModelOutput", 3), ("backend", 17, kinds.TYPE_STRING, "", 1)],
    }
    for message, members in messages.items():
        added = file.message_type.add(name=message)
        for name, number, kind, of, label in members:
            field = added.field.add(name=name, number=number, type=kind, label=label)
            if of:
                field.type_name = f".inference.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("inference.ModelConfig"))()


def signature(values):
    """[(name, Triton's type, dims)] of an ONNX file; the batch is -1."""
    found = []
    for value in values:
        tensor = value.type.tensor_type
        dims = [-1 if dim.dim_param else dim.dim_value for dim in tensor.shape.dim]
        found.append((value.name, TRITON_TYPES[tensor.elem_type], dims))
    return found


def check_triton(folder):
    (model_folder,) = (folder / "model_repository").iterdir()
    config = text_format.Parse((model_folder / "config.pbtxt").read_text("utf-8"), model_config())
    model = onnx.load(str(model_folder / "1" / "model.onnx"))
    names = config.DESCRIPTOR.file.enum_types_by_name["DataType"].values_by_number
    for ports, values in ((config.input, model.graph.input), (config.output, model.graph.output)):
        written = [(port.name, names[port.data_type].name, list(port.dims)) for port in ports]
        expect(written == signature(values), f"config.pbtxt has {written}, the file {signature(values)}")
    expect((config.name, config.backend) == (model_folder.name, "onnxruntime"), f"{config.name} of {config.backend}")
    labels = json.loads({entry.key: entry.value for entry in model.metadata_props}["labels"])
    files = {port.label_filename for port in config.output} - {""}
    expect(files == ({"labels.txt"} if labels else set()), f"label files {files}")
    if labels:
        lines = (model_folder / "labels.txt").read_bytes().decode().split("\n")
        expect(len(lines) == len(labels) + 1, f"{len(lines) - 1} lines for {len(labels)} labels")
    expect("request.json" in (folder / "README.md").read_text("utf-8"), "the README has no request")
    for printed in blocks(folder / "README.md", "json"):
        expect(json.loads(printed) == json.loads((folder / "request.json").read_text("utf-8")), "the README's request differs")
    return check_deployment(folder, config.name) + check_served(folder, config.name)


def check_deployment(folder, name):
    read = {path.relative_to(folder).as_posix(): list(yaml.safe_load_all(path.read_text("utf-8"))) for path in folder.rglob("*.yaml")}
    expect(all(len(documents) == 1 for documents in read.values()), "a file has not one document")
    deployment, service = (read[f"kubernetes/{kind}.yaml"][0] for kind in ("deployment", "service"))
    expect((deployment["kind"], service["kind"]) == ("Deployment", "Service"), "other kinds")
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    expect(deployment["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items(), "the Deployment's own selector")
    expect(service["spec"]["selector"].items() <= pod["metadata"]["labels"].items(), "the Service selects other pods")
    ports = {port["name"] for port in container["ports"]}
    expect({port["targetPort"] for port in service["spec"]["ports"]} <= ports, "the Service has other ports")
    expect(all(container[probe]["httpGet"]["port"] in ports for probe in ("startupProbe", "readinessProbe", "livenessProbe")), "probes")
    served = read["compose.yaml"][0]["services"]["triton"]
    expect(served["image"] == container["image"], "another image in compose.yaml")
    inference = read["kserve/inferenceservice.yaml"][0]
    expect(inference["kind"] == "InferenceService" and inference["apiVersion"] == "serving.kserve.io/v1beta1", "kserve")
    for document in (deployment, service, inference):
        found = document["metadata"]["name"]
        expect(found == name and re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", found), f"name {found!r}")
    dockerfile = (folder / "Dockerfile").read_text("utf-8")
    expect(re.fullmatch(r"FROM \S+\nCOPY model_repository /models\nEXPOSE [\d ]+\nCMD \[.*\]\n", dockerfile), dockerfile)
    return f"{len(read)} YAML files; "


def check_served(folder, name):
    """The smoke test as it is printed, against a strict server of the protocol; and that it sees a wrong answer."""
    file = folder / "model_repository" / name / "1" / "model.onnx"
    server = subprocess.Popen(["node", CI / "protocolServer.mjs", f"{name}={file}"], stdout=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        said = run([sys.executable, "smoke_test.py", "--url", url], folder)
        facts = json.loads((folder / "smoke_test.json").read_text("utf-8"))
        facts["expected"]["rows"][0][0] += 2 * facts["expected"]["tolerance"]
        (folder / "smoke_test.json").write_text(json.dumps(facts), "utf-8")
        wrong = subprocess.run([sys.executable, "smoke_test.py", "--url", url], cwd=folder, capture_output=True, text=True)
        expect(wrong.returncode == 1 and "differs by" in wrong.stderr, "a wrong answer passes the smoke test")
        return said
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def check_python(folder):
    said = run([sys.executable, "smoke_test.py"], folder)
    for printed in blocks(folder / "README.md", "python"):
        expect("prediction" in run([sys.executable, "-c", printed], folder), "the README's program prints no prediction")
    sample = folder / "sample.csv"
    if sample.exists():
        check_command(folder, sample)
    return said


def check_command(folder, sample):
    """What predict.py does with a file of its own: every cell is kept, and a bad one is named."""
    printed = run([sys.executable, "predict.py", "sample.csv"], folder)
    with sample.open(encoding="utf-8", newline="") as file:
        given = list(csv.reader(file))
    scored = list(csv.reader(printed.splitlines(keepends=True)))
    width = len(given[0])
    expect([row[:width] for row in scored] == given, "the columns of the input are not kept")
    expect(len({*scored[0]}) == len(scored[0]) and len(scored[0]) > width, f"the header is {scored[0]}")

    first = given[1]
    bad = [[*first], ["twelve", *first[1:]], first[:-1]]
    for row, wanted in zip(bad, (None, f"line 3, column {given[0][0]!r}: 'twelve' is not", "line 3 has"), strict=True):
        with (folder / "bad.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([given[0], first, row])
        shim = {**os.environ, "PYTHONPATH": str(CI / "shim")}
        command = [sys.executable, "predict.py", "bad.csv", "-o", "bad-out.csv"]
        done = subprocess.run(command, cwd=folder, env=shim, capture_output=True, text=True, timeout=120)
        if wanted is None:
            expect(done.returncode == 0 and (folder / "bad-out.csv").exists(), done.stderr)
            (folder / "bad-out.csv").unlink()
        else:
            expect(done.returncode == 2 and wanted in done.stderr, f"predict.py says {done.stderr!r}, not {wanted!r}")
            expect(not list(folder.glob("bad-out*")), "half a file is left behind")


def check_mlflow(folder):
    model = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))
    expect(set(model["flavors"]) == {"onnx", "python_function"}, f"flavors {list(model['flavors'])}")
    for flavor in model["flavors"].values():
        expect((folder / flavor["data"]).is_file() and (folder / flavor["code"]).is_dir(), f"{flavor} names what is not there")
    env = model["flavors"]["python_function"]["env"]
    pip = [each for each in yaml.safe_load((folder / env["conda"]).read_text("utf-8"))["dependencies"] if isinstance(each, dict)]
    lines = (folder / "requirements.txt").read_text("utf-8").split()
    expect(pip == [{"pip": lines}], f"conda.yaml has {pip}, requirements.txt {lines}")
    expect(yaml.safe_load((folder / env["virtualenv"]).read_text("utf-8"))["dependencies"] == ["-r requirements.txt"], "python_env")
    inputs, outputs = (json.loads(model["signature"][key]) for key in ("inputs", "outputs"))
    metadata = {entry.key: entry.value for entry in onnx.load(str(folder / "model.onnx")).metadata_props}
    if inputs[0]["type"] != "tensor":
        columns = [column for column, _ in json.loads(metadata["inputs"])]
        expect([column["name"] for column in inputs] == columns, f"the signature has {inputs}")
    names = ["prediction", *(f"probability {label}" for label in json.loads(metadata["labels"]))]
    expect([column["name"] for column in outputs] == names, f"the signature has {outputs}")
    example = json.loads((folder / "input_example.json").read_text("utf-8"))
    served = json.loads((folder / "serving_input_example.json").read_text("utf-8"))
    expect(example == served.get("dataframe_split", served), "another example for serving")
    for printed in blocks(folder / "README.md", "python"):
        expect("prediction" in run([sys.executable, "-c", printed], folder), "the README's program prints no prediction")
    return run([sys.executable, "smoke_test.py"], folder)


def check_card(file):
    """The front matter of a model card: YAML with a blank licence, and figures as the hub's model-index has them."""
    _, matter, text = file.read_text("utf-8").split("---\n", 2)
    facts = yaml.safe_load(matter)
    expect("license" in facts and facts["license"] is None, f"license {facts.get('license')!r}")
    (entry,) = facts["model-index"]
    (result,) = entry["results"]
    expect(result["task"]["type"] == facts["pipeline_tag"] and facts["pipeline_tag"] in facts["tags"], "another task")
    expect(all(isinstance(metric["value"], (int, float)) for metric in result["metrics"]), f"metrics {result['metrics']}")
    expect(text.lstrip().startswith("# "), "no card follows")
    return f"{len(result['metrics'])} figures"


#: the ending of a bundle's name, and what checks it
CHECKS = {"-triton.zip": check_triton, "-python.zip": check_python, "-mlflow.zip": check_mlflow}
