#!/usr/bin/env bash
# Tool: skl2onnx 1.20.0, CountVectorizer and TfidfVectorizer with text that is not ASCII
# Expected: The words in the vocabulary are counted, as the pipeline does.
# Instead: The graph splits by ASCII letters: "naïve", "Café" and "你好" are in the vocabulary and
#   count 0, and in tf-idf the rest of the row is scaled up in their place. Pairs of words
#   around a single letter ("am a cat" is "am cat" for scikit-learn) are lost too. Conversion
#   and run say nothing.
# Right value: scikit-learn transform(), and counting by eye.
# Seen:
#   'the cat sat': counted 5, in the graph 5, lost []
#   'naïve Café': counted 3, in the graph 0, lost ['Café', 'naïve', 'naïve Café']
#   '你好 世界 cat': counted 5, in the graph 1, lost ['世界', '世界 cat', '你好', '你好 世界']
#   'I am a cat': counted 3, in the graph 2, lost ['am cat']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    skl2onnx==1.20.0 onnxruntime==1.32.0 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.feature_extraction.text import CountVectorizer

texts = ["the cat sat", "naïve Café", "你好 世界 cat", "I am a cat"]
model = CountVectorizer(lowercase=False, ngram_range=(1, 2)).fit(texts)
graph = to_onnx(model, initial_types=[("text", StringTensorType([None, 1]))])
session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
exported = session.run(None, {"text": np.array(texts, dtype=object)[:, None]})[0]
right = model.transform(texts).toarray()
words = model.get_feature_names_out()
for row, text in enumerate(texts):
    print(f"{text!r}: counted {int(right[row].sum())}, in the graph {int(exported[row].sum())}, lost {words[right[row] > exported[row]].tolist()}")
assert exported[0].sum() == right[0].sum() == 5 and exported[1].sum() == 0 and right[1].sum() == 3
PY
