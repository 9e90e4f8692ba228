"""Whether a block of code is Python, as people mark it: rightly, carelessly, or not at all."""

from __future__ import annotations

import ast
import builtins
import doctest
import re
import symtable

PYTHON = {"python", "py", "python2", "python3", "py3", "ipython", "ipython3", "pycon", "pyodide"}

OTHERS = frozenset(
    """
    arduino asm assembly awk bash bat batch bib bibtex c c++ cfg clojure cmake cmd conf console cpp cs csharp
    css csv cuda cython dart diff docker dockerfile dot elixir elm erlang f90 fortran fsharp gherkin git
    gitignore glsl go graphql graphviz groovy haskell hs html http ini java javascript jinja jinja2 js json
    json5 jsonc jsx julia kotlin latex less lisp log lua make makefile markdown math matlab md mermaid mysql
    nginx nim numpy objc objective-c ocaml octave out output pascal perl php plain plaintext plantuml postgres
    powershell prolog properties proto ps1 psql puml pyrex python-traceback pytb pyx r raw rb regex rest
    result rst ruby rust sass scala scheme scss sh shell shell-session sql sqlite stata stdout svg swift tcl
    terminal tex text toml traceback ts tsv tsx txt typescript vb verilog vhdl vim vue xml yaml yml zsh
    """.split()  # noqa: SIM905
)
"""Tags of other languages, which are not Python however few letters they are away."""

LETTERS_OFF = 2
"""A tag that is this near to "python" is a slip of the fingers."""

REPRESENTATIONS = frozenset(
    """
    tensor array ndarray Tensor Parameter Size Sequential Linear Flatten ReLU Dropout OrderedDict DataFrame
    Series Index RangeIndex dtype device defaultdict Counter deque matrix Timestamp set frozenset dict list
    tuple range slice namedtuple mappingproxy Figure Axes AxesSubplot Text Line2D
    """.split()  # noqa: SIM905
)
"""Calls that printed values look like."""


def tag(info: str) -> str:
    """The language that a fence names, in lower case; "" when it names none."""
    words = re.findall(r"[^\s{}:=,.\[\]()]+", info.lower())
    return words[0] if words and not info.lstrip().startswith(("#", "=")) else ""


def is_python(word: str) -> bool:
    """Whether a tag means Python, if need be by way of a slip or two."""
    if word in PYTHON:
        return True
    if word in OTHERS or len(word) < 4:
        return False
    return min(distance(word, name) for name in ("python", "python3")) <= LETTERS_OFF


def distance(a: str, b: str) -> int:
    """Insertions, deletions, changes of a letter and swaps of two neighbours that lead from a to b."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row, older = row, [i], before
        for j, y in enumerate(b, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and (x, y) == (b[j - 2], a[i - 2]):
                best = min(best, older[j - 2] + 1)
            row.append(best)
        before = last
    return row[-1]


def plain(source: str) -> str | None:
    """Notebook code as plain Python, its magics and shell escapes left out; None when it is no Python."""
    lines = source.split("\n")
    if lines and (match := re.match(r"\s*%%(\w+)", lines[0])):
        if match[1] not in ("time", "timeit", "capture", "prun"):
            return ""
        lines = lines[1:]
    kept = [re.sub(r"^(\s*)([!%?].*|[\w.]+\?{1,2})$", r"\1pass", line) for line in lines]
    kept = [re.sub(r"^(\s*[\w, ]+=\s*)[!%].*$", r"\1None", line) for line in kept]
    text = "\n".join(kept)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    return text


def from_prompts(source: str) -> str | None:
    """The code of an interpreter's session, without its prompts and output; None where there is no prompt."""
    if not re.search(r"^\s*>>> ?", source, re.MULTILINE):
        return None
    # A prompt without a space after it is common in notes, and an error to doctest.
    spaced = re.sub(r"^(\s*(?:>>>|\.\.\.))(?=[^\s.>])", r"\1 ", source, flags=re.MULTILINE)
    try:
        return "".join(example.source for example in doctest.DocTestParser().get_examples(spaced)).rstrip(
            "\n"
        )
    except ValueError:
        return None


def looks_like_python(source: str, known: set[str]) -> bool:
    """Whether a block that says nothing of its language is meant to be run.

    It must parse; do something that printed output does not, as an assignment, an import or a call do; and
    use no name that nobody has given.

    Args:
        source: the block.
        known: names that exist when it would run.
    """
    text = plain(source)
    if text is None or not text.strip():
        return False
    statements = [s for s in ast.parse(text).body if not isinstance(s, ast.Pass)]
    if not any(_acts(statement, known) for statement in statements):
        return False
    bound, used = names(text)
    return used - bound <= known | set(dir(builtins))


def names(source: str) -> tuple[set[str], set[str]]:
    """The global names that some Python binds, and those it uses, in functions too."""
    bound: set[str] = set()
    used: set[str] = set()
    _collect(symtable.symtable(source, "notes", "exec"), bound, used)
    return bound, used


def _collect(table: symtable.SymbolTable, bound: set[str], used: set[str]) -> None:
    is_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        is_global = is_top or symbol.is_global()
        if is_global and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()):
            bound.add(symbol.get_name())
        if is_global and symbol.is_referenced():
            used.add(symbol.get_name())
    for child in table.get_children():
        _collect(child, bound, used)


def _acts(statement: ast.stmt, known: set[str]) -> bool:
    """Whether a statement does what printed output never does."""
    if isinstance(statement, ast.AnnAssign):
        return statement.value is not None  # `label: tensor([5.2])` is what print wrote
    if not isinstance(statement, ast.Expr):
        return True
    value = statement.value
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return name not in REPRESENTATIONS
    if isinstance(value, ast.Attribute | ast.Subscript):
        while isinstance(value, ast.Attribute | ast.Subscript | ast.Call):
            value = value.func if isinstance(value, ast.Call) else value.value
    return isinstance(value, ast.Name) and value.id in known
