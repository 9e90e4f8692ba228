"""/api/data: data sets, uploaded ones among them, and their rows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

import anyio.to_thread
import torch
from anyio import CapacityLimiter
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.requests import Request
from torch import Tensor

from linnet.config.table import KINDS, TASKS, TableOptions, Task
from linnet.data import registry
from linnet.data.dataset import Dataset
from linnet.data.formats.picture_files import MAX_PICTURES
from linnet.data.pictures.shape import ImageShape
from linnet.errors import UsageError
from linnet.i18n import Language, translate, translate_behind
from linnet.lab.jobs import Job, ProgressStream
from linnet.lab.live import targets_of, task_of
from linnet.lab.schemas import Body, DatasetName, Page, pack
from linnet.lab.state import BUILT_IN, LabState
from linnet.lab.tables import Upload, read_upload
from linnet.schema.describe import describe
from linnet.schema.overview import ColumnView
from linnet.web.refusal import Refusal

_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
_FIELDS = {"files": {"type": "array", "minItems": 1, "items": _FILE}, "color": {"type": "boolean"}}
UPLOAD = {"multipart/form-data": {"schema": {"type": "object", "required": ["files"], "properties": _FIELDS}}}
"""An upload as OpenAPI describes it; FastAPI's own way would read all of it before it is looked at."""

COLUMNS = 6
"""Numbers of a table's row that are shown: the first of them."""

READING = 2
"""Uploads that are read at once."""


class Parts(BaseModel):
    """How many rows each part has, where names of files or folders say which is which."""

    train: int
    validation: int
    test: int


class DatasetBody(Body):
    """A data set, to download or to look at."""

    dataset: DatasetName


class Known(BaseModel):
    """A data set that can be asked for; `parts` where files or folders are named after parts.

    Of a table `rows` are those to train on, 0 where something has to be said of it first. `read` is what was
    read as what of other data; a table's panel says it.
    """

    name: str
    title: str
    is_there: bool
    is_image: bool
    columns: tuple[str, ...] = ()
    parts: Parts | None = None
    is_table: bool = False
    task: Task = "classification"
    rows: int = 0
    read: tuple[str, ...] = ()


class TableBody(DatasetBody):
    """A table that was uploaded, to be shown in a language."""

    language: Literal["en", "zh"] = "en"


class ReadBody(DatasetBody):
    """A table that was uploaded, to be read again by what is said of it, in the words of `linnet.load`."""

    table: TableOptions


class Table(BaseModel):
    """What was read of a table: lines of words, its target and columns, and what was said of it.

    `candidates` are the columns that may be predicted, where nothing could be read. `looked_at` are the rows
    that the columns' figures are of.
    """

    lines: list[str]
    problem: str
    target: str | None
    task: Task | None
    classes: list[str]
    rows: int
    width: int
    looked_at: int
    columns: list[ColumnView]
    table: dict[str, Any]
    kinds: tuple[str, ...] = KINDS
    tasks: tuple[str, ...] = TASKS


class RowsBody(DatasetBody):
    """Some rows of it to look at."""

    part: Literal["train", "test"] = "test"
    rows: Annotated[list[Annotated[int, Field(ge=0, le=2**31 - 1)]], Field(max_length=256)]


class Rows(BaseModel):
    """Rows as they are stored: pixels, uint8 as base64, of images; the first of a table's numbers."""

    image_shape: ImageShape | None
    brightest: int
    pixels: str | None
    values: list[list[float]] | None
    features: int
    labels: list[float]


