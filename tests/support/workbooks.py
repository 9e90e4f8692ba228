"""Workbooks as spreadsheets write them."""

from __future__ import annotations

import datetime
import io
import zipfile

SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData>'
    "</worksheet>"
)


def make_workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    """The least that a workbook has (ECMA-376), with texts in the cells."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    names = "".join(f'<sheet name="{n}" sheetId="{k}" r:id="r{k}"/>' for k, n in enumerate(sheets, 1))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r0" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">' + "".join(
            f'<Relationship Id="r{k}" Type="{office}/worksheet" Target="worksheets/{k}.xml"/>'
            for k in range(1, len(sheets) + 1)
        ) + "</Relationships>",
    }  # fmt: skip
    for place, table in enumerate(sheets.values(), 1):
        rows = "".join("<row>" + "".join(map(_cell, row)) + "</row>" for row in table)
        files[f"xl/worksheets/{place}.xml"] = SHEET.format(rows=rows)
    return _zip(files)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def make_ods(sheets: dict[str, list[list[object]]]) -> bytes:
    """The least that a workbook of OpenDocument has (ISO/IEC 26300): texts, numbers, days, shares, gaps."""
    tables = ""
    for name, rows in sheets.items():
        cells = ("<table:table-row>" + "".join(map(_open_cell, row)) + "</table:table-row>" for row in rows)
        tables += f'<table:table table:name="{name}">' + "".join(cells) + "</table:table>"
    base = "urn:oasis:names:tc:opendocument:xmlns:"
    names = " ".join(f'xmlns:{part}="{base}{part}:1.0"' for part in ("office", "table", "text"))
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    head = f'<manifest:manifest xmlns:manifest="{base}manifest:1.0">'
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    files = {
        "mimetype": kind,
        "content.xml": f"<office:document-content {names}><office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>",
        "META-INF/manifest.xml": f"{head}{entry}</manifest:manifest>",
    }  # fmt: skip
    return _zip(files)


def _zip(files: dict[str, str]) -> bytes:
    """A zip of some texts by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _open_cell(value: object) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, datetime.date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
    if isinstance(value, str) and value.endswith("%"):
        share = float(value[:-1]) / 100
        kind = f'office:value-type="percentage" office:value="{share}"'
        return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"
    kind = "string" if isinstance(value, str) else f'float" office:value="{value}'
    return f'<table:table-cell office:value-type="{kind}"><text:p>{value}</text:p></table:table-cell>'
