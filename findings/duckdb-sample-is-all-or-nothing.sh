#!/usr/bin/env bash
# Tool: DuckDB 2.0.1, USING SAMPLE on a table of 1000 rows
# Expected: 10 % gives about 100 rows, and a sample of 50 rows WHERE i < 100 gives 50 of these.
# Instead: A percentage draws whole blocks of 2048 rows: a table below that comes whole or not
#   at all, mostly not at all. The sample is drawn before WHERE, so 50 rows of 1000 leave about
#   5 with i < 100. TABLESAMPLE over a subquery, and "10% (bernoulli)", do what is meant.
# Right value: counted; the mean of a tenth of 1000 is 100, of 50 rows of which a tenth pass is
#   5.
# Seen:
#   10%, by seed  [0, 0, 0, 1000, 1000, 0, 0, 0, 0, 0, 0, 0]  all counts met without one [0, 1000]
#   10% bernoulli [99, 112, 102, 88, 103, 100]
#   where i < 100 using sample 50 rows [4, 5, 6, 4, 3, 6, 4, 6]
#   the same over a subquery           50
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    duckdb==2.0.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import duckdb

duckdb.sql("create table t as select range i from range(1000)")
count = lambda query: duckdb.sql(f"select count(*) from {query}").fetchall()[0][0]
blocks = [count(f"t using sample 10% (system, {seed})") for seed in range(1, 13)]
plain = sorted({count("t using sample 10%") for _ in range(60)})
single = [count(f"t using sample 10% (bernoulli, {seed})") for seed in range(1, 7)]
before = [count(f"t where i < 100 using sample reservoir(50 rows) repeatable ({seed})") for seed in range(1, 9)]
print("10%, by seed ", blocks, " all counts met without one", plain)
print("10% bernoulli", single)
print("where i < 100 using sample 50 rows", before)
print("the same over a subquery          ", count("(select * from t where i < 100) tablesample reservoir(50 rows)"))
assert set(blocks) <= {0, 1000} and set(plain) <= {0, 1000} and max(before) < 20
PY
