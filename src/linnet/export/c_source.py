"""Parts of C sources, safe whatever people call things: literals, names, comments; the compiler."""

from __future__ import annotations

import os
import re
import shutil
import string as letters
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from linnet.export.formats import NotCheckedError, run_program

_PLAIN = frozenset((letters.ascii_letters + letters.digits + " .,:;+-*/()_=<>#&!'|~^@[]{}%$").encode())
"""Bytes that a C string holds as they are: no quote, no backslash, no ? of a trigraph."""

LONGEST = 4000
"""Bytes up to which a text is a string literal: C99 promises no longer ones than 4095."""

LENGTH = 48
"""Signs of a name; C99 tells 63 of them apart."""

_WORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
alignas alignof and and_eq asm bitand bitor bool catch class co_await co_return co_yield compl complex concept
const_cast consteval constexpr constinit decltype delete dynamic_cast explicit export false friend imaginary
mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public reinterpret_cast
requires static_assert static_cast template this thread_local throw true try typeid typename typeof using
virtual wchar_t xor xor_eq
cdecl far huge interface near pascal
EOF I INFINITY NAN NULL assert errno exp fabs floor fpclassify isfinite isgreater isinf isless isnan isnormal
isunordered log max min offsetof signbit small stderr stdin stdout
arm i386 linux mips sparc sun unix vax
"""
_TAKEN = frozenset(_WORDS.split())
"""Words of C and C++, and macros of their headers and compilers."""


def numbers(row: Iterable[np.floating], width: int = 8) -> str:
    """Literals as lines."""
    texts = [number(value) for value in row]
    lines = [", ".join(texts[low : low + width]) for low in range(0, len(texts), width)]
    return ",\n".join(f"        {line}" for line in lines)


def number(value: np.floating) -> str:
    """A literal that is read back as the same number."""
    suffix = "f" if value.itemsize == 4 else ""
    return np.format_float_scientific(value, trim="0") + suffix


def string(text: str) -> str:
    """A C string of the text in UTF-8; what is not plain becomes an octal escape, which ends by itself."""
    content = text.encode()
    if len(content) > LONGEST:
        return f"(const char[]){{{', '.join(f'(char){byte}' for byte in content)}, 0}}"
    plain = "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in content)
    return f'"{plain}"'


def commented(text: str) -> str:
    """A text of ASCII that neither ends a comment nor begins one in it."""
    return text.replace("*/", "*\\057").replace("/*", "/\\052")


def identifiers(names: Sequence[str]) -> list[str]:
    """A name in C for each name: letters, digits and underlines, none twice, none a word of C or C++."""
    found: list[str] = []
    for place, name in enumerate(names):
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:LENGTH].strip("_") or f"column_{place + 1}"
        plain = f"x{plain}" if plain[0].isdigit() else plain
        plain = f"{plain}_" if plain in _TAKEN else plain
        wanted, more = plain, 2
        while plain in found:
            plain, more = f"{wanted}_{more}", more + 1
        found.append(plain)
    return found


def compile_and_run(folder: Path, sources: Sequence[str]) -> str:
    """Compile sources of a folder and run the program on its file "rows", from which it makes "answers".

    Returns:
        The name of the compiler.

    Raises:
        NotCheckedError: there is no C compiler.
        ExportError: it does not compile, or does not run.
    """
    compiler = next(filter(None, map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))), None)
    if compiler is None:
        raise NotCheckedError("no C compiler (cc, gcc, clang) was found on the PATH")
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic-errors", "-O1"]
    program = folder / "program"
    run_program(
        [compiler, *flags, *(folder / one for one in sources), "-o", program, "-lm"], "the C compiler"
    )
    run_program([program, folder / "rows", folder / "answers"], "the compiled program")
    return Path(compiler).name
