"""Pages from templates: everything that comes from outside is text, never markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from oddflow.evaluate.wording import percent


def render_page(template: str, parts: Mapping[str, Any]) -> str:
    """A page of HTML.

    Args:
        template: name of a file beside this one.
        parts: name -> what the template shows under it.

    Raises:
        jinja2.UndefinedError: the template asks for what `parts` does not hold.
    """
    environment = Environment(
        loader=PackageLoader("oddflow.evaluate", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment.get_template(template).render(parts)
