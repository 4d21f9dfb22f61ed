"""Sphinx makes the site of these pages and of the lessons in notebooks/; `python docs/site.py build` calls it."""

import re
from pathlib import Path

here = Path(__file__).resolve().parent
root = next(folder for folder in here.parents if (folder / "pyproject.toml").exists())

project = "micrograd-like"
author = copyright = "the micrograd-like authors"
release = re.search(r'__version__ = "([^"]+)"', (root / "micrograd_like" / "__init__.py").read_text("utf-8"))[1]
language = "en"
locale_dirs = ["locale"]
extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["locale"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]  # links to files that are not pages

nb_execution_mode = "off"  # `docs/site.py` has run every cell already, in one process
nb_mime_priority_overrides = [("html", "text/html", 0)]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
add_module_names = False

html_theme = "furo"  # small, readable without JavaScript, dark and light, kept by those who keep pip's own pages
html_title = "micrograd-like"
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_extra_path = ["_extra"]
html_css_files = ["views.css", "cells.css"]
html_js_files = [(name, {"type": "module"}) for name in ("cells.js", "links.js")]
html_copy_source = html_show_sourcelink = False
html_show_sphinx = False
mathjax_path = "cells.js"  # never loaded: formulas are MathML, so that no request leaves the site
