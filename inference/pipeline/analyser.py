"""The one way in: `Analyser().analyse(photo) -> Findings`."""

from pathlib import Path
from typing import TYPE_CHECKING

from inference.pipeline.findings import Findings
from inference.pipeline.release import Release, verify_release

if TYPE_CHECKING:
    from inference.pipeline.decode import Source


class Analyser:
    """Loads one release's models once and analyses photos, one at a time.

    Make it in the worker's child process, after the fork: native libraries start threads of their own.
    """

    def __init__(
        self, artifacts_dir: Path | None = None, threads: int = 1, *, name: str | None = None
    ) -> None:
        """Verify and load a release. Raises ModelMissing, ModelAltered, LandmarksFailed.

        threads: threads that each model may use for one photo.
        name: of the release; without it, the one that ACTIVE names.
        """
        self.release: Release = verify_release(artifacts_dir, name)
        from inference.pipeline.engine import Engine  # OpenCV and LiteRT enter the process here

        self._engine = Engine(self.release, threads)

    @property
    def uses_reference(self) -> bool:
        """Whether this release judges a face beside the same face at rest."""
        return self._engine.uses_reference

    def analyse(self, source: "Source", reference: "Source | None" = None, view: str = "") -> Findings:
        """Findings of one photo: encoded bytes, a path, a Pillow image or an RGB uint8 array (h, w, 3).

        reference: a photo of the same person at rest, for a photo of another view; movement is judged as the difference
        from it. One that can't be read, or shows no face at rest, is left out, and `Findings.reference` says so.

        view: as what the photo is on record, where that is one of `codes.UNTAUGHT`: then no network says anything of
        it. Any other is left out, since what was asked for is never told to a network.

        A photo that can't be judged comes back as `rejected` with a reason. Raises PipelineError with a code
        where the photo can't be read or the models fail; it never makes up a number.
        """
        return self._engine.analyse(source, reference, view)
