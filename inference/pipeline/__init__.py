"""Analysis of one face photo: decode, landmarks, quality, align, classify, measure. No Django.

Importing this package loads the standard library only. `Analyser()` loads OpenCV and LiteRT, so
that a web process never carries them.
"""

from inference.pipeline.analyser import Analyser
from inference.pipeline.codes import EXERCISES, AnalysisState, Caution, Exercise, RejectionReason, Side
from inference.pipeline.errors import PipelineError
from inference.pipeline.findings import Findings
from inference.pipeline.release import Release, active_folder, load_release, verify_release

__all__ = [
    "EXERCISES",
    "Analyser",
    "AnalysisState",
    "Caution",
    "Exercise",
    "Findings",
    "PipelineError",
    "RejectionReason",
    "Release",
    "Side",
    "active_folder",
    "load_release",
    "verify_release",
]
