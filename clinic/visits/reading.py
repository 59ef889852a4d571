"""What the photo's page shows beside the photo, in the order in which a clinician reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.finding import Figures, figures_of
from inference.pipeline.codes import Caution, same_exercise
from inference.pipeline.measure.closure import closure
from inference.pipeline.measure.scale import with_rest_scale
from inference.selectors_corrections import landmarks_of

from . import exercises, sentences
from .lengths import Length, beside_model, lengths, scale_source
from .selectors import PhotoCard

REGIONS: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("brow", _("Brow")),
    ("eye", _("Eye")),
    ("mouth", _("Mouth")),
)
# Figures of the photo's quality that mean something to a clinician: key, name, unit.
QUALITY: Final[tuple[tuple[str, str | Promise, str], ...]] = (
    ("face_width_px", _("Width of the face"), "\u00a0px"),
    ("yaw_deg", _("Head turned to the side"), "°"),
    ("pitch_deg", _("Head turned up or down"), "°"),
    ("roll_deg", _("Head tilted"), "°"),
)
CAUTIONS: Final[dict[str, str | Promise]] = {
    "face_small": _("The face is small in the picture: fine movement may be missed."),
    "soft": _("The photo is a little soft."),
    "dim": _("The light is dim."),
    "bright": _("The photo is very bright."),
    "slightly_turned": _("The head is turned a little: left and right are harder to compare."),
    "slightly_tilted": _("The head is tilted a little."),
    "turned_upright": _("The photo lay on its side or upside down: it was read with the head up."),
    "uneven_light": _("The light comes from one side: one half of the face looks different for it."),
    "face_cut_off": _("Part of the face is outside the picture."),
    "eyes_closed": _("The eyes are closed: their measures carry little weight."),
    "eye_covered": _("Something covers one eye: no weak side is told from this photo."),
    "exercise_unsure": _("The model is not sure which exercise this is."),
    "palsy_unsure": _(
        "The model is not sure whether there is a weakness: look at the other views, or judge yourself."
    ),
    "view_untaught": _("No model has learnt this view: no weakness and no exercise is told from it."),
    "side_unsure": _("The model is not sure which side is the weak one: judge the side yourself."),
}
ZONES: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("brow", _("Brow")),
    ("eye", _("Eye")),
    ("midface", _("Midface")),
    ("mouth", _("Mouth")),
)


@dataclass(frozen=True, slots=True)
class Possibility:
    """One possibility and how likely the model holds it."""

    name: str
    probability: float
    chosen: bool

    @property
    def width(self) -> str:
        """For a drawing 100 wide."""
        return f"{max(0.0, min(1.0, self.probability)) * 100:.1f}"


@dataclass(frozen=True, slots=True)
class RegionMeasure:
    """Left against right of one region."""

    region: str
    name: str | Promise
    left: float | None
    right: float | None
    ratio: float | None
    unit: str
    model: RegionMeasure | None = None
    """The model's, where a clinician's points give another."""


@dataclass(frozen=True, slots=True)
class MeasuresBeside:
    """The measures of a photo's view as they hold, with the model's beside those that a clinician's points changed."""

    regions: list[RegionMeasure]
    lengths: list[Length]
    scale: str


@dataclass(frozen=True, slots=True)
class Zone:
    """How much movement is left in one part of the face, 0 to 1, as the model estimates it. A range where several
    photos gave it."""

    name: str | Promise
    left: float
    right: float
    left_range: tuple[float, float] | None = None
    right_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class PhotoDetails:
    """The whole of one analysis, ready to be shown; without a result only what is known of the job."""

    model_sentence: str
    clinician_sentence: str
    exercises: list[Possibility]
    weakness: list[Possibility]
    zones: list[Zone]
    measures: list[RegionMeasure]
    lengths: list[Length]
    scale: str
    advice: str
    closes_eyes: bool
    quality: list[tuple[str | Promise, float, str]]
    cautions: list[str | Promise]
    as_asked: bool | None
    exercise_unsure: bool
    waited: dt.timedelta | None
    took: dt.timedelta | None
    overlay: dict[str, Any] | None


def photo_details(*, card: PhotoCard, rest: Mapping[str, Any] | None = None) -> PhotoDetails:
    """What is shown of this photo's newest analysis. rest: `symmetry` of the visit's photo at rest."""
    analysis = card.analysis
    figures = card.figures
    shown = figures if card.succeeded else Figures()
    if not card.is_taught:
        shown = Figures(symmetry=shown.symmetry)
    found = card.found
    view = card.photo.exercise
    quality, symmetry, cautions = figures.quality, shown.symmetry, figures.cautions
    closes_eyes = view in exercises.CLOSURES
    beside = measures_beside(card=card, symmetry=symmetry, rest=rest)
    return PhotoDetails(
        model_sentence=sentences.model_sentence(card),
        clinician_sentence=sentences.clinician_sentence(card),
        exercises=_exercises(shown.exercises, analysis.exercise if found and analysis else ""),
        weakness=_weakness(shown, found.weak_side if found else ""),
        zones=zones_of({zone: shown.zones.get(zone) for zone in exercises.zones_shown(view)}),
        measures=beside.regions,
        lengths=beside.lengths if card.succeeded and analysis else [],
        scale=beside.scale,
        advice=sentences.uncertain() if found is not None and found.uncertain else "",
        closes_eyes=closes_eyes,
        quality=[
            (name, abs(quality[key]), unit) for key, name, unit in QUALITY if _is_number(quality.get(key))
        ],
        # That no model knows the view stands in the place of its finding.
        cautions=[
            CAUTIONS[code] for code in cautions if code in CAUTIONS and code != Caution.VIEW_UNTAUGHT.value
        ],
        as_asked=same_exercise(card.photo.exercise, found.exercise)
        if found and not card.hardly_moves
        else None,
        exercise_unsure=Caution.EXERCISE_UNSURE.value in cautions and found is not None,
        waited=_between(analysis, "queued_at", "started_at"),
        took=_between(analysis, "started_at", "finished_at"),
        overlay=_overlay(card),
    )


