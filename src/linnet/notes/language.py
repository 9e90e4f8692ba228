"""Recognises Python in code blocks, marked rightly, carelessly or not at all, and finds the names it uses."""

from __future__ import annotations

import ast
import builtins
import difflib
import doctest
import re
import symtable
import warnings
from dataclasses import dataclass

PYTHON = frozenset(
    """
    python py python2 python3 py3 ipython ipython3 pycon pyodide code-cell jupyter pytorch torch
    """.split()  # noqa: SIM905
)

OTHERS = frozenset(
    """
    arduino asm assembly awk bash bat batch bib bibtex c c++ cfg clojure cmake cmd conf console cpp cs csharp
    css csv cuda cython dart diff docker dockerfile dot elixir elm erlang f90 fortran fsharp gherkin git
    gitignore glsl go graphql graphviz groovy haskell hs html http ini java javascript jinja js json jython
    json5 jsonc jsx julia kotlin latex less lisp log lua make makefile markdown math matlab md mermaid mysql
    nginx nim numpy objc objective-c ocaml octave out output pascal perl php plain plaintext plantuml postgres
    powershell prolog properties proto ps1 psql puml pyrex python-traceback pythontex pytb pyx r raw rb regex
    rest result rst ruby rust sass scala scheme scss sh shell shell-session sql sqlite stata stdout svg swift
    tcl terminal tex text toml traceback ts tsv tsx txt typescript vb verilog vhdl vim vue xml yaml yml zsh
    """.split()  # noqa: SIM905
)
"""Tags of other languages, which are not Python however few letters they are away."""

ALIKE = 0.66
"""A tag that is so much like "python" is a slip of the fingers: a letter or two off (difflib's ratio)."""

SLIP_LENGTHS = range(4, 10)
"""Letters that such a tag has: two fewer than "python" to two more than "python3"."""

REPRESENTATIONS = frozenset(
    """
    tensor array ndarray Tensor Parameter Size Sequential Linear Flatten ReLU Dropout OrderedDict DataFrame
    Series Index RangeIndex dtype device defaultdict Counter deque matrix Timestamp set frozenset dict list
    tuple range slice namedtuple mappingproxy Figure Axes AxesSubplot Text Line2D
    """.split()  # noqa: SIM905
)
"""Calls that printed values look like."""


def find_tag(info: str) -> str:
    """The language that a fence names, in lower case; "" when it names none."""
    text = info.strip().lower()
    if text.startswith(("#", "=")):
        return ""
    if text.startswith("{") and (match := re.search(r"\.([^\s{}.=]+)", text)):
        return match[1]  # {.python .input}, {#listing .python}
    words = re.findall(r"[^\s{}:=,.\[\]()]+", text)
    return words[0] if words else ""


def is_python(word: str) -> bool:
    """Whether a tag means Python, if need be by way of a slip or two."""
    if word in PYTHON:
        return True
    if word in OTHERS or len(word) not in SLIP_LENGTHS:
        return False
    return bool(difflib.get_close_matches(word, ("python", "python3"), cutoff=ALIKE))


def strip_magics(source: str) -> str | None:
    """Notebook code as plain Python, its magics and shell escapes left out; None when it is no Python."""
    lines = source.split("\n")
    if match := re.match(r"\s*%%(\w+)", lines[0]):
        if match[1] not in ("time", "timeit", "capture", "prun"):
            return ""
        lines = lines[1:]
    kept = [re.sub(r"^(\s*)([!%?].*|[\w.]+\?{1,2})$", r"\1pass", line) for line in lines]
    kept = [re.sub(r"^(\s*[\w, ]+=\s*)[!%].*$", r"\1None", line) for line in kept]
    # As it stands first: a line that goes on with % is no magic.
    return next((text for text in ("\n".join(lines), "\n".join(kept)) if _compiles(text)), None)


