"""Choose the engine that runs: `use("python")` before the first Value, and `use("c")` back again."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, Literal

PACKAGE = __name__.partition(".")[0]
_modules: dict[str, dict[str, dict[str, Any]]] = {}  # by engine and module: what each module holds under it


def use(engine: Literal["python", "c"]) -> None:
    """Let every Value be made by the engine in "python", which one reads, or by its twin in "c".

    All modules of the package are loaded for that engine, and names that were imported from them before, as by
    `from micrograd_like import Value`, stand for the new ones. Raises ValueError for another name, RuntimeError once
    there is a Value or where there is no engine in C.
    """
    if engine not in ("python", "c"):
        raise ValueError(f"There is no engine {engine!r}. Write use('python') or use('c').")
    now = import_module(f"{PACKAGE}._engine")
    if engine == now.NAME.lower():
        return
    if now.made():
        raise RuntimeError("There are Values already, and one engine makes a whole graph. Call use() before the first.")
    loaded = {name: sys.modules[name] for name in _ours()}
    _modules[now.NAME.lower()] = before = {name: dict(vars(module)) for name, module in loaded.items()}
    if engine not in _modules:
        _modules[engine] = _loaded_anew(engine, loaded)
    after = _modules[engine]
    if import_engine(after).NAME.lower() != engine:
        reason = import_engine(after).REASON
        del _modules[engine]
        raise RuntimeError(f"The engine in C cannot be used: {reason}.")
    for name, holds in after.items():
        module = loaded.get(name) or sys.modules.setdefault(name, type(sys)(name))
        vars(module).clear()
        vars(module).update(holds)
    for name in (tools := [name for name in loaded if name not in after]):  # not in use under this engine before
        del sys.modules[name]
    for name in tools:
        after[name] = dict(vars(import_module(name)))
    for name in tools:
        vars(loaded[name]).update(after[name])
        sys.modules[name] = loaded[name]
    _rebind(before, after)


def _ours() -> list[str]:
    """Return the names of the package's modules that are loaded, but for this one, which stays."""
    return [name for name in sys.modules if (name + ".").startswith(PACKAGE + ".") and name != __name__]


def import_engine(modules: dict[str, dict[str, Any]]) -> Any:
    """Return what `_engine` holds among these."""
    return type("Engine", (), modules[f"{PACKAGE}._engine"])


def _loaded_anew(engine: str, loaded: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Import the same modules again, for this engine, and put back those that were there."""
    pure, variable = os.environ.get("MICROGRAD_LIKE_PURE"), "MICROGRAD_LIKE_PURE"
    for name in loaded:
        del sys.modules[name]
    try:
        os.environ[variable] = "1" if engine == "python" else "0"
        for name in loaded:
            if not name.endswith("._engine._engine"):
                import_module(name)
        return {name: dict(vars(sys.modules[name])) for name in _ours()}
    finally:
        sys.modules.update(loaded)
        if pure is None:
            del os.environ[variable]
        else:
            os.environ[variable] = pure


def _rebind(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> None:
    """Let names of other modules that stand for something of the package stand for its successor."""
    successor = {}
    for name, holds in before.items():
        for key, x in holds.items():
            home = getattr(x, "__module__", None)
            if type(home) is str and home.startswith(PACKAGE) and key in after.get(name, {}):
                successor[id(x)] = after[name][key]
    for name, module in list(sys.modules.items()):
        if name != PACKAGE and not name.startswith(f"{PACKAGE}.") and isinstance(module, type(sys)):
            for key, x in list(vars(module).items()):
                if id(x) in successor:
                    vars(module)[key] = successor[id(x)]
