"""The slides of the chapters, made of the same notebooks; `python docs/site.py slides` calls this."""

project = "micrograd-like"
extensions = ["myst_nb", "sphinx_revealjs"]
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]
nb_execution_mode = "off"  # the cells have run already
nb_mime_priority_overrides = [("revealjs", "text/html", 0), ("revealjs", "text/plain", 10)]

revealjs_style_theme = "white"
revealjs_static_path = ["../../build/slides-source/_static"]  # which site.py writes
revealjs_css_files = ["views.css", "slides.css"]
revealjs_script_conf = {"hash": True, "width": 1200, "height": 800, "center": False, "transition": "none"}
html_copy_source = False
