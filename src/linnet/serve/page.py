"""The interface for people, as an HTML page without scripts or outside requests, in English or Chinese."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from starlette.datastructures import Headers
from starlette.types import Scope

from linnet.config.losses import name_model
from linnet.model.predictor import Predictor
from linnet.serve.schema import ERRORS

Language = Literal["en", "zh"]

SHORT = 16
"""Features of a row that is written out."""

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
    say = _WORDS[reader.language]
    version = openapi["info"]["version"]
    other = _LINKS["en" if reader.language == "zh" else "zh"]
    parts = [
        f"<header><h1>linnet <small>{escape(version)}</small></h1>{other}</header>",
        _about(model, say, reader.language),
        f"<h2>POST /predict</h2><p>{say['ask']}</p>",
        *(f"<pre>{escape(line)}</pre>" for line in examples(model, reader)),
        f"<p>{say['raw']}</p>",
        f"<h3>{say['answer']}</h3><p>{say['order' if model.card.classes else 'numbers']}</p>",
        f"<pre>{escape(_answer(model))}</pre>",
        f"<h3>{say['refused']}</h3><p>{say['detail']}</p>",
        _table((code, say.get(code, why)) for code, why in ERRORS.items()),
        f"<h2>{say['pages']}</h2>",
        _table((f"GET {path}", say[path]) for path in openapi["paths"] if path != "/predict"),
        f'<p>{say["data"]} <a href="openapi.json">openapi.json</a></p>',
        f"<details><summary>OpenAPI: POST /predict</summary><pre>{_schema(openapi)}</pre></details>",
    ]
    head = "<meta charset=utf-8><meta name=viewport content='width=device-width'><title>linnet</title>"
    body = "\n".join(parts)
    return (
        f"<!doctype html><html lang={reader.language}><head>{head}<style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )


def examples(model: Predictor, reader: Reader) -> list[str]:
    """Lines for a shell that are answered as they stand; that of a picture wants one."""
    key = ' -H "x-api-key: $LINNET_API_KEY"' if reader.has_key else ""
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


def _about(model: Predictor, say: dict[str, str], language: Language) -> str:
    """What answers."""
    card, features = model.card, f"{model.features:,}"
    if card.image_shape:
        features += f" ({say['picture'].format(' × '.join(map(str, card.image_shape)))})"
    lines = [
        (say["model"], f"{name_model(card.loss, language)}, <code>{escape(model.checksum[:12])}</code>"),
        (say["dataset"], escape(card.dataset)),
        (say["features"], features),
    ]
    if card.classes:
        lines.append((say["classes"], escape(", ".join(card.classes))))
    else:
        lines.append((say["outputs"], f"{model.outputs:,}"))
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in lines)}</dl>"


def _answer(model: Predictor) -> str:
    """The shape of an answer to one row."""
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


_LINKS = {
    "en": '<a href="?lang=en" lang=en>English</a>',
    "zh": '<a href="?lang=zh" lang=zh>中文</a>',
}

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:CanvasText;background:Canvas}:root{color-scheme:light dark}"
    "header{display:flex;justify-content:space-between;align-items:baseline}small{font-weight:normal}"
    "pre{overflow:auto;padding:.75rem;border:1px solid GrayText;border-radius:4px;font-size:14px}"
    "h2{margin-top:2.5rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem}"
    "dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}"
    "table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.25rem 1.5rem .25rem 0}"
    "th{white-space:nowrap}"
)

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "model": "Model", "dataset": "Trained on", "features": "Features", "picture": "a picture of {}",
        "classes": "Classes", "outputs": "Outputs",
        "ask": "A row has its features in the order of the training data, with the values that are stored "
        "there, before any scaling.",
        "raw": "Plain numbers are float32 or uint8, little-endian, one row after another. An .npy file may "
        "stand in their place, and a picture or another file may come in a form. Bodies may be gzip'd.",
        "answer": "The answer",
        "order": "A line for each row: its likeliest class, and the probabilities of the classes in the "
        "order above. model is the SHA-256 of the model that answered.",
        "numbers": "A line for each row. model is the SHA-256 of the model that answered.",
        "refused": "Refusals", "detail": 'The body of each says why, and most give a line that would work: '
        '{"detail": "…", "example": "…"}.',
        "pages": "Other pages", "data": "The same for programs:",
        "/healthz": "Whether the process answers", "/readyz": "Whether there is a model to answer with",
        "/metrics": "Counters in Prometheus' text format", "/model": "The model that answers now",
    },
    "zh": {
        "model": "模型", "dataset": "训练数据", "features": "特征数", "picture": "{} 的图片",
        "classes": "类别", "outputs": "输出数",
        "ask": "每行的特征按训练数据中的顺序排列，取其中存储的原值，不做缩放。",
        "raw": "原始数值为 float32 或 uint8，小端序，逐行排列。也可以改送 .npy 文件；"
        "图片或其他文件可以用表单上传；请求体可以用 gzip 压缩。",
        "answer": "回答",
        "order": "每行一项：最可能的类别，以及各类别的概率，顺序同上。model 是作答模型的 SHA-256。",
        "numbers": "每行一项。model 是作答模型的 SHA-256。",
        "refused": "拒绝",
        "detail": '回答中说明原因，多数还给出一条可用的命令：{"detail": "…", "example": "…"}。',
        "pages": "其他页面", "data": "供程序读取：",
        "/healthz": "进程是否应答", "/readyz": "是否有模型可以作答",
        "/metrics": "Prometheus 文本格式的计数", "/model": "现在作答的模型",
        "400": "请求体不是它自称的格式，或中断了。", "401": "缺少 API 密钥或密钥不对。",
        "408": "请求体或请求头没有按时到齐。", "413": "请求体过大。",
        "415": "内容类型不在其列，请求体以 gzip 以外的方式压缩，或模型不接受图片。",
        "422": "请求体不是若干行模型的特征；原因中指明行与特征。",
        "431": "请求头过多或过大。", "503": "正在处理的请求过多。",
    },
}  # fmt: skip
