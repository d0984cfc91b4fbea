"""Language mechanics: scripts, folding, tokens, SMS parts, conversion.

Pure functions of a text. Nothing here reads a clock, a file of the user's or a network;
tables of the package are read on first use.
"""

from __future__ import annotations
