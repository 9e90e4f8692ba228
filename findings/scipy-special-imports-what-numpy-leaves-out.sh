#!/usr/bin/env bash
# Tool: scipy 1.17.1 with numpy 2.4.6, import scipy.special
# Expected: numpy 2 leaves numpy.testing, numpy.f2py and others until someone names them, so that `import numpy`
#   is quick; a library of functions such as scipy.special, which names none of them, leaves them where they are.
# Instead: importing scipy.special brings in numpy.f2py, numpy.testing and the unittest of the standard library. A copy of
#   numpy's namespace is made there with a look at each name of dir(numpy), and a look is what imports a lazy module.
# Right value: the modules that `import numpy` leaves out, read before and after; the same look by hand.
# Seen:
#   after import numpy          -
#   after import scipy.special  numpy.f2py numpy.testing unittest
#   after a look at dir(numpy)  numpy.f2py numpy.testing unittest
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    numpy==2.4.6 scipy==1.17.1
cd "$folder"
seen() {
    env -u SCIPY_ARRAY_API "$folder/venv/bin/python" -c "
import sys
import numpy
$1
print(*[name for name in ('numpy.f2py', 'numpy.testing', 'unittest') if name in sys.modules] or '-')"
}
before=$(seen "")
after=$(seen "import scipy.special")
looked=$(seen "[hasattr(numpy, name) for name in dir(numpy)]")
printf '%-27s %s\n' "after import numpy" "$before" "after import scipy.special" "$after" "after a look at dir(numpy)" "$looked"
[[ "$before" == "-" && "$after" == "numpy.f2py numpy.testing unittest" && "$looked" == "$after" ]]