def measures_beside(
    *, card: PhotoCard, symmetry: Mapping[str, Any], rest: Mapping[str, Any] | None
) -> MeasuresBeside:
    """The photo's measures. symmetry: those that hold, or would with a clinician's points; rest: of the photo at rest,
    for closed eyes."""
    stored = figures_of(card.analysis.findings).symmetry if card.analysis is not None else {}
    regions, found, scale = _measures_of(card, symmetry, rest)
    if symmetry and symmetry != stored:
        plain, known, _scale = _measures_of(card, stored, rest)
        by_region = {one.region: one for one in plain}
        regions = [
            one if one == by_region.get(one.region) else replace(one, model=by_region.get(one.region))
            for one in regions
        ]
        found = beside_model(found, known)
    return MeasuresBeside(regions, found, scale)


def _measures_of(
    card: PhotoCard, symmetry: Mapping[str, Any], rest: Mapping[str, Any] | None
) -> tuple[list[RegionMeasure], list[Length], str]:
    view = card.photo.exercise
    closes_eyes = view in exercises.CLOSURES
    scaled = with_rest_scale(symmetry, rest) if closes_eyes else symmetry
    regions = _of_view(_closed(symmetry, rest) if closes_eyes else _measures(symmetry), view)
    release = card.analysis.release if card.analysis is not None else ""
    return regions, lengths(symmetry=scaled, view=view, release=release), scale_source(scaled)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _exercises(probabilities: Mapping[str, float], chosen: str) -> list[Possibility]:
    shares = [
        Possibility(str(exercises.BY_CODE[code].name), float(probability), code == chosen)
        for code, probability in probabilities.items()
        if code in exercises.BY_CODE
    ]
    return sorted(shares, key=lambda share: -share.probability)


def _weakness(figures: Figures, chosen: str) -> list[Possibility]:
    """How likely there is weakness at all, and on which side if there is."""
    if figures.palsy is None:
        return []
    names = {
        "left": _("if so, on the left"),
        "right": _("if so, on the right"),
        "both": _("if so, on both sides"),
    }
    return [
        Possibility(str(_("Weakness")), float(figures.palsy), bool(chosen)),
        *(
            Possibility(str(names[side]), float(figures.sides[side]), side == chosen)
            for side in names
            if side in figures.sides
        ),
    ]


def _measures(symmetry: Mapping[str, Any]) -> list[RegionMeasure]:
    unit = str(symmetry.get("unit", ""))
    return [
        RegionMeasure(region, name, values.get("left"), values.get("right"), values.get("ratio"), unit)
        for region, name in REGIONS
        if isinstance(values := symmetry.get(region), Mapping)
    ]


def _of_view(measures: list[RegionMeasure], view: str) -> list[RegionMeasure]:
    """The regions of which the view says something; a gentle closure tells nothing of the brow."""
    return [measure for measure in measures if measure.region in exercises.regions_shown(view)]


def _closed(symmetry: Mapping[str, Any], rest: Mapping[str, Any] | None) -> list[RegionMeasure]:
    """The measures of closed eyes: how much of its opening at rest each eye closes; without a photo at rest what
    stays open, and no ratio, since that of two remainders says nothing."""
    found = closure(dict(symmetry), dict(rest)) if rest else None
    measures = []
    # Shut lids hide the irises that lengths are scaled by.
    for measure in _measures(with_rest_scale(symmetry, rest)):
        if measure.region != "eye":
            measures.append(measure)
        elif found is not None:
            closed = _("Eye, closed by")
            measures.append(
                RegionMeasure("eye", closed, 100 * found.left, 100 * found.right, found.ratio, "%")
            )
        else:
            measures.append(replace(measure, name=_("Eye, still open"), ratio=None))
    return measures


def zones_of(zones: Mapping[str, Any] | None) -> list[Zone]:
    """The zones of a photo's or a visit's findings, from the forehead down."""
    return [
        Zone(name, float(found["left"]), float(found["right"]), _range(found, "left"), _range(found, "right"))
        for zone, name in ZONES
        if isinstance(found := (zones or {}).get(zone), Mapping)
    ]


def _range(found: Mapping[str, Any], side: str) -> tuple[float, float] | None:
    low, high = found.get(f"{side}_low"), found.get(f"{side}_high")
    return None if low is None or high is None else (float(low), float(high))


def _between(analysis: Any, start: str, end: str) -> dt.timedelta | None:
    first, last = getattr(analysis, start, None), getattr(analysis, end, None)
    return last - first if first is not None and last is not None and last >= first else None


def _overlay(card: PhotoCard) -> dict[str, Any] | None:
    """The points of the face as shares of width and height, for the drawing over the photo."""
    landmarks = landmarks_of(analysis=card.analysis) if card.analysis is not None and card.settled else None
    if not landmarks or len(landmarks) < 468:
        return None
    weak = card.confirmed.weak_side if card.confirmed else card.found.weak_side if card.found else ""
    return {"points": landmarks, "width": card.photo.width, "height": card.photo.height, "weak": weak}
