"""What OPTIONS tells of an address: which methods it has, and what may be sent with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.metadata import SimpleMetadata

if TYPE_CHECKING:
    from rest_framework.request import Request


class Fields(SimpleMetadata):
    """The fields of requests: those of answers can't be sent."""

    def determine_metadata(self, request: Request, view: Any) -> dict[str, Any]:
        """As the framework does, but for the fields."""
        told = super().determine_metadata(request, view)
        told.pop("actions", None)
        methods: dict[str, str] = getattr(view, "action_map", None) or {
            method: method for method in view.inputs
        }
        actions = {
            method.upper(): self.get_serializer_info(view.inputs[action]())
            for method, action in methods.items()
            if action in view.inputs
        }
        return {**told, **({"actions": actions} if actions else {})}
