"""A graph for onnxruntime and its kin, built node by node."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.export.formats import Format, Rows, headline
from linnet.export.graph import Graph, finish, log_sigmoid, run_graph
from linnet.export.tables.onnx import TABLE
from linnet.model.predictor import Predictor


def render(model: Predictor) -> bytes:
    """The file: input "rows" (B, D); outputs "probabilities" (B, K) and "class" (B,), or "predictions".

    Rows and answers are of the type of the model's weights, which the metadata's "dtype" says too.

    Raises:
        MissingExtraError: onnx is not installed.
    """
    card, graph = model.card, Graph(taken=["rows"])
    from onnx import TensorProto, helper

    number = helper.np_dtype_to_tensor_dtype(model.W.dtype)
    name = graph.free("predictions" if card.kind == "regression" else "probabilities")
    outputs = [helper.make_tensor_value_info(name, number, ["batch", model.outputs])]
    scores = _scores(graph, model)
    if card.kind == "regression":
        graph.add("Exp" if card.link == "log" else "Identity", scores, out=name)
    else:
        logits = log_sigmoid(graph, scores, model.W.dtype) if card.kind == "logistic" else scores
        graph.add("Softmax", logits, out=name, axis=1)
        graph.add("ArgMax", scores, out=graph.free("class"), axis=1, keepdims=0)
        outputs.append(helper.make_tensor_value_info("class", TensorProto.INT64, ["batch"]))
    said = {
        "kind": card.kind,
        "dtype": str(model.W.dtype),
        "dataset": card.dataset,
        "classes": json.dumps(card.classes, ensure_ascii=False),
        "image_shape": json.dumps(card.image_shape),
        "scale": repr(card.scale),
    }
    given = helper.make_tensor_value_info("rows", number, ["batch", model.features])
    return finish(graph, [given], outputs, said, headline(model))


def _scores(graph: Graph, model: Predictor) -> str:
    weights = (model.W.astype(np.float64) * model.card.scale).astype(model.W.dtype)
    return graph.add("Gemm", "rows", graph.constant(weights), graph.constant(model.b), transB=1)


def answers(path: Path, X: Rows) -> tuple[NDArray[np.floating], str]:
    """The graph's answers in onnxruntime.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ExportError: onnxruntime cannot use the file.
    """
    return run_graph(path, {"rows": X})


FORMAT = Format("onnx", "model.onnx", render, answers, TABLE, (".onnx",), "one ONNX graph", b"\x12\x06linnet")
