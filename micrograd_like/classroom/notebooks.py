"""The notebooks of an assignment: what students get, the solution, and the sources for otter and nbgrader.

What a student types is read from the notebook as text, never run: see `submissions`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

PAPERS = "papers.json"
HOW = """# {name}

Everyone has other numbers. Write your name as it stands in the list, run the cell, and do the backward pass by hand.
Then type your numbers. A number may be written as `-1.5`, `"-3/2"` or `"2*3 + 1"`, to four significant digits."""
START = """from micrograd_like.exercises.exam import Paper

mine = Paper.find("papers.json", student)
print(mine)"""
ASKED = "## Exercise {i}\n\nType your answers, as in `mine.answer({i}, L=1, a=-3)`."
CODE_ASKED = "## A class `Value`\n\nWrite a class `Value` with `data`, `grad`, `+`, `*` and `backward()`, in one cell."
CODE_START = "class Value:\n    ..."
LAST = "## Hand in\n\nSave this notebook and hand it in."
SECRET = "from micrograd_like.classroom.sealed import points\n\n"


def cell(kind: str, source: str, /, **metadata: Any) -> dict[str, Any]:
    """Return a cell of a notebook."""
    made = {"cell_type": kind, "id": "", "metadata": metadata, "source": source}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def book(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a notebook."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": [x | {"id": f"cell-{i}"} for i, x in enumerate(cells)],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def written(made: Mapping[str, Any]) -> str:
    """Return a notebook as the text of its file."""
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def release(name: str, exercises: int, code: bool) -> dict[str, Any]:
    """Return the notebook that students get."""
    cells = [cell("markdown", HOW.format(name=name)), cell("code", 'student = ""'), cell("code", START)]
    for i in range(1, exercises + 1):
        cells += [cell("markdown", ASKED.format(i=i)), cell("code", f"mine.answer({i}, {{\n}})")]
    if code:
        cells += [cell("markdown", CODE_ASKED), cell("code", CODE_START)]
    return book([*cells, cell("markdown", LAST)])


def solved(name: str, answers: Sequence[Mapping[str, str]], student: str, code: bool) -> dict[str, Any]:
    """Return the notebook as a student hands it in who has these answers."""
    made = release(name, len(answers), code)
    found = iter(answers)
    for x in made["cells"]:
        if x["source"].startswith("student ="):
            x["source"] = f"student = {student!r}"
        if x["source"].startswith("mine.answer("):
            number = x["source"][len("mine.answer(")]
            x["source"] = f"mine.answer({number}, {dict(next(found))!r})"
        if x["source"] == CODE_START:
            x["source"] = VALUE
    return made


def otter(name: str, points: Sequence[int], code_points: int) -> dict[str, Any]:
    """Return the master notebook for `otter assign`: each point of an exercise is a hidden test."""

    def raw(text: str) -> dict[str, Any]:
        return cell("raw", text)

    config = (
        "# ASSIGNMENT CONFIG\nsolutions_pdf: false\nexport_cell: false\ngenerate: true\nrun_tests: false\n"
        f"files:\n  - {PAPERS}\nautograder_files:\n  - assignment.json"
    )
    cells = [raw(config), cell("markdown", HOW.format(name=name)), cell("code", 'student = ""'), cell("code", START)]
    for i, most in enumerate(points, 1):
        cells += [
            raw(f"# BEGIN QUESTION\nname: exercise{i}\npoints: {most}"), cell("markdown", ASKED.format(i=i)),
            raw("# BEGIN SOLUTION"), cell("code", f"mine.answer({i}, {{}})  # SOLUTION"), raw("# END SOLUTION"),
            raw("# BEGIN TESTS"),
            *[cell("code", f"# HIDDEN\n{SECRET}assert points(mine, {i}) >= {k}") for k in range(1, most + 1)],
            raw("# END TESTS"), raw("# END QUESTION"),
        ]  # fmt: skip
    if code_points:
        cells += [cell("markdown", CODE_ASKED), cell("code", CODE_START)]
    return book(cells)


def nbgrader(name: str, points: Sequence[int], code_points: int) -> dict[str, Any]:
    """Return the source notebook for nbgrader, which gives a share of the points where a share is right."""

    def kept(kind: str, source: str, grade_id: str, **fields: Any) -> dict[str, Any]:
        known = {"grade": False, "solution": False, "locked": False, "task": False} | fields
        return cell(kind, source, nbgrader={"grade_id": grade_id, "schema_version": 3, **known})

    hidden = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"
    name_cell = '### BEGIN SOLUTION\nstudent = ""\n### END SOLUTION'
    cells = [cell("markdown", HOW.format(name=name)), kept("code", name_cell, "student", solution=True)]
    cells += [cell("code", START)]
    for i, most in enumerate(points, 1):
        solution = f"### BEGIN SOLUTION\nmine.answer({i}, {{}})\n### END SOLUTION"
        test = hidden.format(f"{SECRET}points(mine, {i})")
        cells += [
            cell("markdown", ASKED.format(i=i)), kept("code", solution, f"answers-{i}", solution=True),
            kept("code", test, f"points-{i}", grade=True, locked=True, points=most),
        ]  # fmt: skip
    if code_points:
        cells += [cell("markdown", CODE_ASKED), cell("code", CODE_START)]
    return book(cells)


VALUE = """class Value:
    def __init__(self, data, inputs=(), local_grads=()):
        self.data = data
        self.grad = 0.0
        self.inputs = inputs
        self.local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            node, done = waiting.pop()
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                waiting.append((node, True))
                waiting += [(x, False) for x in node.inputs]
        for node in order:
            if node.inputs:
                node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            for x, local_grad in zip(node.inputs, node.local_grads):
                x.grad += local_grad * node.grad
"""
