"""Encoder and embedder as ONNX graphs of our own operators, and the same operators in numpy.

The operators are described in `shared/encoder/src/operators.rs`, which runs them. Each is one call there: the linear layers with
int8 weights are most of the time, and what is fused around them (activation, softmax, residual and norm) is most of the rest.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from model import LAYER_NORM_EPSILON, N_ATTENTION_HEADS, WIDTH, Encoder, Layer
from quantise import linear, quantise_rows

DOMAIN = "edgedesk"


def encoder_graph(encoder: Encoder) -> bytes:
    """`embeddings [L, WIDTH]`, positions added, to `features [N_FEATURES]` and to the `rows [L, WIDTH]` that the embedder goes on from:
    one text of any length, no batch, no mask."""
    graph = Graph()
    x = graph.layer_norm(["embeddings"], encoder.norm)
    layers = encoder.layers[: encoder.n_shallow]
    for n, layer in enumerate(layers):
        x = graph.layer(x, layer, output="rows" if n + 1 == len(layers) else None)
    graph.add("Pool", x, graph.constant(encoder.pool_queries), output="features")
    return graph.model("encoder", "embeddings", {"features": [WIDTH * (1 + len(encoder.pool_queries))], "rows": ["L", WIDTH]})


def embedder_graph(encoder: Encoder) -> bytes:
    """`rows [L, WIDTH]` of the encoder to `embedding [WIDTH]`, not yet of length 1."""
    graph = Graph()
    x = "rows"
    for layer in encoder.layers[encoder.n_shallow :]:
        x = graph.layer(x, layer)
    graph.add("Pool", x, output="embedding")
    return graph.model("embedder", "rows", {"embedding": [WIDTH]})


class Graph:
    """Nodes and weights under construction; every method returns the name of its result."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def add(self, operation: str, *inputs: str, output: str | None = None, **attributes) -> str:
        name = f"n{len(self.nodes)}_{operation}"
        output = output or name
        self.nodes.append(helper.make_node(operation, list(inputs), [output], name=name, domain=DOMAIN, **attributes))
        return output

    def layer(self, x: str, layer: Layer, output: str | None = None) -> str:
        qkv = layer.query_key_value
        # The attention's 1/sqrt(width of a head) is folded into the queries.
        scale = torch.ones(len(qkv.bias), 1)
        scale[:WIDTH] = (WIDTH // N_ATTENTION_HEADS) ** -0.5
        rows = self.linear(x, qkv.weight * scale, qkv.bias * scale[:, 0])
        attended = self.add("Attention", rows, heads=N_ATTENTION_HEADS)
        attended = self.linear(attended, layer.attention_out.weight, layer.attention_out.bias)
        x = self.layer_norm([x, attended], layer.attention_norm)
        inner = self.linear(x, layer.inner.weight, layer.inner.bias, activation="gelu")
        return self.layer_norm([x, self.linear(inner, layer.outer.weight, layer.outer.bias)], layer.outer_norm, output)

    def constant(self, value: torch.Tensor | np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        value = value.detach().numpy() if isinstance(value, torch.Tensor) else value
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def linear(self, x: str, weight: torch.Tensor, bias: torch.Tensor, activation: str = "none") -> str:
        quantised, scale = quantise_rows(weight.detach().numpy())
        constants = [self.constant(value) for value in (quantised, scale, bias)]
        return self.add("LinearInt8", x, *constants, activation=activation)

    def layer_norm(self, inputs: list[str], norm: torch.nn.LayerNorm, output: str | None = None) -> str:
        constants = [self.constant(norm.weight), self.constant(norm.bias)]
        return self.add("LayerNorm", *inputs, *constants, output=output, epsilon=LAYER_NORM_EPSILON)

    def model(self, name: str, source: str, outputs: dict[str, list]) -> bytes:
        """The ONNX file, with one input of rows and the named outputs of these shapes."""
        inputs = [helper.make_tensor_value_info(source, TensorProto.FLOAT, ["L", WIDTH])]
        results = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape) for output, shape in outputs.items()]
        whole = helper.make_graph(self.nodes, name, inputs, results, self.weights)
        proto = helper.make_model(whole, opset_imports=[helper.make_opsetid(DOMAIN, 1)], producer_name="edgedesk", ir_version=8)
        onnx.checker.check_model(proto)
        return proto.SerializeToString(deterministic=True)


class Runner:
    """Runs such a graph in numpy, for scores and golden files."""

    def __init__(self, content: bytes):
        graph = onnx.load_from_string(content).graph
        self.weights = {weight.name: numpy_helper.to_array(weight) for weight in graph.initializer}
        self.nodes = list(graph.node)
        self.source, self.outputs = graph.input[0].name, [output.name for output in graph.output]

    def run(self, rows: np.ndarray) -> list[np.ndarray]:
        """The outputs, in the graph's order."""
        values = {self.source: rows.astype(np.float32), **self.weights}
        for node in self.nodes:
            attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
            found = OPERATORS[node.op_type](*(values[name] for name in node.input), **attributes)
            values[node.output[0]] = found.astype(np.float32)
        return [values[output] for output in self.outputs]


def run_linear(rows, weight, scale, bias, activation):
    outputs = linear(rows, weight, scale, bias)
    return torch.nn.functional.gelu(torch.from_numpy(outputs)).numpy() if activation == b"gelu" else outputs


def run_layer_norm(rows, *rest, epsilon):
    *others, gain, shift = rest
    rows = sum(others, rows)
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + np.float32(epsilon)) * gain + shift


def run_attention(rows, heads):
    length, width = len(rows), rows.shape[1] // 3
    query, key, value = rows.reshape(length, 3, heads, width // heads).transpose(1, 2, 0, 3)
    return (softmax(query @ key.transpose(0, 2, 1)) @ value).transpose(1, 0, 2).reshape(length, width)


def run_pool(rows, queries=np.zeros((0, WIDTH), np.float32)):
    return np.concatenate([rows.mean(axis=0), (softmax(queries @ rows.T) @ rows).reshape(-1)])


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    return powers / powers.sum(axis=-1, keepdims=True)


OPERATORS = {"LinearInt8": run_linear, "LayerNorm": run_layer_norm, "Attention": run_attention, "Pool": run_pool}
