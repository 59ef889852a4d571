"""What the analysis of one photo found. Standard library only, since the web process imports it."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of `Analyser.analyse`; sides are the patient's own.

    state: "succeeded", or "rejected" with `reason` (a `codes.Reason`) and no probabilities.
    quality: numbers with their unit in the key (face_width_px, yaw_deg, ...) and "warnings", a list of
        `codes.Caution`.
    exercise, exercise_probabilities: the likeliest exercise and the probability of each.
    doubt: how clearly another exercise has to be seen before the one that the photo is filed under is doubted (see
        `asked.doubted`); None of results made before releases stated it.
    reference: "used" where the face was judged beside the same face at rest, "unusable" where that photo could not be
        judged or shows no face at rest; None where there was none.
    palsy_probability: calibrated probability of any facial weakness, 1 - P(House-Brackmann grade I).
    weak_side, weak_side_probabilities: the weaker side; None where `palsy_probability` is below the
        release's threshold, the probabilities stay.
    grade, grade_probabilities: suggested House-Brackmann grade, 1 to 6, and the probability of each.
    palsy_verdict: "weak", "normal", or "uncertain" where the probability lies in the release's band between them.
    zones: for each of `codes.ZONES` the movement left on each side, {"left", "right"}, 0 (none) to 1 (full); empty
        where the release has none.
    symmetry: millimetre measures of both sides and their ratios (see `measure.measure`).
    landmarks: 478 pairs [x, y] as shares (0 to 1) of the upright image's width and height, numbered as MediaPipe's face
        mesh: what was measured, or the bare mesh of a photo that was rejected.
    image_size: [width, height] of the decoded image, px.
    milliseconds: decode, landmarks, quality, classify, measure and total.
    release: name of the model release that made the result.
    view: the view of `codes.UNTAUGHT` as which it was looked at, None for all others. No network looked at it: there is
        no exercise and no probability, the verdict is "uncertain", and of a face from below there are no lengths.
    """

    state: Literal["succeeded", "rejected"]
    reason: str | None = None
    quality: dict[str, Any] = field(default_factory=dict)
    exercise: str | None = None
    exercise_probabilities: dict[str, float] = field(default_factory=dict)
    doubt: float | None = None
    reference: Literal["used", "unusable"] | None = None
    palsy_probability: float | None = None
    weak_side: Literal["left", "right"] | None = None
    weak_side_probabilities: dict[str, float] = field(default_factory=dict)
    grade: int | None = None
    grade_probabilities: dict[str, float] = field(default_factory=dict)
    palsy_verdict: Literal["weak", "normal", "uncertain"] | None = None
    zones: dict[str, dict[str, float]] = field(default_factory=dict)
    symmetry: dict[str, Any] = field(default_factory=dict)
    landmarks: list[list[float]] = field(default_factory=list)
    image_size: list[int] = field(default_factory=list)
    milliseconds: dict[str, float] = field(default_factory=dict)
    release: str = ""
    view: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The findings as plain values that JSON can hold."""
        return asdict(self)
