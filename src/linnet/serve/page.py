"""The interface for people, as an HTML page without scripts or outside requests, in English or Chinese."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Scope

from linnet.config.losses import name_model
from linnet.i18n import Language, say
from linnet.model.predictor import Predictor
from linnet.schema.profile import ColumnProfile, profile
from linnet.schema.schema import Schema
from linnet.serve.examples import KEY, of_table
from linnet.serve.schema import LISTED, REFUSALS

SHORT = 16
"""Features of a row that is written out."""

TEXTS = ("serve.ask", "serve.raw", "serve.order", "serve.numbers")
TABLE_TEXTS = ("serve.ask.table", "serve.raw.table", "serve.order.table", "serve.numbers.table")
"""What is said of rows, of other bodies, and of the answers of classes and numbers."""

MOST = 200
"""Columns of a table that are listed."""

_HOST = re.compile(r"[\w.:\[\]-]{1,100}", re.ASCII)
"""What may stand in an example as the host."""


@dataclass(frozen=True)
class Reader:
    """Who reads the page or a refusal, as their request tells.

    Args:
        language: of the page.
        host: as the reader's browser calls it.
        scheme: "http" or "https".
        has_key: whether requests need an API key.
    """

    language: Language = "en"
    host: str = "localhost:8000"
    scheme: str = "http"
    has_key: bool = False

    @classmethod
    def of(cls, scope: Scope, lang: str | None = None) -> Reader:
        """The one who sent a request, and asked for a language in its query."""
        headers = Headers(scope=scope)
        scheme = headers.get("x-forwarded-proto", scope.get("scheme", "http"))
        has_key = "x-api-key" in headers or "authorization" in headers
        language = language_of(lang, headers.get("accept-language", ""))
        return cls(language, headers.get("host", ""), scheme, has_key)

    @property
    def place(self) -> str:
        """The start of the addresses in the examples; a strange host is not repeated."""
        host = self.host if _HOST.fullmatch(self.host) else "HOST"
        return f"{'https' if self.scheme == 'https' else 'http'}://{host}"


def language_of(query: str | None, accepted: str) -> Language:
    """The language that was asked for, or else the one that the browser would rather have.

    Args:
        query: ?lang=…
        accepted: the header Accept-Language.
    """
    chosen = query or accepted.partition(",")[0].strip()
    return "zh" if chosen.lower().startswith("zh") else "en"


def page(model: Predictor, openapi: dict[str, Any], reader: Reader) -> str:
    """The page.

    Args:
        model: which answers now.
        openapi: the description.
        reader: who reads it.
    """
    language = reader.language
    version = openapi["info"]["version"]
    others = [path[1:] for path in openapi["paths"] if path != "/predict"]
    table = model.card.schema
    ask, raw, order, numbers = TEXTS if table is None else TABLE_TEXTS
    answers = order if model.card.classes else numbers
    other = "zh" if language == "en" else "en"
    parts = [
        f"<header><h1>linnet <small>{escape(version)}</small></h1>{_link(other)}</header>",
        _about(model, language),
        *([] if table is None else [_columns(table, language)]),
        f"<h2>POST /predict</h2><p>{say(ask, language)}</p>",
        *(f"<pre>{escape(line)}</pre>" for line in examples(model, reader)),
        f"<p>{say(raw, language)}</p>",
        f"<h3>{say('serve.answer', language)}</h3><p>{say(answers, language)}</p>",
        f"<pre>{escape(_answer(model))}</pre>",
        f"<h3>{say('serve.refused', language)}</h3><p>{say('serve.detail', language)}</p>",
        _table((code, say(f"serve.refusal.{code}", language)) for code in REFUSALS),
        f"<h2>{say('serve.pages', language)}</h2>",
        _table((f"GET /{name}", say(f"serve.page.{name}", language)) for name in others),
        f'<p>{say("serve.data", language)} <a href="openapi.json">openapi.json</a></p>',
        f"<details><summary>OpenAPI: POST /predict</summary><pre>{_schema(openapi)}</pre></details>",
    ]
    head = "<meta charset=utf-8><meta name=viewport content='width=device-width'><title>linnet</title>"
    body = "\n".join(parts)
    return (
        f"<!doctype html><html lang={language}><head>{head}<style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )


def examples(model: Predictor, reader: Reader) -> list[str]:
    """Lines for a shell that are answered as they stand; that of a picture wants one."""
    if model.card.schema is not None:
        return of_table(model.card.schema, f"{reader.place}/", has_key=reader.has_key)
    key = KEY if reader.has_key else ""
    ask = f"curl{key} -H 'content-type:"
    there, features = f"{reader.place}/predict", model.features
    if features <= SHORT:
        rows = json.dumps({"rows": [[0] * features]})
        text = f"{ask} application/json' -d '{rows}' {there}"
    else:
        made = f"""python3 -c 'import json; print(json.dumps({{"rows": [[0] * {features}]}}))'"""
        text = f"{made} |\n  {ask} application/json' -d @- {there}"
    raw = (
        f"head -c {features} /dev/zero |\n"
        f"  {ask} application/octet-stream' --data-binary @- '{there}?dtype=uint8'"
    )
    picture = f"curl{key} -F file=@picture.png {there}"
    return [text, raw, *([picture] if model.card.image_shape else [])]


def example(model: Predictor, scope: Scope) -> str:
    """A line for a shell that would have been answered in a request's place; of few features as it stands.

    Args:
        model: which answers now.
        scope: the request's.
    """
    lines, kind = examples(model, Reader.of(scope)), Headers(scope=scope).get("content-type", "")
    is_picture = "image/" in kind or "multipart/" in kind
    return lines[-1] if is_picture and model.card.image_shape else lines[0]


def _about(model: Predictor, language: Language) -> str:
    """What answers."""
    card, features = model.card, f"{model.features:,}"
    if card.image_shape:
        features += f" ({say('serve.picture', language, size=' × '.join(map(str, card.image_shape)))})"
    lines = [
        (
            say("serve.model", language),
            f"{name_model(card.loss, language)}, <code>{escape(model.checksum[:12])}</code>",
        ),
        (say("serve.dataset", language), escape(card.dataset)),
        (say("serve.features", language), features),
    ]
    if card.classes:
        lines.append((say("serve.classes", language), escape(", ".join(card.classes))))
    else:
        lines.append((say("serve.outputs", language), f"{model.outputs:,}"))
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in lines)}</dl>"


def _link(language: Language) -> str:
    """The page in a language, under the language's own name."""
    return f'<a href="?lang={language}" lang={language}>{say("serve.language", language)}</a>'