def _compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about escapes in strings, which the kernel gives where it belongs
        try:
            compile(text, "notes", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def strip_prompts(source: str) -> str | None:
    """The code of an interpreter's or IPython's session; None when the source does not begin with a prompt.

    Prompts are taken off, and lines of output are left empty, so that lines keep their numbers.
    """
    start = source.lstrip("\n")
    if re.match(r"\s*>>>", start):
        return _session(source)
    if re.match(r"\s*In ?\[\d*\]:", start):
        return _ipython_session(source)
    return None


def _session(source: str) -> str | None:
    # A prompt without a space after it is common in notes, and an error to doctest.
    spaced = re.sub(r"^(\s*(?:>>>|\.\.\.))(?=[^\s.>])", r"\1 ", source, flags=re.MULTILINE)
    try:
        examples = doctest.DocTestParser().get_examples(spaced)
    except ValueError:
        return None
    lines = [""] * len(source.split("\n"))
    for example in examples:
        code = example.source.rstrip("\n").split("\n")
        lines[example.lineno : example.lineno + len(code)] = code
    return "\n".join(lines).rstrip("\n")


def _ipython_session(source: str) -> str:
    lines: list[str] = []
    is_code = False
    for line in source.split("\n"):
        more = r"|\.{3,}" if is_code else ""  # dots go on with code, and are output elsewhere
        match = re.match(rf"\s*(?:In ?\[\d*\]{more}): ?(.*)", line)
        is_code = match is not None
        lines.append(match[1] if match else "")
    return "\n".join(lines).rstrip("\n")


def looks_like_python(source: str, given: set[str], supplied: set[str]) -> bool:
    """Whether a block that says nothing of its language is meant to be run.

    It must parse; do something that printed output does not, as an assignment, an import, a call or a look at
    the notes' own variables do; and use no name that nobody gives.

    Args:
        source: the block.
        given: names that the notes have given before it.
        supplied: names that are supplied when they are missing.
    """
    text = strip_magics(source)
    if text is None or not text.strip():
        return False
    statements = [s for s in ast.parse(text).body if not isinstance(s, ast.Pass)]
    if not any(_acts(statement, given) for statement in statements):
        return False
    found = find_names(text)
    return (found.used | found.used_later) - found.bound <= given | supplied | set(dir(builtins))


def count_code_lines(source: str, given: set[str]) -> int:
    """The lines of a cell that are code, where somebody has pasted what it printed below it; else all.

    What is printed begins at the margin with `tensor(` or `array(`, which nobody has defined, and what stands
    above it is whole.
    """
    lines = source.split("\n")
    for number, line in enumerate(lines[1:], 1):
        match = re.match(r"[\[(]*(tensor|array)\(", line)
        if match and match[1] not in given and (above := strip_magics("\n".join(lines[:number]))) is not None:
            return number if match[1] not in find_names(above).bound else len(lines)
    return len(lines)


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


def find_names(source: str) -> Names:
    """The global names that some Python, without magics, gives and uses."""
    found = Names(set(), set(), set())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
        _collect(symtable.symtable(source, "notes", "exec"), found, found.used)
    found.bound.difference_update(_only_in_comprehensions(tree))
    return found


def _only_in_comprehensions(tree: ast.AST) -> set[str]:
    """Variables of comprehensions and of nothing else, which Python 3.12 counts as the module's."""
    targets = {
        node
        for comprehension in ast.walk(tree)
        if isinstance(comprehension, ast.comprehension)
        for node in ast.walk(comprehension.target)
        if isinstance(node, ast.Name)
    }
    nodes = [node for node in ast.walk(tree) if node not in targets]
    stored = [node for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    defined = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    imported = [node for node in nodes if isinstance(node, ast.alias)]
    return {node.id for node in targets}.difference(
        (node.id for node in stored),
        (node.name for node in defined),
        ((node.asname or node.name).partition(".")[0] for node in imported),
    )


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
