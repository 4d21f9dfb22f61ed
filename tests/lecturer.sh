#!/usr/bin/env bash
# A lecturer's ten minutes, as a test: from nothing to an assignment for each student, questions for an LMS that validate,
# marked answers, and the page of the class. `bash tests/lecturer.sh 400` plays it with 400 students; without a number, 6.
set -euo pipefail
students=${1:-6}
here=$(cd "$(dirname "$0")/.." && pwd)
python=$(command -v python3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}"
cd "$work"
mgl() { echo "\$ micrograd-like $*" && "$python" -m micrograd_like "$@"; }

begun=$SECONDS
{ echo name; for i in $(seq "$students"); do echo "student $i"; done; } > roster.csv
mgl assignment new ps1 --students roster.csv --concepts chain,fan-out --code | tee new.txt
grep -q "$((2 * students)) of $((2 * students)) exercises differ; all ask for as much work: yes" new.txt

"$python" - "$here" <<'PYTHON'
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from benchmarks import classroom
from micrograd_like.classroom.assignment import Assignment

classroom.EVERY = 10 if len(Assignment.load("ps1").students) >= 40 else 3
kinds = classroom.hand_in(Path("submissions"), Assignment.load("ps1"))
print(f"{len(kinds)} students hand in, {sum(kind in classroom.HOSTILE_CODE for kind in kinds.values())} of them hostile code")
PYTHON

mgl assignment mark ps1 submissions | tail -n 3
[ "$(wc -l < ps1/marks/marks.csv)" = $((students + 1)) ]
mgl class ps1/marks/answers --out class.html
grep -q "What to say on Monday" class.html

mgl lms moodle --concepts fan-out --count 1 --out questions.xml
mgl lms qti2 --concepts fan-out --count 1 --out questions.zip
"$python" - <<'PYTHON'
import zipfile
from xml.etree import ElementTree as ET

assert ET.parse("questions.xml").getroot().tag == "quiz"
with zipfile.ZipFile("questions.zip") as archive:
    for name in archive.namelist():
        ET.fromstring(archive.read(name))
PYTHON
(cd "$here" && "$python" -m pytest -q -p no:cacheprovider --engine Python tests/test_lms.py -k qti_is_valid | tail -n 1)  # its schemas

mgl worksheet --students roster.csv --concepts fan-out --out paper | tail -n 2
code=$("$python" -c 'import re; print(re.search(r"class=.code.>([^<]*)<", open("paper/sheets.html").read())[1])')
mgl key "$code" | head -n 3
printf 'code,student,L,a\n%s,Ada,1,0.123\n' "$code" > typed.csv
mgl mark typed.csv

echo "a lecturer's ten minutes with $students students: $((SECONDS - begun)) s"
[ $((SECONDS - begun)) -lt 600 ] || [ "$students" -lt 400 ] || { echo "that is more than ten minutes"; exit 1; }
