"""What the layout of files has been, and how older ones are brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

LIBRARY = version("forecaster")
FORMAT = 2


def _group_networks(header: dict[str, Any]) -> None:
    """From format 1: a model's networks come in groups, which the recipe's views describe."""
    for model in _nodes(header["content"], "Model"):
        fields = model["fields"]
        recipe, seasonal = fields["recipe"]["fields"], fields.pop("seasonal", None)
        groups = [fields] + ([seasonal["fields"]] if seasonal else [])
        counts = [len(group["trained"]["fields"]["items"]) for group in groups]
        recipe.pop("n_seasonal", None)
        sizes = {name: recipe.pop(name) for name in ("window", "patch_size")}
        recipe["views"] = _tuple(
            _node("View", **sizes, seasonal=k > 0, n_members=n, share=n / sum(counts))
            for k, n in enumerate(counts)
        )
        own = ("preparation", "network", "trained", "unit")
        fields["groups"] = _tuple(
            _node("Group", **{name: group[name] for name in own}) for group in groups
        )
        for name in own[1:]:
            del fields[name]


# From each earlier format to the next: a function of the decoded JSON header, which is changed in
# place. A new field with a default, of a dataclass or a constructor, needs no new format; a field
# that goes, or gets another name or meaning, does.
UPGRADES: dict[int, Callable[[dict[str, Any]], None]] = {1: _group_networks}


def upgrade(header: dict[str, Any]) -> None:
    """Bring a header up to the present format."""
    for number in range(header["format"], FORMAT):
        UPGRADES[number](header)


def _nodes(tree: Any, kind: str) -> Iterator[dict[str, Any]]:
    """All nodes of a class, the outer ones first."""
    if isinstance(tree, dict):
        if tree.get("type") == kind:
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _nodes(part, kind)


def _node(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "fields": fields}


def _tuple(items: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return _node("tuple", items=list(items))
