"""Build the site, serve it, or make slides: `python docs/site.py build`, `... serve`, `... slides`.

It needs the extra `docs` and npm. The pages in docs/ and the lessons in notebooks/ are its only sources. Python for the
page is Pyodide, which npm brings. It is loaded when a reader first runs a cell, from the site itself.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE, SITE = ROOT / "build" / "site-source", ROOT / "build" / "site"
PYODIDE = "314.0.7"
NEEDED = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PAGES_ONLY = ("*.py", "__pycache__", "locale", "slides")


def build() -> None:
    """Put the sources side by side, let Sphinx make pages of them, and list the files that are kept for offline."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(ROOT / "docs", SOURCE, ignore=shutil.ignore_patterns(*PAGES_ONLY))
    shutil.copy(ROOT / "docs" / "conf.py", SOURCE)
    sys.path.insert(0, str(ROOT))
    sys.path.insert(0, str(ROOT / "docs"))
    import pages
    import small
    from make import operations

    for folder, files in (("lessons", ROOT / "notebooks"), ("course", ROOT / "notebooks" / "course")):
        (SOURCE / folder).mkdir()
        for path in sorted(files.glob("[0-9]*.ipynb")):
            shutil.copy(path, SOURCE / folder)
            pages.run_notebook(SOURCE / folder / path.name, 1)
    pages.shared(SOURCE / "_static")
    pages.write_mistakes(SOURCE)
    (SOURCE / "home.html").write_text(pages.lean(home(), 0), encoding="utf-8")
    (SOURCE / "operations.md").write_text(operations(as_mathml=True), encoding="utf-8")
    pages.pictures(SOURCE / "_static")
    pages.labelled(SOURCE)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    options = ["-q", "-b", "html", "-d", str(SITE.with_name("doctrees"))]
    subprocess.run([sys.executable, "-m", "sphinx", *options, str(SOURCE), str(SITE)], check=True, env=environment)
    for folder in sorted((ROOT / "docs" / "locale").iterdir()):
        translated(folder.name)
    for name in ("_sources", "jupyter_execute", "de/jupyter_execute"):
        shutil.rmtree(SITE / name, ignore_errors=True)
    for path in SITE.rglob("*.map"):
        path.unlink()
    python_in_the_page(SITE / "python")
    small.shrink(SITE)
    for_offline()
    files = [path for path in SITE.rglob("*") if path.is_file()]
    python = sum(path.stat().st_size for path in files if path.parent.name == "python")
    rest = sum(path.stat().st_size for path in files) - python
    print(f"wrote {SITE}: {rest / 1e6:.1f} MB, and {python / 1e6:.1f} MB of Python that is loaded when it is asked for")


def translated(language: str, chapters: int = 5) -> None:
    """Add the first chapters in another language, from its catalogue in docs/locale, as a folder of the site."""
    source, out = SOURCE.with_name(f"site-source-{language}"), SITE / language
    shutil.rmtree(source, ignore_errors=True)
    (source / "course").mkdir(parents=True)
    for path in sorted((SOURCE / "course").glob("[0-9]*.ipynb"))[:chapters]:
        shutil.copy(path, source / "course")
    shutil.copytree(ROOT / "docs" / "locale", source / "locale")
    shutil.copytree(SOURCE / "_static", source / "_static")
    (source / "_extra").mkdir()
    shutil.copy(SOURCE / "conf.py", source)
    (source / "index.md").write_text("# micrograd-like\n\n```{toctree}\n:glob:\n\ncourse/*\n```\n", encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-D", f"language={language}"]
    subprocess.run([*command, "-d", str(SITE.with_name(f"doctrees-{language}")), str(source), str(out)], check=True)
    words = out / "_static" / "translations.js"  # of the theme's own buttons, which pages of this language ask for
    if words.exists():
        shutil.copy(words, SITE / "_static")
    for name in ("_static", "_sources"):
        shutil.rmtree(out / name, ignore_errors=True)
    for path in out.rglob("*.html"):  # scripts and styles are those of the whole site
        text = path.read_text(encoding="utf-8")
        own = "../_static/" if path.parent != out else "_static/"
        path.write_text(text.replace(own, f"../{own}"), encoding="utf-8")


def slides() -> None:
    """Make slides of every chapter: each heading is one, and everything on it is live."""
    source, out = SOURCE.with_name("slides-source"), SITE.with_name("slides")
    for folder in (source, out):
        shutil.rmtree(folder, ignore_errors=True)
    (source / "_static").mkdir(parents=True)
    sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
    import pages

    for name in ("packed.js", "slides.css"):
        shutil.copy(ROOT / "docs" / "_static" / name, source / "_static")
    pages.shared(source / "_static")
    names = []
    for path in sorted((ROOT / "notebooks" / "course").glob("[0-9]*.ipynb")):
        shutil.copy(path, source)
        pages.run_notebook(source / path.name, 0)
        names.append(path.stem)
    pages.pictures(source / "_static")
    listed = "\n".join(names)
    (source / "index.md").write_text(f"# The course\n\n```{{toctree}}\n{listed}\n```\n", encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "revealjs", "-c", str(ROOT / "docs" / "slides")]
    subprocess.run([*command, str(source), str(out)], check=True)
    print(f"wrote {out}: {len(names)} chapters; open {out / (names[0] + '.html')}")


def home() -> str:
    """Return the live graph of the first page; it needs no Python."""
    from micrograd_like import Value, walk

    a, b = Value(2.0), Value(-3.0)
    e = a * b
    L = e + a
    return str(walk(L, names={"a": a, "b": b, "e": e, "L": L}, code="e = a * b\nL = e + a")._repr_html_())


def python_in_the_page(folder: Path) -> None:
    """Put Pyodide and the package as it stands here into a folder."""
    folder.mkdir(parents=True)
    kept = ROOT / "build" / f"pyodide-{PYODIDE}.tgz"
    if not kept.exists():
        command = ["npm", "pack", "--silent", f"pyodide@{PYODIDE}"]
        subprocess.run(command, check=True, cwd=kept.parent, stdout=subprocess.DEVNULL)
    with tarfile.open(kept) as archive:
        for name in NEEDED:
            member = archive.extractfile(f"package/{name}")
            assert member, name
            (folder / name).write_bytes(member.read())
    with zipfile.ZipFile(folder / "package.zip", "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted((ROOT / "micrograd_like").rglob("*")):
            if path.is_file() and path.suffix not in (".so", ".pyc", ".c", ".h", ".pyd"):
                package.write(path, path.relative_to(ROOT))


def for_offline() -> None:
    """Tell the service worker which files to keep: all pages and their parts, but not Python before it is asked for."""
    files = [x.relative_to(SITE).as_posix() for x in sorted(SITE.rglob("*")) if x.is_file()]
    small = [name for name in files if not name.startswith(("python/", ".", "_sources/")) and name != "sw.js"]
    worker = SITE / "sw.js"
    worker.write_text(worker.read_text("utf-8").replace("[/* files */]", json.dumps(small)), "utf-8")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files as what they are; a module must be JavaScript to a browser, and a module of WebAssembly wasm."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm",
    }  # fmt: skip

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing for each request."""


def serve(port: int = 8000) -> None:
    """Serve the site on this machine until Ctrl-C."""
    if not SITE.exists():
        raise SystemExit("There is no site yet. Write: python docs/site.py build")
    handler = functools.partial(Handler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build"]:
            build()
        case ["slides"]:
            slides()
        case ["serve", *port]:
            serve(*map(int, port[:1]))
        case _:
            raise SystemExit(
                "Write: python docs/site.py build, python docs/site.py serve, or python docs/site.py slides"
            )
