project = "tianfu_sdk"
project_copyright = "the authors of tianfu_sdk, Apache-2.0"
# `--db` is an option, not a dash.
smartquotes = False
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
language = "en"
