"""Static files under names that hold their own hash, so that a browser may keep them for ever."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage

OWN_SCRIPTS = "js/*.js"


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Modules name each other by their hashed names too: no page mixes the scripts of two releases.

    Django's own `support_js_module_import_aggregation` reads every script, and takes words such as “import” in a
    library's comments for a module's name; these patterns read our own scripts only, as Biome formats them.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (
            OWN_SCRIPTS,
            (
                (r"""(?P<matched>from "(?P<url>\./[^"]+)";)""", 'from "%(url)s";'),
                (r"""(?P<matched>import "(?P<url>\./[^"]+)";)""", 'import "%(url)s";'),
            ),
        ),
    )
