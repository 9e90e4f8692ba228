"""Both catalogues say the same, every text is used, and no text stands elsewhere."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from linnet import i18n

SOURCE = Path(i18n.__file__).parent.parent
BLANK = r"[^.]+(?:\.\d[^.]*)?"
"""What may stand for a blank in a key: a name, or such as "flip:0.5"."""
CATALOGUES = {name: json.loads((SOURCE / f"i18n/{name}.json").read_text("utf-8")) for name in i18n.LANGUAGES}
HELD = ("evaluate", "inference", "schema", "solver")
"""Groups whose English results and files hold, so that it stands in the code as well."""
NOT_TEXTS = ("data/formats/folder_parts.py", "notes/document.py", "schema/cells.py", "schema/date_forms.py",
             "schema/groups.py", "schema/remarks.py", "schema/row_numbers.py", "schema/units.py")  # fmt: skip
"""Files that look for Chinese in what people give."""
CHINESE = re.compile("[\u4e00-\u9fff]")


def flat(language: str) -> dict[str, str]:
    """A catalogue by whole keys."""
    groups = CATALOGUES[language].items()
    return {f"{group}.{name}": text for group, named in groups for name, text in named.items()}


def constants(folder: Path) -> Iterator[str]:
    """The strings of Python files; of f-strings a pattern, in which a blank is anything."""
    for path in folder.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        within = {part for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in within:
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "\0" for part in node.values]
                yield "".join(map(str, parts))


def keys_in_python() -> set[str]:
    """What looks like a key, with "\\0" for what is known only when it runs."""
    groups = "|".join(CATALOGUES["en"])
    form = re.compile(rf"(?:{groups})\.(?!html|json|csv|svg|png)[\w.\0]+")
    return {text for text in constants(SOURCE) if form.fullmatch(text)}


def keys_in_javascript() -> set[str]:
    """The same of the lab's page, whose keys leave out the group."""
    sections = "|".join({name.partition(".")[0] for name in CATALOGUES["en"]["lab"]})
    form = re.compile(rf"(?:{sections})\.[\w.:+\0]+")
    scripts = "".join(path.read_text("utf-8") for path in (SOURCE / "lab/static").rglob("*.js"))
    templates = (re.sub(r"\$\{[^{}]*\}", "\0", text) for text in re.findall("`([^`\n]*)`", scripts))
    return {
        f"lab.{text}" for text in (*templates, *re.findall('"([^"\n]*)"', scripts)) if form.fullmatch(text)
    }


def test_the_catalogues_have_the_same_keys_and_blanks() -> None:
    english, chinese = flat("en"), flat("zh")
    assert list(english) == list(chinese)
    for key, text in english.items():
        assert text
        assert chinese[key]
        assert set(i18n.BLANK.findall(text)) == set(i18n.BLANK.findall(chinese[key])), key


def test_they_are_in_order() -> None:
    for groups in CATALOGUES.values():
        assert list(groups) == sorted(groups)
        assert all(list(named) == sorted(named) for named in groups.values())


def test_every_key_is_in_the_catalogue() -> None:
    known = set(flat("en"))
    for key in keys_in_python() | keys_in_javascript():
        pattern = re.compile(re.escape(key).replace("\0", ".+"))
        assert any(map(pattern.fullmatch, known)), key


def keys_not_in_code() -> set[str]:
    """Texts that no code names."""
    patterns = [
        re.compile(re.escape(key).replace("\0", BLANK)) for key in keys_in_python() | keys_in_javascript()
    ]
    return {key for key in flat("en") if not any(pattern.fullmatch(key) for pattern in patterns)}


def test_every_text_is_used() -> None:
    assert not {key for key in keys_not_in_code() if key.partition(".")[0] not in HELD}


def test_what_files_hold_in_english_is_as_the_code_gives_it() -> None:
    said = {text for text in constants(SOURCE) if text}
    forms = [
        re.compile(re.escape(text).replace("\0", r"\w+")) for text in said if re.search("\\w .*\0", text)
    ]
    for text in map(flat("en").__getitem__, keys_not_in_code()):
        name, _, reason = text.partition(": ")
        is_reason = {name, reason} <= said
        assert text in said or is_reason or any(form.fullmatch(text) for form in forms), text


def test_no_text_stands_in_the_code() -> None:
    for path in [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.js")]:
        if path.relative_to(SOURCE).as_posix() not in NOT_TEXTS:
            assert not CHINESE.search(path.read_text("utf-8")), path
