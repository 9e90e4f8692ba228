"""Whether a block of code is Python, as people mark it: rightly, carelessly, or not at all."""

from __future__ import annotations

import ast
import builtins
import doctest
import re
import symtable
from dataclasses import dataclass

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


def looks_like_python(source: str, given: set[str], supplied: set[str]) -> bool:
    """Whether a block that says nothing of its language is meant to be run.

    It must parse; do something that printed output does not, as an assignment, an import, a call or a look at
    the notes' own variables do; and use no name that nobody gives.

    Args:
        source: the block.
        given: names that the notes have given before it.
        supplied: names that are supplied when they are missing.
    """
    text = plain(source)
    if text is None or not text.strip():
        return False
    statements = [s for s in ast.parse(text).body if not isinstance(s, ast.Pass)]
    if not any(_acts(statement, given) for statement in statements):
        return False
    found = names(text)
    return (found.used | found.used_later) - found.bound <= given | supplied | set(dir(builtins))


@dataclass(frozen=True)
class Names:
    """The global names of some Python.

    Args:
        bound: those it gives.
        used: those it looks up as it runs.
        used_later: those that its functions look up when they are called.
    """

    bound: set[str]
    used: set[str]
    used_later: set[str]


def names(source: str) -> Names:
    """The global names that some Python, without magics, gives and uses."""
    found = Names(set(), set(), set())
    _collect(symtable.symtable(source, "notes", "exec"), found, found.used)
    return found


def _collect(table: symtable.SymbolTable, found: Names, used: set[str]) -> None:
    is_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        is_global = is_top or symbol.is_global()
        if is_global and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()):
            found.bound.add(symbol.get_name())
        if is_global and symbol.is_referenced():
            used.add(symbol.get_name())
    for child in table.get_children():
        is_later = child.get_type() == "function" and child.get_name() not in _AT_ONCE
        _collect(child, found, found.used_later if is_later else used)


_AT_ONCE = ("listcomp", "setcomp", "dictcomp", "genexpr")
"""Scopes that are functions to the compiler only."""


def _acts(statement: ast.stmt, given: set[str]) -> bool:
    """Whether a statement does what printed output never does."""
    if isinstance(statement, ast.AnnAssign):
        return statement.value is not None  # `label: tensor([5.2])` is what print wrote
    if not isinstance(statement, ast.Expr):
        return True
    value = statement.value
    if isinstance(value, ast.Call):
        return not _is_representation(value)
    return _looks_at(value, given)


def _looks_at(node: ast.AST, given: set[str]) -> bool:
    """Whether an expression has one of the given names in it, outside of what values are printed as."""
    if isinstance(node, ast.Call) and _is_representation(node):
        return False
    if isinstance(node, ast.Name):
        return node.id in given
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch":
        return False  # torch.float32 is how a dtype is printed
    return any(_looks_at(child, given) for child in ast.iter_child_nodes(node))


def _is_representation(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in REPRESENTATIONS
