"""For mkdocs: a link out of docs/ (to a source, to README) becomes its text, since the site holds pages only."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A page's text, before it is rendered."""
    return _OUTSIDE.sub(r"\1", markdown)
