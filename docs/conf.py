"""Settings of the documentation site; `python docs/make_site.py` makes it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import brainsleep

project = "brainsleep"
author = "The brainsleep developers"
project_copyright = author
version = release = brainsleep.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "builder.docstrings",
    "builder.mathml",
]
nitpicky = True
# Types in signatures, and words in single backticks: some are names of the package, others not.
nitpick_ignore_regex = [("py:class", ".*"), ("py:obj", ".*")]
default_role = "py:obj"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # builder.notebooks has executed them
nb_output_stderr = "remove"

autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
python_display_short_literal_types = True

html_theme = "pydata_sphinx_theme"
html_title = "brainsleep"
html_math_renderer = "mathml"
html_static_path = [str(Path(__file__).parent / "builder" / "static")]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"docs/gallery": []}
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
