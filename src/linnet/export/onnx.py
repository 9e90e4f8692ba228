"""A graph for onnxruntime and its kin, built node by node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linnet.errors import ExportError, needs_extra
from linnet.export.formats import Format, Rows, headline
from linnet.model.predictor import Predictor

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

OPSET, IR = 17, 8
"""As of ONNX 1.12 (2022), so that older runtimes read it too."""


def render(model: Predictor) -> bytes:
    """The file: input "rows" (B, D); outputs "probabilities" (B, K) and "class" (B,), or "predictions".

    Rows and answers are of the type of the model's weights, which the metadata's "dtype" says too.

    Raises:
        MissingExtraError: onnx is not installed.
    """
    with needs_extra("an export to ONNX", "onnx"):
        from onnx import checker, helper

    card = model.card
    made = helper.make_model(
        _graph(model), producer_name="linnet", doc_string=headline(model), ir_version=IR,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )  # fmt: skip
    helper.set_model_props(
        made,
        {
            "kind": card.kind,
            "dtype": str(model.W.dtype),
            "dataset": card.dataset,
            "classes": json.dumps(card.classes, ensure_ascii=False),
            "image_shape": json.dumps(card.image_shape),
            "scale": repr(card.scale),
        },
    )
    checker.check_model(made, full_check=True)
    return made.SerializeToString()


def _graph(model: Predictor) -> GraphProto:
    from onnx import TensorProto, helper, numpy_helper

    kind, number = model.card.kind, helper.np_dtype_to_tensor_dtype(model.W.dtype)
    name = "predictions" if kind == "regression" else "probabilities"
    outputs = [helper.make_tensor_value_info(name, number, ["batch", model.outputs])]
    if kind != "regression":
        outputs.append(helper.make_tensor_value_info("class", TensorProto.INT64, ["batch"]))
    weights = (model.W.astype(np.float64) * model.card.scale).astype(model.W.dtype)
    constants = {"W": weights, "b": model.b}
    if kind == "logistic":
        constants["one"] = np.ones(1, model.W.dtype)
    return helper.make_graph(
        _nodes(model, name),
        "linnet",
        [helper.make_tensor_value_info("rows", number, ["batch", model.features])],
        outputs,
        [numpy_helper.from_array(array, label) for label, array in constants.items()],
    )


def _nodes(model: Predictor, name: str) -> list[NodeProto]:
    from onnx import helper

    kind = model.card.kind
    is_mean = kind == "regression" and model.card.link == "identity"
    wanted = name if is_mean else "scores"
    scores = helper.make_node("Gemm", ["rows", "W", "b"], [wanted], transB=1)
    if kind == "regression":
        return [scores] if is_mean else [scores, helper.make_node("Exp", ["scores"], [name])]
    likeliest = helper.make_node("ArgMax", ["scores"], ["class"], axis=1, keepdims=0)
    if kind == "softmax":
        return [scores, helper.make_node("Softmax", ["scores"], [name], axis=1), likeliest]
    return [scores, *_log_sigmoid(), helper.make_node("Softmax", ["logits"], [name], axis=1), likeliest]


def _log_sigmoid() -> list[NodeProto]:
    """Log σ(o) = min(o, 0) − log(1 + e^−|o|); onnxruntime has the shorter Softplus in float32 only."""
    from onnx import helper

    steps = [
        ("Neg", ["scores"], "against"),
        ("Relu", ["against"], "hinge"),
        ("Abs", ["scores"], "size"),
        ("Neg", ["size"], "minus"),
        ("Exp", ["minus"], "power"),
        ("Add", ["power", "one"], "plus"),
        ("Log", ["plus"], "soft"),
        ("Add", ["hinge", "soft"], "cost"),
        ("Neg", ["cost"], "logits"),
    ]
    return [helper.make_node(operator, given, [out]) for operator, given, out in steps]


def answers(path: Path, X: Rows) -> tuple[NDArray[np.floating], str]:
    """The graph's answers in onnxruntime.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ExportError: onnxruntime cannot use the file.
    """
    with needs_extra("the check of an ONNX file", "onnx"):
        import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        made = session.run(None, {"rows": X})[0]
    except Exception as error:  # onnxruntime's errors have no common root but this
        raise ExportError(f"onnxruntime cannot use the exported file: {error}") from error
    return np.asarray(made), f"onnxruntime {onnxruntime.__version__}"


FORMAT = Format("onnx", "model.onnx", render, answers)
