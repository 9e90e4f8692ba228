"""The plainest services of a model that one would write, as programs: what `serve.py` measures beside."""

from __future__ import annotations

PICTURES = """
import sys
import torch
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel
from safetensors.torch import load_file

tensors = load_file(sys.argv[1] + "/model.safetensors")
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
model[1].load_state_dict({"weight": tensors["W"], "bias": tensors["b"]})
app = FastAPI()

class Rows(BaseModel):
    rows: list[list[float]]

def answer(X):
    with torch.no_grad():
        p = torch.softmax(model(X / 255), 1)
    return {"classes": p.argmax(1).tolist(), "probabilities": p.tolist()}

@app.post("/predict")
async def predict(rows: Rows):
    return answer(torch.tensor(rows.rows))

@app.post("/raw")
async def raw(request: Request):
    return answer(torch.frombuffer(bytearray(await request.body()), dtype=torch.float32).view(-1, 784))

uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""
"""Of pictures, by torch; its arguments are a run's folder and a port."""

TABLE = """
import sys
import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

frame = pd.read_csv(sys.argv[1] + "/../birds.csv")
y = frame.pop("species")
numbers = [name for name in frame if name.startswith("size")]
levels = [name for name in frame if not name.startswith("size")]
model = make_pipeline(
    make_column_transformer(
        (SimpleImputer(strategy="median", add_indicator=True), numbers),
        (OneHotEncoder(handle_unknown="ignore"), levels),
    ),
    LogisticRegression(max_iter=1000),
).fit(frame, y)
app = FastAPI()

class Row(BaseModel):
    size0: float | None
    size1: float | None
    size2: float | None
    size3: float | None
    island: str | None
    sex: str | None
    ringed: str | None

class Rows(BaseModel):
    rows: list[Row]

@app.post("/predict")
async def predict(rows: Rows):
    p = model.predict_proba(pd.DataFrame([row.model_dump() for row in rows.rows]))
    classes = model.classes_.tolist()
    return {
        "classes": model.classes_[p.argmax(1)].tolist(),
        "probabilities": [dict(zip(classes, row)) for row in p.tolist()],
    }

uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""
"""Of a table, by a frame of pandas and a pipeline that is fitted to the CSV file beside the run."""
