"""Options that several commands take, each declared once: its type, its flag and its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from linnet.config import TableChoices

Flag = Annotated[bool, Parameter(negative="")]
"""A yes that needs no --no."""

Data = Annotated[str, Parameter(help=(
    "auto, or a name that linnet data list shows; or a path of your own data: a table (CSV, Parquet, JSON "
    "lines, Excel …), a folder or a pattern of tables ('part-*.csv'), LIBSVM text (.svm), an .npz file, a "
    "zip of pictures, or a folder of pictures or of IDX files."
))]  # fmt: skip

OtherData = Annotated[str | None, Parameter(help=(
    "Other data of the same features and classes than the run's own: a name, or a path, all of whose rows "
    "are taken."
))]  # fmt: skip

Table = Annotated[TableChoices | None, Parameter(name="*")]
"""What a table does not tell by itself; its fields are flags."""

DataDir = Annotated[Path | None, Parameter(help="The folder with the data set's files.")]

SampleWeight = Annotated[str | None, Parameter(help=(
    "A column of the table with the rows' weights, or a file with a weight for each training row: .npy, or "
    "text with a number a line."
))]  # fmt: skip

Part = Annotated[Literal["test", "validation", "train", "all"] | None, Parameter(help=(
    "Which part of the data: test, validation (rows that the data set aside, or else that the run kept with "
    "--validation), train or all. When not given, all rows of a file that --data names; otherwise the test "
    "rows, or the training rows of data that keep none to test on."
))]  # fmt: skip

Randomised = Annotated[bool, Parameter(negative="", help=(
    "Let prediction sets of APS be drawn, so that they cover no more than is asked; they may be empty."
))]  # fmt: skip

Lang = Annotated[Literal["en", "zh"], Parameter(
    name=["--lang", "--language"], help="Of figures and reports: English or Chinese."
)]  # fmt: skip

Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], negative="", help="Print nothing but errors.")]

Json = Annotated[bool, Parameter(negative="", help="Print JSON; progress goes to the error stream.")]
