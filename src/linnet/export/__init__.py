"""A finished model in a file that other programs read, each file run again before it is trusted.

formats      what a format is: a name, a suffix, how it is written and how it is run
choose       `export_model`, and the formats by name
safetensors  plain W and b, with metadata
onnx         a graph for onnxruntime and its kin
numpy        one Python file
js           one ES module
c            one C99 file
sql          one query for SQLite and PostgreSQL
"""

from __future__ import annotations

from linnet.export.choose import FORMATS as FORMATS
from linnet.export.choose import export_model as export_model
from linnet.export.formats import Exported as Exported
from linnet.export.formats import Format as Format

__all__ = ["FORMATS", "Exported", "Format", "export_model"]