def _columns(schema: Schema, language: Language) -> str:
    """What each column of a table takes."""
    heads = [say(f"serve.column.{name}", language) for name in ("name", "kind", "values", "gaps")]
    rows = [_column(profile(column), language) for column in schema.columns[:MOST]]
    if len(schema.columns) > MOST:
        more = say("serve.column.more", language, n=f"{len(schema.columns) - MOST:,}")
        rows.append(f"<tr><td colspan=4>{more} <a href=model>/model</a></td></tr>")
    head = "".join(f"<th scope=col>{name}</th>" for name in heads)
    return (
        f"<h2>{say('serve.columns', language)}</h2><div class=wide><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _column(one: ColumnProfile, language: Language) -> str:
    values = ", ".join(one.levels[:LISTED]) + ", …" * (len(one.levels) > LISTED)
    if one.low is not None:
        values = f"{one.low} … {one.high}"
    if one.kind == "hash":
        values = say("serve.column.values.any", language)
    gaps = say(f"serve.column.gaps.{'some' if one.had_gaps else 'none'}", language)
    kind = say(f"serve.column.kind.{one.kind}", language)
    cells = "".join(f"<td>{escape(text)}</td>" for text in (kind, values or str(one.example), gaps))
    return f"<tr><th scope=row>{escape(one.name)}</th>{cells}</tr>"


def _answer(model: Predictor) -> str:
    """The shape of an answer to one row."""
    if model.card.schema is not None:
        flags = '"missing": [[]], "unseen": [[]]'
        if not model.card.classes:
            return f'{{"model": "…", "predictions": [1.5], {flags}}}'
        names = [json.dumps(name, ensure_ascii=False) for name in model.card.classes[:2]]
        each = ", ".join(f"{name}: …" for name in names)
        return f'{{"model": "…", "classes": [{names[0]}], "probabilities": [{{{each}, …}}], {flags}}}'
    if not model.card.classes:
        return '{"model": "…", "predictions": [[…]]}'
    name = json.dumps(model.card.classes[0], ensure_ascii=False)
    return f'{{"model": "…", "classes": [{name}], "probabilities": [[…]]}}'


def _table(lines: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(first)}</th><td>{escape(second)}</td></tr>" for first, second in lines
    )
    return f"<table>{rows}</table>"


def _schema(openapi: dict[str, Any]) -> str:
    operation = openapi["paths"]["/predict"]["post"]
    shown = {key: operation[key] for key in ("parameters", "requestBody", "responses")}
    return escape(json.dumps(shown, indent=2, ensure_ascii=False))


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:CanvasText;background:Canvas}:root{color-scheme:light dark}"
    "header{display:flex;justify-content:space-between;align-items:baseline}small{font-weight:normal}"
    "pre{overflow:auto;padding:.75rem;border:1px solid GrayText;border-radius:4px;font-size:14px}"
    "h2{margin-top:2.5rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem}"
    "dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}"
    "table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.25rem 1.5rem .25rem 0}"
    "th{white-space:nowrap}.wide{overflow-x:auto}"
)
