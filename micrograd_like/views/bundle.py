"""The scripts and styles of the pages: ES modules that become one script, so that a page is one file.

A module imports what it needs from another by name, `import { a, b } from "./other.js";`, and nothing else. In the
script that a page holds, each module stands once, behind those it imports.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from functools import cache
from importlib.resources import files

from ..mistakes.script import script as mistakes

IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.-]+)";\n?', re.M)
WRITTEN = {"mistakes.js": lambda: f"export const MISTAKES = {mistakes()};"}  # modules that Python writes


@cache
def asset(name: str) -> str:
    """Return a file of the folder `assets`, without indentation and comments, a style sheet with those it imports."""
    text = (files("micrograd_like.views") / "assets" / name).read_text("utf-8")
    if name.endswith(".css"):
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        text = re.sub(r'@import "([\w.-]+)";', lambda match: asset(match[1]), text)
    text = re.sub(r"(^|\s)//( .*)?$", "", text, flags=re.M)
    text = "\n".join(line for line in map(str.strip, text.splitlines()) if line)
    return re.sub(r"\s*([{};,])\s*|(?<=:) ", r"\1", text) if name.endswith(".css") else text


@cache
def bundle(entry: str) -> str:
    """Return a module and all that it imports as one module, which imports nothing.

    Raises ValueError where modules import each other in a circle.
    """
    done: dict[str, str] = {}

    def add(name: str, behind: tuple[str, ...]) -> None:
        if name in behind:
            raise ValueError(f"{' imports '.join([*behind, name])}. Move what both need into a module of its own.")
        if name not in done:
            text = WRITTEN[name]() if name in WRITTEN else asset(name)
            for other in IMPORT.findall(text):
                add(other, (*behind, name))
            done[name] = IMPORT.sub("", text)

    add(entry, ())
    return "\n".join(done.values())


def classic(module: str) -> str:
    """Return a module that imports nothing as a script of any page: it exports nothing either."""
    return re.sub(r"^export (?=async |const |function |class |let )", "", module, flags=re.M)


def script_json(value: object) -> str:
    """Return an expression in JavaScript that no text in it can break out of, with every key an ordinary one."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    text = re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)  # half of a pair, alone
    return re.sub(r'(?<!\\)"__proto__":', '["__proto__"]:', text)


def whole(text: str) -> str:
    """Return text that can be written as UTF-8: half of a surrogate pair is shown as a replacement character."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def packed(script: str) -> str:
    """Return a short script that unpacks and runs this one: a notebook with ten views is a third as large."""
    data = b64encode(zlib.compress(script.encode("utf-8", "replace"), 9)).decode()
    return (
        f'const packed = "{data}";\n'
        "const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));\n"
        'const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));\n'
        'const script = document.createElement("script");\n'
        'script.type = "module";\n'
        "script.textContent = await new Response(plain).text();\n"
        "document.head.append(script);"
    )
