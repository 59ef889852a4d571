"""The OpenAPI document, made once a process for each language and format: anybody may ask for it, and often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from django.utils.encoding import force_bytes
from drf_spectacular.views import SpectacularAPIView

if TYPE_CHECKING:
    from rest_framework.request import Request

_made: Final[dict[tuple[str, str], bytes]] = {}
"""By language and format, both of short lists of ours; the code that it describes doesn't change while it runs."""


class SchemaView(SpectacularAPIView):
    """The document from memory. Making it takes hundreds of milliseconds of CPU, and nobody has to log in for it."""

    schema: ClassVar[Any] = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        asked = request.GET.get("lang", "")
        language = asked if asked in dict(settings.LANGUAGES) else translation.get_language() or "en"
        renderer = request.accepted_renderer
        key = (language, f"{renderer.media_type} {renderer.format}")
        if key not in _made:
            with translation.override(language):
                document = self.generator_class(
                    urlconf=self.urlconf, api_version=self.api_version, patterns=self.patterns
                ).get_schema(request=request, public=self.serve_public)
            _made[key] = force_bytes(
                renderer.render(document, renderer_context={"request": request, "view": self})
            )
        return HttpResponse(_made[key], content_type=f"{renderer.media_type}; charset=utf-8")
