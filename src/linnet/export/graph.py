"""`Graph`: a graph of ONNX built node by node, its file, and its run in onnxruntime."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet.errors import ExportError, needs_extra

if TYPE_CHECKING:
    from onnx import ValueInfoProto

OPSET, ML_OPSET, IR = 17, 3, 8
"""As of ONNX 1.12 (2022), so that older runtimes read it too."""

ML = "ai.onnx.ml"
"""The domain of the operator that knows texts."""


class Graph:
    """Nodes and constants, in order; each node is named by its place.

    Args:
        taken: names of inputs, which no other value may have.
    """

    def __init__(self, taken: Sequence[str] = ()) -> None:
        with needs_extra("an export to ONNX", "onnx"):
            importlib.import_module("onnx")
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.taken = set(taken)

    def free(self, name: str) -> str:
        """A name that nothing has yet: this one, or with underlines behind it."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def constant(self, value: float | NDArray[Any]) -> str:
        """The name of a constant."""
        from onnx import numpy_helper

        name = self.free(f"constant_{len(self.constants)}")
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operator: str, *given: str, out: str = "", **attributes: Any) -> str:
        """Add a node.

        Args:
            operator: its name.
            given: the names of what it takes.
            out: the name of what it gives; a free one when empty.
            attributes: of the operator.

        Returns:
            The name of what it gives.
        """
        from onnx import helper

        out = out or self.free(f"value_{len(self.nodes)}")
        self.nodes.append(helper.make_node(operator, list(given), [out], **attributes))
        return out

    def encode(self, column: str, places: Mapping[str, int], default: int) -> str:
        """The places of texts, int64."""
        return self.add(
            "LabelEncoder", column, domain=ML, keys_strings=list(places), values_int64s=list(places.values()),
            default_int64=default,
        )  # fmt: skip

    def _of(self, value: str | float) -> str:
        return value if isinstance(value, str) else self.constant(value)

    def plus(self, left: str, right: str | float) -> str:
        """The sum."""
        return self.add("Add", left, self._of(right))

    def sub(self, left: str, right: str | float) -> str:
        """The difference."""
        return self.add("Sub", left, self._of(right))

    def times(self, left: str, right: str | float) -> str:
        """The product."""
        return self.add("Mul", left, self._of(right))

    def floor(self, left: str, right: float) -> str:
        """The quotient, rounded down."""
        return self.add("Floor", self.add("Div", left, self._of(right)))


def log_sigmoid(graph: Graph, scores: str, dtype: np.dtype | type = np.float64) -> str:
    """Log σ(o) = min(o, 0) − log(1 + e^−|o|); onnxruntime has the shorter Softplus in float32 only."""
    hinge = graph.add("Relu", graph.add("Neg", scores))
    power = graph.add("Exp", graph.add("Neg", graph.add("Abs", scores)))
    soft = graph.add("Log", graph.add("Add", power, graph.constant(np.ones(1, dtype))))
    return graph.add("Neg", graph.add("Add", hinge, soft))


def finish(
    graph: Graph,
    inputs: Sequence[ValueInfoProto],
    outputs: Sequence[ValueInfoProto],
    said: Mapping[str, str],
    headline: str,
) -> bytes:
    """The file of a graph.

    Args:
        graph: it.
        inputs: with their types.
        outputs: likewise.
        said: the metadata.
        headline: the sentence that describes it.
    """
    from onnx import checker, helper

    domains = {node.domain for node in graph.nodes}
    opsets = [helper.make_opsetid("", OPSET), *([helper.make_opsetid(ML, ML_OPSET)] if ML in domains else [])]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "linnet", inputs, outputs, graph.constants),
        producer_name="linnet", doc_string=headline, ir_version=IR, opset_imports=opsets,
    )  # fmt: skip
    helper.set_model_props(made, dict(said))
    checker.check_model(made, full_check=True)
    return made.SerializeToString()


def run_graph(path: Path, given: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.floating], str]:
    """The first output of a graph in onnxruntime.

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
        made = session.run(None, dict(given))[0]
    except Exception as error:  # onnxruntime's errors have no common root but this
        raise ExportError(f"onnxruntime cannot use the exported file: {error}") from error
    return np.asarray(made), f"onnxruntime {onnxruntime.__version__}"
