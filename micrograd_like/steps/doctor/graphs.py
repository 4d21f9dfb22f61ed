"""Mistakes in what is computed: graphs that are cut, stale or empty, and parameters that are missed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import rates as rates  # whose mistakes are looked for first
from .entry import Proposal, Watched, in_line, mistake
from .source import Script, names, parts, targets


@mistake(
    "cut out of the graph",
    ".data is a number that knows nothing of how it was made: what lies before it gets no gradient.",
    "Compute with the Value itself, without .data.",
    "unchanged", "unreached", "no parameter", "kept", "elsewhere", "error",
)  # fmt: skip
def cut(source: Script, record: Watched) -> Iterator[Proposal]:
    for call in source.calls("Value"):
        if call.args and (reads := [n for n in parts(call.args[0]) if _reads_data(n)]):
            inner = source.of(call.args[0])
            for read in reads:
                inner = inner.replace(source.of(read), source.of(read.value))
            yield call.lineno, in_line(source, call, inner), source.replaced(call, inner)
    for read in source.all(ast.Attribute):
        s = source.statement(read)
        told = re.search(r"print|append|format|plot|write|accuracy", source.of(s).split("\n")[0])
        computes = isinstance(s, ast.Assign | ast.AugAssign | ast.Return | ast.Expr)
        if computes and _reads_data(read) and not told and ".grad" not in source.of(s).split("\n")[0]:
            value = source.of(read.value)
            yield read.lineno, in_line(source, read, value), source.replaced(read, value)
    yield from _cut_twice(source)


def _cut_twice(source: Script) -> Iterator[Proposal]:
    """Propose to leave .data out where a later Value(...) makes a graph of its own again."""
    for wrap in [c for c in source.calls("Value") if len(c.args) == 1 and isinstance(c.args[0], ast.Name)]:
        first = [r for r in source.all(ast.Attribute) if _reads_data(r) and r.lineno < wrap.lineno]
        for read in first:
            if source.training_loop(read) is source.training_loop(wrap) and source.training_loop(wrap) is not None:
                text = Script(source.replaced(wrap, source.of(wrap.args[0])))
                line = in_line(source, read, source.of(read.value))
                yield (
                    read.lineno,
                    f"{line}, and {source.of(wrap.args[0])} for {source.of(wrap)}",
                    (text.replaced(read, source.of(read.value))),
                )


def _reads_data(node: Any) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "data" and isinstance(node.ctx, ast.Load)


@mistake(
    "name used again",
    "The name was given to a new node, so .grad is the new node's gradient, not that of the first Value.",
    "Give what is computed a name of its own.",
    "reused",
)
def used_again(source: Script, record: Watched) -> Iterator[Proposal]:
    for name in record.get("reused", ()):
        again = [s for s in source.assigned(name) if isinstance(s, ast.AugAssign) or name in names(s.value)]  # type: ignore[attr-defined]
        other, text = f"{name}_new", source.text
        if not again or source.above(again[0], ast.For, ast.While, ast.FunctionDef):
            continue
        first, lines = again[0], text.split("\n")
        if isinstance(first, ast.AugAssign):
            op = source.of(first).split("=")[0].replace(name, "", 1).strip()
            line = f"{other} = {name} {op} {source.of(first.value)}"
        else:
            line = source.of(first).replace(name, other, 1)
        text = source.replaced(first, line)
        lines = text.split("\n")
        for i in range(first.end_lineno or first.lineno, len(lines)):
            lines[i] = re.sub(rf"(?<![\w.]){name}(?!\w|\.grad|\s*=[^=])", other, lines[i])
        yield first.lineno, line, "\n".join(lines)


@mistake(
    "part of a network unused",
    "The network has parameters that its output is not computed from, so the loss never reaches them.",
    "Use it where the output is computed, or take it out.",
    "unreached",
)
def unused(source: Script, record: Watched) -> Iterator[Proposal]:
    for kind in source.all(ast.ClassDef):
        methods = {f.name: f for f in kind.body if isinstance(f, ast.FunctionDef)}
        init, call = methods.get("__init__"), methods.get("__call__") or methods.get("forward")
        if not init or not call:
            continue
        made = {n.attr for n in parts(init) if _of_self(n, ast.Store)}
        used = {n.attr for f in methods.values() if f.name not in ("__init__", "parameters", "__repr__")
                for n in parts(f) if _of_self(n, ast.Load)}  # fmt: skip
        for some in [n for n in parts(call) if isinstance(n, ast.Tuple | ast.List)]:  # (self.layers[0], self.layers[2])
            of = {source.of(x.value) if isinstance(x, ast.Subscript) else "" for x in some.elts}
            if len(of) == 1 and "" not in of:
                whole = min(of)
                yield some.lineno, in_line(source, some, whole), source.replaced(some, whole)
        yield from _idle_results(source, call)
        for attribute in sorted(made - used):
            yield from _places_for(source, attribute, init, call)


def _idle_results(source: Script, call: Any) -> Iterator[Proposal]:
    """Propose to go on with what a call of the network computes and never reads."""
    read = {n.id for n in parts(call) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for s in call.body:
        if isinstance(s, ast.Assign) and isinstance(targets(s)[0], ast.Name) and source.of(targets(s)[0]) not in read:
            for n in [n for n in parts(call) if isinstance(n, ast.Name) and n.lineno > s.lineno and n.id in names(s)]:
                name = source.of(targets(s)[0])
                yield n.lineno, in_line(source, n, name), source.replaced(n, name)


def _places_for(source: Script, attribute: str, init: Any, call: Any) -> Iterator[Proposal]:
    """Propose to use an attribute somewhere in the call; in the end, to take it out."""
    returned = [n for n in parts(call) if isinstance(n, ast.Return) and n.value is not None]
    for made in [n for n in parts(call) if isinstance(n, ast.ListComp | ast.GeneratorExp)]:  # a list beside a list
        each = made.generators[0]
        if source.of(each.iter).startswith("self.") and isinstance(each.target, ast.Name):
            inner = made.elt
            if isinstance(inner, ast.Call) and not inner.args and isinstance(inner.func, ast.Attribute):
                inner = inner.func.value
            text = Script(source.replaced(each.iter, f"zip({source.of(each.iter)}, self.{attribute})"))
            text = Script(text.replaced(each.target, f"{each.target.id}, also"))
            form = f"({source.of(inner)}) + also"
            form = form if inner is made.elt else f"({form})"
            yield (
                inner.lineno,
                f"{form} for {each.target.id}, also in zip({source.of(each.iter)}, self.{attribute})",
                text.replaced(inner, form),
            )
    for step in [n for n in parts(call) if isinstance(n, ast.Call) and _of_self(n.func, ast.Load)]:
        for x in step.args:
            used = f"self.{attribute}({source.of(x)})"
            yield x.lineno, in_line(source, x, used), source.replaced(x, used)
    for back in reversed(returned):
        value = source.of(back.value)
        for form in f"self.{attribute}({value})", f"({value}) + self.{attribute}":
            yield back.lineno, f"return {form}", source.replaced(back.value, form)
    for s in source.all(ast.Assign):
        if source.above(s, ast.FunctionDef) is call:
            for form in f"self.{attribute}({source.of(s.value)})", f"({source.of(s.value)}) + self.{attribute}":
                yield s.lineno, f"{source.of(targets(s)[0])} = {form}", source.replaced(s.value, form)
    for s in init.body:
        if isinstance(s, ast.Assign) and source.of(targets(s)[0]) == f"self.{attribute}":
            yield s.lineno, f"nothing: take {source.of(s)} out", source.removed(s)


@mistake(
    "parameter unused",
    "The loss is not computed from a parameter that is to be trained, so it never changes.",
    "Use it where the output is computed, or take it out of the list.",
    "unreached",
)
def unused_name(source: Script, record: Watched) -> Iterator[Proposal]:
    leaves = record.get("names", {}).get("leaves", {})
    for name in [name for name, reached in leaves.items() if reached is False]:
        for product in source.all(ast.BinOp):
            inner = f"({source.of(product)} + {name})"
            multiplies = isinstance(product.op, ast.Mult)
            if multiplies and names(product) & {x for x, reached in leaves.items() if reached} and ".grad" not in inner:
                yield product.lineno, in_line(source, product, inner), source.replaced(product, inner)


def _of_self(node: Any, context: type) -> bool:
    return (
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        and isinstance(node.ctx, context)
    )  # fmt: skip


@mistake(
    "parameters left out",
    "The list of parameters lacks some that the loss depends on, so they are never updated.",
    "Let parameters() return all of them.",
    "kept",
)
def left_out(source: Script, record: Watched) -> Iterator[Proposal]:
    for kind in source.all(ast.ClassDef):
        methods = {f.name: f for f in kind.body if isinstance(f, ast.FunctionDef)}
        if "parameters" not in methods or "__init__" not in methods:
            continue
        made = {n.attr for n in parts(methods["__init__"]) if _of_self(n, ast.Store)}
        listed = {n.attr for n in parts(methods["parameters"]) if _of_self(n, ast.Load)}
        for back in [n for n in parts(methods["parameters"]) if isinstance(n, ast.Return) and n.value]:
            value = source.of(back.value)
            for attribute in sorted(made - listed):
                for form in (
                    f"[self.{attribute}]", f"self.{attribute}", f"self.{attribute}.parameters()",
                    f"[p for part in self.{attribute} for p in part.parameters()]",
                ):  # fmt: skip
                    yield back.lineno, f"return {value} + {form}", source.replaced(back.value, f"{value} + {form}")
            if (whole := re.sub(r"\.layers\[0\]", "", value)) != value:
                yield back.lineno, f"return {whole}", source.replaced(back.value, whole)
            for last in ":-1]", "1:]", ":1]":
                if last in value:
                    whole = re.sub(r"\[(:-1|1:|:1)\]", "", value)
                    yield back.lineno, f"return {whole}", source.replaced(back.value, whole)


@mistake(
    "loss of an earlier step",
    "The graph was recorded before the parameters changed, so its gradients belong to parameters that are gone.",
    "Compute outputs and loss anew in every step of the loop.",
    "stale", "growing",
)  # fmt: skip
def earlier_loss(source: Script, record: Watched) -> Iterator[Proposal]:
    models = set(record["names"]["models"])
    for call in source.calls("backward"):
        loop = source.training_loop(call)
        if loop is None or not isinstance(call.func, ast.Attribute):
            continue
        block = source.block(loop)
        before = block[: block.index(loop)]
        wanted, chain = names(call.func.value), list[Any]()
        read = {n for s in loop.body if isinstance(s, ast.Assign) for n in names(s.value)}
        given: list[Any] = [s for s in before if isinstance(s, ast.Assign)]
        early = [s for s in given if names(targets(s)[0]) & read and names(s.value) & models]
        for s in reversed(before):
            if isinstance(s, ast.Assign) and any(names(t) & wanted for t in targets(s)):
                wanted |= names(s.value) - models
                if not re.match(r"[A-Z]", source.of(s.value)) or re.fullmatch(r"Value\(0(\.0)?\)", source.of(s.value)):
                    chain.insert(0, s)
        starts = [s for s in chain if names(targets(s)[0]) & names(call.func.value)]
        for part in starts, early, chain:
            if part:
                line = f"{source.of(part[-1])} inside the loop"
                yield part[-1].lineno, line, source.moved(part, loop.body[0])
        yield from _carried_over(source, loop, before)


def _carried_over(source: Script, loop: Any, before: list[ast.stmt]) -> Iterator[Proposal]:
    """Propose to begin anew, in each step, what the loop adds to or goes on with from step to step."""
    for s in before:  # what goes on from step to step, as the state of a network for sequences
        name = source.of(targets(s)[0]) if isinstance(s, ast.Assign) else ""
        again = [t for t in parts(loop) if isinstance(t, ast.Assign) and source.of(targets(t)[0]) == name]
        if name and any(name in names(t.value) for t in again):
            yield s.lineno, f"{source.of(s)} inside the loop", source.moved([s], loop.body[0])
    for s in before:  # what the loop adds to, from step to step
        grows = isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant | ast.Call | ast.List)
        adds = [t for t in parts(loop) if isinstance(t, ast.AugAssign) and isinstance(t.op, ast.Add)]
        added = [source.of(t.target) for t in adds]
        if grows and source.of(targets(s)[0]) in added:
            yield s.lineno, f"{source.of(s)} inside the loop", source.moved([s], loop.body[0])


@mistake(
    "made anew in every step",
    "The loop makes a new network or optimizer in every step, so what was learnt is thrown away.",
    "Make it once, before the loop.",
    "lost", "forgetful", "unchanged",
)  # fmt: skip
def made_anew(source: Script, record: Watched) -> Iterator[Proposal]:
    for loop in source.all(ast.For, ast.While):
        made = [
            s for s in loop.body if isinstance(s, ast.Assign) and isinstance(s.value, ast.Call)
            and re.match(r"(\w+\.)*(?!Value$)[A-Z]\w*$", source.of(s.value.func))
        ]  # fmt: skip
        made += [
            s for s in loop.body if isinstance(s, ast.Assign) and s not in made
            and re.search(r"Value\(|Parameter\(", source.of(s.value)) and isinstance(s.value, ast.Call | ast.ListComp)
        ]  # fmt: skip
        trained = any(source.training_loop(call) is loop for call in source.calls("backward"))
        if made and trained:
            made.sort(key=lambda s: s.lineno)
            yield made[0].lineno, f"{source.of(made[0])} before the loop", _hoisted(source, made, loop)


def _hoisted(source: Script, made: list[Any], loop: Any) -> str:
    return source.moved(made, loop)


@mistake(
    "only the last example",
    "The name is given anew for every example, so only the last one is in the loss.",
    "Add the examples up: loss = loss + ...",
    static=True,
)
def last_example(source: Script, record: Watched) -> Iterator[Proposal]:
    for call in source.calls("backward"):
        if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
            continue
        name, s = call.func.value.id, source.statement(call)
        block = source.block(s)
        for loop in block[: block.index(s)]:
            if not isinstance(loop, ast.For) or re.search(r"step\(|backward|\.grad", source.of(loop)):
                continue
            given = [t for t in loop.body if isinstance(t, ast.Assign) and source.of(targets(t)[0]) == name]
            added = [t for t in ast.walk(loop) if isinstance(t, ast.AugAssign) and source.of(t.target) == name]
            after = block[block.index(loop) + 1 : block.index(s)]
            again = [
                t
                for t in after
                if isinstance(t, ast.Assign) and source.of(targets(t)[0]) == name and name not in names(t.value)
            ]
            fresh = names(loop.target) | {
                n for t in loop.body if isinstance(t, ast.Assign) for n in names(targets(t)[0])
            }
            if (
                given
                and not added
                and not again
                and name not in names(given[-1].value)
                and names(given[-1].value) & fresh
            ):
                line = f"{name} = {name} + {source.of(given[-1].value)}"
                text = Script(source.replaced(given[-1], line))
                twin = next(t for t in text.all(ast.For) if t.lineno == loop.lineno)
                yield given[-1].lineno, line, text.inserted(twin, f"{name} = 0.0")


@mistake(
    "compared with itself",
    "The loss compares a number with itself, so it does not depend on any parameter.",
    "Compare the output with its target.",
    "no parameter", "unchanged", "error",
)  # fmt: skip
def with_itself(source: Script, record: Watched) -> Iterator[Proposal]:
    for n in source.all(ast.BinOp):
        if not isinstance(n.op, ast.Sub):
            continue
        around = source.above(n, ast.For, ast.GeneratorExp, ast.ListComp)
        bound = set()
        if isinstance(around, ast.For):
            bound = names(around.target)
        elif around is not None:
            bound = {m for g in around.generators for m in names(g.target)}
        unused = bound - names(n)
        for side in n.left, n.right:
            itself = source.of(n.left).removesuffix(".data") == source.of(n.right).removesuffix(".data")
            if (isinstance(side, ast.Name) or (itself and side is n.right)) and len(bound) > 1:
                for other in sorted(unused):
                    yield n.lineno, in_line(source, side, other), source.replaced(side, other)
    for call in source.all(ast.Call):
        kind = source.of(call.func).split(".")[-1]
        if kind in ("mse", "hinge", "bce", "bce_with_logits", "cross_entropy", "nll") and len(call.args) == 2:
            loop = source.training_loop(call)
            body = [s for s in (loop.body if loop is not None else []) if s.lineno < call.lineno]
            given = [n for s in body if isinstance(s, ast.Assign) for n in sorted(names(targets(s)[0]))]
            for other in reversed(given):
                yield call.lineno, in_line(source, call.args[0], other), source.replaced(call.args[0], other)
