"""Turns a checkpoint into the files that the Worker loads, named by their content hash, and writes the
manifest that names them. `evaluate.py` adds the scores.

The graph is written by hand, operation by operation, rather than traced: it holds one sequence of
any length, no batch, no mask, weights as float16 that are widened when the graph is loaded.
"""

import argparse
import ast
import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from data import EMOTIONS, LABELS, emoji_words
from model import LAYER_NORM_EPSILON, N_ATTENTION_HEADS, WIDTH, Model, base_directory

MAGIC = b"EDEMB001"
# Windows of a long text are at most this long, so further positions are never read.
N_POSITIONS = 128
OPSET = 17
NOT_OPTIONS = {"task", "max_steps", "evaluate_every", "threads"}


MODEL_ID = "edgedesk-mood"
LICENCES = {
    "all-MiniLM-L6-v2": "Apache-2.0",
    "tweeteval-sentiment": "platform terms of the tweets; texts are not redistributed",
    "goemotions": "CC BY 4.0",
    "open-reviews": "CC BY 4.0",
}
LABELS_OF = {"sentiment": LABELS, "emotions": EMOTIONS}
ACTIVATION_OF = {"sentiment": "softmax", "emotions": "sigmoid"}
UNCALIBRATED = {"temperature": 1.0, "shift": None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="folder that gets manifest.json and files/")
    parser.add_argument("--version", required=True)
    parser.add_argument("--date", required=True, help="of the training, YYYY-MM-DD")
    args = parser.parse_args()
    folder = args.models / "files"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()

    train = json.loads((args.checkpoint / "train.json").read_text())
    model = load_checkpoint(args.checkpoint)
    heads = json.dumps({"heads": export_heads(model, args.checkpoint)}).encode()
    vocabulary = (base_directory() / "vocab.txt").read_bytes()
    files = {
        "encoder": write_named(folder, "encoder", "onnx", encoder_graph(model)),
        "embeddings": write_named(folder, "embeddings", "bin", embedding_table(model)),
        "vocabulary": write_named(folder, "vocabulary", "txt", vocabulary),
        "emoji": write_named(folder, "emoji", "tsv", emoji_table()),
        "heads": write_named(folder, "heads", "json", heads),
    }
    manifest = {"id": MODEL_ID, "version": args.version, "date": args.date, "files": files, **origin(train)}
    (args.models / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def load_checkpoint(folder: Path) -> Model:
    train = json.loads((folder / "train.json").read_text())
    model = Model(len(train["layers"]), train.get("heads", {"sentiment": len(LABELS)}))
    model.load_state_dict(torch.load(folder / "model.pt", map_location="cpu"))
    return model.eval()


def export_heads(model: Model, folder: Path) -> list[dict]:
    """The heads in the shape of the heads file, calibrated where `calibrate.py` has been run."""
    path = folder / "calibration.json"
    calibrations = json.loads(path.read_text()) if path.exists() else {}
    heads = []
    for name, head in model.heads.items():
        labels, calibration = LABELS_OF[name], calibrations.get(name, UNCALIBRATED)
        bias = head.bias.detach() + torch.tensor(calibration["shift"] or [0.0] * len(labels))
        heads.append(
            {
                "name": name,
                "labels": labels,
                "activation": ACTIVATION_OF[name],
                "temperature": calibration["temperature"],
                "weight": [[round(v, 6) for v in row] for row in head.weight.tolist()],
                "bias": [round(v, 6) for v in bias.tolist()],
            }
        )
    return heads


def origin(train: dict) -> dict:
    """Where the weights come from: parents, data, licences, command, seed."""
    settings = train["settings"]
    tasks = ast.literal_eval(settings["task"])
    names = [task.split("/")[0] for task in tasks]
    options = "".join(option(key, value) for key, value in settings.items() if key not in NOT_OPTIONS)
    return {
        "parents": [{"name": "all-MiniLM-L6-v2", "layers": train["layers"], "licence": LICENCES["all-MiniLM-L6-v2"]}],
        "data": [{"name": task, "licence": LICENCES[name]} for task, name in zip(tasks, names, strict=True)],
        "training": {
            "command": f"train.py --data DATA --out RUN{options}" + "".join(f" --task {task}" for task in tasks),
            "seed": int(settings["seed"]),
            "seconds": train["seconds"],
        },
    }


def option(key: str, value: str) -> str:
    name = f" --{key.replace('_', '-')}"
    return {"True": name, "False": ""}.get(value, f"{name} {value}")


def write_named(folder: Path, stem: str, suffix: str, content: bytes) -> dict:
    digest = hashlib.sha256(content).hexdigest()
    name = f"{stem}-{digest[:12]}.{suffix}"
    (folder / name).write_bytes(content)
    return {"name": name, "sha256": digest, "bytes": len(content)}


def embedding_table(model: Model) -> bytes:
    """`MAGIC`, rows, width, positions (u32 each), a scale per row (f32), the rows (i8), the
    positions with the type embedding added (f32). All little-endian."""
    rows = model.encoder.tokens.weight.detach().numpy()
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-12) / 127.0
    quantised = np.clip(np.rint(rows / scales[:, None]), -127, 127).astype(np.int8)
    positions = model.encoder.positions.weight.detach().numpy()[:N_POSITIONS]
    head = MAGIC + struct.pack("<III", *rows.shape, N_POSITIONS)
    return head + scales.astype("<f4").tobytes() + quantised.tobytes() + positions.astype("<f4").tobytes()


