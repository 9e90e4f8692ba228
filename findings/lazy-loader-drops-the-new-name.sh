#!/usr/bin/env bash
# Tool: lazy-loader 0.6 (`attach_stub`, as scikit-image and others use it) beside mypy 2.3.1
# Expected: `from .prices import total as price_total` in a stub, with `price_total` in its `__all__`, gives the
#   package that name, as the same lines do in a module, and as type checkers read the stub.
# Instead: the name after `as` and `__all__` are passed over: the package has `total`, and no `price_total`;
#   mypy finds nothing wrong with the program that fails.
# Right value: the import statement of Python's reference: the module is bound to the name that follows `as`.
# Seen:
#   names ['total'] total() 7 price_total: No shop attribute price_total
#   mypy: Success: no issues found in 1 source file
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile lazy-loader==0.6 mypy==2.3.1
cd "$folder"
mkdir shop
cat >shop/__init__.py <<'PY'
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
PY
printf 'from .prices import total as price_total\n\n__all__ = ["price_total"]\n' >shop/__init__.pyi
printf 'def total() -> int:\n    return 7\n' >shop/prices.py
cat >ask.py <<'PY'
import shop

try:
    told = str(shop.price_total())
except AttributeError as error:
    told = str(error)
print(told)
PY
cat >names.py <<'PY'
import shop

print("names", shop.__all__, "total()", shop.total())
assert shop.__all__ == ["total"]
PY
"$folder/venv/bin/python" names.py
told=$("$folder/venv/bin/python" ask.py)
echo "price_total: $told"
[[ "$told" == "No shop attribute price_total" ]]
checked=$("$folder/venv/bin/python" -m mypy ask.py)
echo "mypy: $checked"
[[ "$checked" == "Success: no issues found in 1 source file" ]]
