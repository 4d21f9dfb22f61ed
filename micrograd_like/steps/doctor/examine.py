"""A script is run, what is strange is named, and each line that would mend it is tried before it is said."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from . import wholes as wholes  # which fills the table of mistakes
from .entry import ENTRIES, Entry, Proposal
from .examples import unused_parts
from .source import Script, targets
from .trial import run

TRIALS = 60  # runs of changed copies, at most
NO_PROOF_NEEDED = {  # what is never right, and which mistake it is
    "idle": "no backward pass",
    "wiped": "gradients cleared before the step",
    "elsewhere": "parameters of another network",
    "doubled": "backward twice",
    "accumulated": "gradients of the step before",
    "forgetful": "made anew in every step",
    "leak": "validation data in training",
}
TRAINING = ("unchanged", "no parameter", "stale", "growing", "doubled", "accumulated", "kept", "lost", "dead", "late")

SEVERE = {"error", "diverged", "rising", "unchanged", "idle", "wiped", "stale", "growing", "lost", "no parameter"}
BETTER = {
    "tiny": 0.9,
    "saturated": 0.9,
    "twins": 1.05,
    "stuck": 0.3,
    "stopped": 1.0,
}  # of the loss that there was, at most
WARNED = {
    "softmax again": "applies softmax itself",
    "sigmoid again": "applies sigmoid itself",
    "reach": "cannot come near 0",
}

SEEN = {
    "unchanged": "{passes} backward passes, and none of {leaves} parameters changed.",
    "idle": "step() was called {times} times without a backward pass since the step before.",
    "wiped": "{times} steps were made with every gradient 0, after a backward pass.",
    "elsewhere": "{times} steps of an optimizer, none of whose parameters the loss is computed from.",
    "doubled": "backward() was called again on the same loss {times} times, without clearing the gradients.",
    "stale": "{times} backward passes went through up to {nodes} nodes that are older than the parameters they use.",
    "growing": "the graph of the loss grows with every step: {sizes} nodes.",
    "accumulated": "{times} of {of} updates used gradients that still held those of the update before.",
    "forgetful": "{times} optimizers were made for the same parameters, and each made one step.",
    "rising": "the loss went from {first:.4g} to {last:.4g} in {steps} steps.",
    "climbing": "the loss rose in each of {steps} steps, from {first:.4g} to {last:.4g}.",
    "stuck": "after {steps} steps the loss is {last:.4g}, and it began at {first:.4g}.",
    "whole": "what was cut off to train on is never used{names}.",
    "unreached": "the loss reaches no path to {count} of {of} parameters{names}.",
    "no parameter": "{passes} backward passes reached no parameter at all.",
    "lost": "each of {passes} backward passes met parameters that were not there before.",
    "kept": "{count} of {of} parameters have gradients and never changed, while others did.",
    "dead": "{relus} of {of} relus are 0 in {passes} passes, and {count} gradients are always 0.",
    "no pass": "there was no backward pass, and line {line} uses gradients.",
    "late": "{passes} backward passes gave the same loss, and one update came after them all.",
    "reused": "{name} was made as Value(...), then given to a node that was computed; {name}.grad is read after that.",
    "diverged": "the run ended with {message}",
    "fresh": "each of {passes} backward passes met {count} new parameters, made by a call of the network.",
    "flat": "the gradient of {count} parameters{names} was 0 in each of {passes} passes.",
    "twins": "{count} of {of} parameters are twins: the same number, and the same gradient in every pass.",
    "saturated": "{flat} of {of} tanh or sigmoid had a slope below 0.001, and the loss is {last:.4g}.",
    "tiny": "in {steps} steps the loss went from {first:.6g} to {last:.6g}.",
    "bottomless": "the loss fell from {first:.4g} to {last:.4g} in {steps} steps, and falls faster and faster.",
    "unstepped": "an optimizer was made{names}, and its step() was never called.",
    "stopped": "no parameter changed in the last {times} of {of} passes, and the gradients were not 0.",
    "one row": "of the rows of a table only one is ever used{names}.",
    "softmax again": "{message}.",
    "sigmoid again": "{message}.",
    "reach": "{message}.",
    "leak": "all {rows} examples of the validation are among those of the training.",
}


@dataclass(frozen=True)
class Finding:
    """A mistake that was named: where, what was seen, why it is one, the line to write, and whether that was proved."""

    id: str
    line: int
    seen: str
    why: str
    write: str
    proved: bool

    def __str__(self) -> str:
        sure = "Tried: with this line, what was seen is gone." if self.proved else "Not tried: judge for yourself."
        return (
            f"line {self.line}: {self.id}\n  Seen:  {self.seen}\n  Why:   {self.why}\n  Write: {self.write}\n  {sure}"
        )


def read(path: str) -> str:
    """Return the text of a script, or the code of a notebook without what only a notebook knows."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not path.endswith(".ipynb"):
        return text
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return "\n\n".join(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", cell) for cell in cells)


def examine(path: str) -> tuple[list[Finding], str]:
    """Return what is wrong with the script, and a sentence if it could not be run."""
    return watched(path)[:2]


def watched(path: str) -> tuple[list[Finding], str, bool]:
    """Return what is wrong, a sentence if it could not be run, and whether a backward pass was seen."""
    text = read(path)
    try:
        source = Script(text)
    except SyntaxError as error:
        return (
            [Finding("not Python", error.lineno or 0, str(error), "Python cannot read it.", "See the line.", False)],
            "",
            False,
        )
    record = run(text, path, trial=False)
    if record["ended"] in ("died", "timeout", "ModuleNotFoundError", "FileNotFoundError", "EOFError"):
        return [], f"It could not be watched: {record.get('message') or record['ended']}.", False
    findings: list[Finding] = []
    trials = [TRIALS]
    for _ in range(4):
        symptoms = _symptoms(source, record)
        found = _proved(source, record, symptoms, path, trials)
        if not found:
            break
        finding, text, record = found
        findings.append(finding)
        source = Script(text)
    findings += _unproved(source, record)
    return findings, "", bool(record.get("passes"))


def _symptoms(source: Script, record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all that is strange: in what was watched, in how it ended, and in names that were used again."""
    symptoms = dict(record["symptoms"])
    if not source.trains():
        symptoms = {name: seen for name, seen in symptoms.items() if name not in TRAINING}
    if record.get("arithmetic") and record.get("updates"):
        symptoms["diverged"] = {"message": record["message"].split(". ")[0], "line": record["line"]}
    if record["ended"] not in ("end", "enough", "EnoughError") and "diverged" not in symptoms:
        symptoms["error"] = {"message": record["message"], "line": record["line"]}
    if record.get("passes", 0) < 2 and record["ended"] == "end" and (line := _unfed(source)):
        symptoms["no pass"] = {"line": line}
    if source.trains():
        symptoms |= _of_training(source, record, symptoms)
    if reused := _reused(source, record):
        record["reused"] = reused
        symptoms["reused"] = {"name": reused[0], "line": 0}
    return symptoms


def _of_training(source: Script, record: dict[str, Any], before: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is strange where something is meant to learn: in names, in parts of the data, in warnings."""
    symptoms: dict[str, dict[str, Any]] = {}
    names, passes = record.get("names", {}), record.get("passes", 0)
    leaves = names.get("leaves", {})
    unreached = [
        base for _, target, base in source.updates()
        if leaves.get(base) is False and source.of(target).startswith(base)
    ]  # fmt: skip
    if passes > 1 and unreached:
        symptoms["unreached"] = {"count": len(unreached), "of": len(leaves), "names": unreached, "line": 0}
    if unused := sorted({part for part, _ in unused_parts(source).values()}):
        symptoms["whole"] = {"names": unused, "line": 0}
    if tables := names.get("tables"):
        symptoms["one row"] = {"names": tables, "line": 0}
    if (idle := names.get("unstepped")) and record.get("updates"):
        symptoms["unstepped"] = {"names": idle, "line": 0}
    for name, words in WARNED.items():
        for message, line in record.get("warnings", []):
            if words in message:
                symptoms[name] = {"message": message.split(". ")[0], "line": line}
    if (missed := names.get("missed")) and passes > 1 and "unreached" not in before:
        symptoms.setdefault("unreached", missed)
    return symptoms


def _unfed(source: Script) -> int:
    """Return the line of an update in a loop whose gradients nothing computes, or 0."""
    if re.search(r"gradients\(|compile\(|\bfit\(|gradcheck", source.text):
        return 0
    for s in source.all(ast.Assign, ast.AugAssign):
        for target in targets(s):
            if (
                isinstance(target, ast.Attribute)
                and target.attr == "grad"
                and source.of(s.value) not in ("0", "0.0", "None")
            ):
                return 0
    fed = [source.training_loop(call) for call in source.calls("backward")]
    loops = [(s.lineno, source.training_loop(s)) for s, _, _ in source.updates()]
    return next((line for line, loop in loops if loop is not None and loop not in fed), 0)


def _reused(source: Script, record: dict[str, Any]) -> list[str]:
    found = []
    for s in source.tree.body:
        if isinstance(s, ast.Assign) and isinstance(s.value, ast.Call) and source.of(s.value.func).endswith("Value"):
            name = source.of(targets(s)[0])
            reads = [n for n in source.all(ast.Attribute) if n.attr == "grad" and source.of(n.value) == name
                     and isinstance(n.ctx, ast.Load)]  # fmt: skip
            again = [t for t in source.assigned(name) if t.lineno > s.lineno and source.parent[t] is source.tree]
            own = [t for t in again if isinstance(t, ast.AugAssign) or name in _names_of(t)]
            fresh = any(isinstance(t, ast.Assign) and name not in _names_of(t) for t in again)
            update = any(".grad" in source.of(t) for t in again)
            passes = [c.lineno for c in source.calls("backward")]
            late = [r for r in reads if own and any(own[0].lineno < line < r.lineno for line in passes)]
            if own and late and not fresh and not update and name in record.get("names", {}).get("inner", ()):
                found.append(name)
    return found


def _names_of(statement: Any) -> set[str]:
    return {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}


def _proved(
    source: Script, record: dict[str, Any], symptoms: dict[str, Any], path: str, trials: list[int]
) -> tuple[Finding, str, dict[str, Any]] | None:
    """Return the first mistake whose line takes away what was seen, the script with it, and what that did."""
    tried: set[str] = set()
    for entry in sorted(ENTRIES.values(), key=lambda entry: entry.id == "dead relus"):  # often a consequence
        shown = [name for name in entry.symptoms if name in symptoms]
        if not shown and not entry.static:
            continue
        record.setdefault("names", {"models": {}, "optimizers": [], "inner": []})
        for line, write, text in _proposals(entry, source, record):
            if text in tried or text == source.text or trials[0] <= 0:
                continue
            tried.add(text)
            try:
                changed = Script(text)
            except SyntaxError:
                continue
            trials[0] -= 1
            after = run(text, path, trial=True)
            if _cured(entry, shown, symptoms, _symptoms(changed, after), record, after):
                seen = said(shown[0], symptoms[shown[0]]) if shown else f"it says {source.lines[line - 1].strip()}"
                return Finding(entry.id, line, seen, entry.idea, write, True), text, after
    return None


def _proposals(entry: Entry, source: Script, record: dict[str, Any]) -> Iterator[Proposal]:
    """Yield what an entry proposes, as long as it can: a script may be written in a way that nobody thought of."""
    with suppress(LookupError, AttributeError, RuntimeError, TypeError, ValueError):
        yield from entry.propose(source, record)


def _cured(
    entry: Entry,
    shown: list[str],
    before: dict[str, Any],
    after: dict[str, Any],
    was: dict[str, Any],
    now: dict[str, Any],
) -> bool:
    if "error" in after or "diverged" in after or now["ended"] in ("died", "timeout"):
        return False
    if set(shown) & set(after) or (set(after) - set(before)) & SEVERE:
        return False
    if not set(shown).isdisjoint(BETTER):
        losses, share = now.get("losses") or [], min([BETTER.get(name, 1.0) for name in shown])
        return bool(losses) and losses[1] < share * (losses[0] if "stuck" in shown else was["losses"][1])
    if shown and set(shown) & {"rising", "climbing", "diverged"}:
        return bool(now.get("losses")) and now["losses"][1] < now["losses"][0]
    if set(shown) & {"unchanged", "idle", "wiped", "elsewhere", "late", "no pass"}:
        return bool(now.get("updates"))
    return now.get("size", 0) > was.get("size", 0) if entry.id == "only the last example" else True


def said(what: str, numbers: dict[str, Any]) -> str:
    """Return what was seen in a sentence, with its numbers."""
    numbers = {"message": "", **numbers}
    if "names" in numbers:
        numbers["names"] = f" ({', '.join(numbers['names'])})" if numbers["names"] else ""
    if "sizes" in numbers:
        numbers["sizes"] = ", ".join(map(str, numbers["sizes"]))
    return SEEN.get(what, "the run ended with an error: {message}").format(**numbers)


OF_PYTHON = [  # Python's own errors, which no Value is asked about
    ("'method' object is not", "A method without () is only looked up, and not called.", "model.parameters()"),
    ("no attribute 'backward'", "It was made from plain numbers: there is no graph.", "Start from a = Value(3.0)."),
]


def _unproved(source: Script, record: dict[str, Any]) -> list[Finding]:
    """Return what needs no proof: errors, warnings, and what cannot be right."""
    found, symptoms = [], _symptoms(source, record)
    if "error" in symptoms or "diverged" in symptoms:
        message = record["message"]
        why, write = "Python stopped there.", "See what the error says."
        if ". " in message:
            message, write = message.split(". ", 1)
        for words, reason, line in OF_PYTHON:
            if words in message:
                why, write = reason, line
        found.append(Finding("error", record["line"], f"{record['ended']}: {message}", why, write, False))
    for message, line in dict(record.get("warnings", [])).items():
        seen, _, write = message.rpartition(". ") if ". " in message else (message, "", "")
        found.append(Finding("warning", line, seen, "It is certainly not what was meant.", write or message, False))
    for name, id in NO_PROOF_NEEDED.items():
        if name in symptoms:
            entry = ENTRIES[id]
            seen = said(name, symptoms[name])
            found.append(Finding(entry.id, symptoms[name]["line"], seen, entry.idea, entry.remedy, False))
    return found


def main(path: str) -> int:
    """Examine a script or notebook and print what is wrong; return 1 if something is, 0 if not, 2 if unknown."""
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        print(f"There is no file {path}. Write the path of a Python script or a notebook.")
        return 2
    findings, trouble, passes = watched(path)
    for finding in findings:
        print(f"{os.path.basename(path)}, {finding}\n")
    if trouble:
        print(trouble)
        return 2
    if not findings:
        unseen = "No backward pass of a Value was seen, so there was nothing to judge."
        print("Nothing to say: no mistake was seen." if passes else unseen)
    return 1 if findings else 0