def emoji_table() -> bytes:
    rows = sorted(emoji_words().items())
    return "".join(f"{character}\t{words}\n" for character, words in rows).encode()


class Graph:
    """Nodes and weights under construction; every method returns the name of its result."""

    def __init__(self):
        self.nodes, self.weights, self.n = [], [], 0

    def add(self, operation: str, *inputs: str, output: str | None = None, **attributes) -> str:
        self.n += 1
        output = output or f"{operation.lower()}_{self.n}"
        self.nodes.append(helper.make_node(operation, list(inputs), [output], name=f"n{self.n}_{operation}", **attributes))
        return output

    def constant(self, value) -> str:
        self.n += 1
        name = f"constant_{self.n}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weight(self, tensor: torch.Tensor) -> str:
        half = self.constant(tensor.detach().numpy().astype(np.float16))
        return self.add("Cast", half, to=TensorProto.FLOAT)

    def linear(self, x: str, weight: torch.Tensor, bias: torch.Tensor) -> str:
        product = self.add("MatMul", x, self.weight(weight.T.contiguous()))
        return self.add("Add", product, self.constant(bias.detach().numpy()[None, :]))

    def layer_norm(self, x: str, norm: torch.nn.LayerNorm) -> str:
        centred = self.add("Sub", x, self.add("ReduceMean", x, axes=[1], keepdims=1))
        variance = self.add("ReduceMean", self.add("Mul", centred, centred), axes=[1], keepdims=1)
        deviation = self.add("Sqrt", self.add("Add", variance, self.constant(np.array([[LAYER_NORM_EPSILON]], np.float32))))
        scaled = self.add("Mul", self.add("Div", centred, deviation), self.constant(norm.weight.detach().numpy()[None, :]))
        return self.add("Add", scaled, self.constant(norm.bias.detach().numpy()[None, :]))

    def split_heads(self, x: str, order: list[int]) -> str:
        shape = self.constant(np.array([-1, N_ATTENTION_HEADS, WIDTH // N_ATTENTION_HEADS], np.int64))
        return self.add("Transpose", self.add("Reshape", x, shape), perm=order)

    def gelu(self, x: str) -> str:
        erf = self.add("Erf", self.add("Mul", x, self.constant(np.array([[2.0**-0.5]], np.float32))))
        half = self.add("Mul", x, self.constant(np.array([[0.5]], np.float32)))
        return self.add("Mul", half, self.add("Add", erf, self.constant(np.array([[1.0]], np.float32))))


def encoder_graph(model: Model) -> bytes:
    graph = Graph()
    x = graph.layer_norm("embeddings", model.encoder.norm)
    for layer in model.encoder.layers:
        weights = layer.query_key_value.weight.chunk(3)
        biases = layer.query_key_value.bias.chunk(3)
        # The attention's 1/sqrt(width of a head) is folded into the queries.
        scale = (WIDTH // N_ATTENTION_HEADS) ** -0.5
        query = graph.split_heads(graph.linear(x, weights[0] * scale, biases[0] * scale), [1, 0, 2])
        key = graph.split_heads(graph.linear(x, weights[1], biases[1]), [1, 2, 0])
        value = graph.split_heads(graph.linear(x, weights[2], biases[2]), [1, 0, 2])
        attention = graph.add("Softmax", graph.add("MatMul", query, key), axis=2)
        mixed = graph.add("Transpose", graph.add("MatMul", attention, value), perm=[1, 0, 2])
        joined = graph.add("Reshape", mixed, graph.constant(np.array([-1, WIDTH], np.int64)))
        attended = graph.linear(joined, layer.attention_out.weight, layer.attention_out.bias)
        x = graph.layer_norm(graph.add("Add", x, attended), layer.attention_norm)
        inner = graph.gelu(graph.linear(x, layer.inner.weight, layer.inner.bias))
        x = graph.layer_norm(graph.add("Add", x, graph.linear(inner, layer.outer.weight, layer.outer.bias)), layer.outer_norm)
    graph.add("ReduceMean", x, axes=[0], keepdims=0, output="vector")

    inputs = [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["L", WIDTH])]
    outputs = [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [WIDTH])]
    whole = helper.make_graph(graph.nodes, "encoder", inputs, outputs, graph.weights)
    proto = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="edgedesk", ir_version=8)
    onnx.checker.check_model(proto)
    return proto.SerializeToString(deterministic=True)


if __name__ == "__main__":
    main()