def router(lab: LabState) -> APIRouter:
    """The routes of data sets."""
    routes = APIRouter(prefix="/api/data", tags=["data"])
    reading = CapacityLimiter(READING)

    @routes.get("", summary="The data sets")
    def list_data() -> list[Known]:
        built_in = [
            Known(name=name, title=registry.sources()[name].title, is_there=lab.is_there(name), is_image=True)
            for name in BUILT_IN
        ]
        return built_in + [
            _describe(name, upload) for name, upload in lab.uploads() if upload.splits is not None
        ]

    @routes.post(
        "",
        summary="Upload a data set: a table, arrays or a zip, files of its parts, or the files of a folder",
        openapi_extra={"requestBody": {"required": True, "content": UPLOAD}},
    )
    async def upload(request: Request) -> Known:
        async with request.form(max_files=MAX_PICTURES, max_fields=1) as form:
            files = [part for part in form.getlist("files") if isinstance(part, UploadFile)]
            if not files:
                raise Refusal(422, 'an upload is multipart/form-data with files called "files"')
            contents = [((file.filename or "file")[:300], await file.read()) for file in files]
            options = TableOptions(color=True if form.get("color") == "true" else None)
        made = await anyio.to_thread.run_sync(partial(read_upload, contents, options), limiter=reading)
        return _describe(lab.put(made), made)

    @routes.post("/table", summary="What was read of a table, and what can be said of it")
    def table(body: TableBody) -> Table:
        return _show(lab.upload(body.dataset), body.language)

    @routes.post("/read", summary="Read a table again, by what is said of it")
    async def read(body: ReadBody) -> Known:
        known = lab.upload(body.dataset)
        if not known.files:
            raise UsageError(f"{known.title} is no table")
        again = partial(read_upload, known.files, body.table)
        made = await anyio.to_thread.run_sync(again, limiter=reading)
        return _describe(lab.put(made, body.dataset), made)

    @routes.post(
        "/fetch",
        summary="Download a data set: frames of NDJSON meanwhile",
        response_class=ProgressStream,
        status_code=200,
    )
    async def fetch(body: DatasetBody, page: Page) -> ProgressStream:
        registry.download_of(body.dataset)  # or it is refused

        def work(job: Job) -> None:
            def progress(done: int, size: int | None) -> None:
                if job.is_over:
                    raise UsageError("the download was stopped; the next goes on with it")
                job.tell({"kind": "fetching", "done": done, "size": size})

            lab.splits(body.dataset, progress)
            job.tell({"kind": "fetched"})

        return lab.jobs.stream(page, work)

    @routes.post("/rows", summary="Some rows, to look at")
    async def rows(body: RowsBody) -> Rows:
        splits = await lab.ready(body.dataset)
        part = splits.train if body.part == "train" or splits.test is None else splits.test
        if body.rows and max(body.rows) >= len(part):
            raise UsageError(f"rows lie in 0…{len(part) - 1}, not {max(body.rows)}")
        return _rows(part, torch.tensor(body.rows, dtype=torch.int64))

    return routes


def _describe(name: str, upload: Upload) -> Known:
    if upload.splits is None:
        return Known(name=name, title=upload.title, is_there=True, is_image=False, is_table=True)
    train = upload.splits.train
    return Known(
        name=name, title=upload.title, is_there=True, is_image=train.image_shape is not None,
        columns=train.columns, parts=_parts(upload), is_table=upload.glance is not None,
        task=task_of(train), rows=len(train), read=upload.lines,
    )  # fmt: skip


def _show(upload: Upload, language: Language) -> Table:
    """What was read of a table.

    Raises:
        UsageError: it is none.
    """
    if (glance := upload.glance) is None:
        raise UsageError(f"{upload.title} is no table")
    schema = glance.schema
    target = None if schema is None else schema.target
    return Table(
        lines=[] if schema is None else describe(schema, language),
        problem=translate_behind(glance.problem, "schema", language),
        target=target and target.name, task=target and target.task,
        classes=[] if target is None else list(target.classes), columns=[
            replace(column, why=translate(column.why, "schema", language)) for column in glance.columns
        ], rows=glance.rows, width=glance.width,
        looked_at=glance.looked_at, table=upload.options.table,
    )  # fmt: skip


def _parts(upload: Upload) -> Parts | None:
    train, test = upload.data()
    if not upload.has_parts:
        return None
    train, validation, test = (0 if part is None else len(part) for part in (train, train.validation, test))
    return Parts(train=train, validation=validation, test=test)


def _rows(part: Dataset, index: Tensor) -> Rows:
    is_image = part.image_shape is not None
    return Rows(
        image_shape=part.image_shape, brightest=round(1 / part.scale) if is_image else 1,
        pixels=pack(part.X[index], "u1") if is_image else None,
        values=None if is_image else part.X[index, :COLUMNS].tolist(),
        features=part.features, labels=targets_of(part)[index].tolist(),
    )  # fmt: skip
