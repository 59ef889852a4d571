"""What a treatment may be, and what is told of each kind: kinds, products, muscles and operations, as data.

Units of one botulinum toxin product say nothing about another's: each counts by an assay of its own, so that they are
never converted and never added up. The plausible bounds are this product's own defaults, wide enough for what is given
into a face, and catch a slip of the finger; none is a recommended dose.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class TreatmentKind(TextChoices):
    STEROIDS = "steroids", _("Steroids")
    ANTIVIRALS = "antivirals", _("Antivirals")
    THERAPY_START = "therapy_start", _("Start of therapy")
    BOTULINUM_TOXIN = "botulinum_toxin", _("Botulinum toxin")
    SURGERY = "surgery", _("Surgery")
    LID_WEIGHT = "lid_weight", _("Lid weight")
    OTHER = "other", _("Other")


class ToxinProduct(TextChoices):
    """Botulinum toxins by their nonproprietary names, which are alike in every country; brands stand beside them."""

    ONA = "onabotulinumtoxin_a", _("OnabotulinumtoxinA (Botox)")
    INCO = "incobotulinumtoxin_a", _("IncobotulinumtoxinA (Xeomin)")
    ABO = "abobotulinumtoxin_a", _("AbobotulinumtoxinA (Dysport)")
    PRABO = "prabotulinumtoxin_a", _("PrabotulinumtoxinA (Nabota)")
    LETI = "letibotulinumtoxin_a", _("LetibotulinumtoxinA (Botulax)")
    RIMA = "rimabotulinumtoxin_b", _("RimabotulinumtoxinB (Myobloc)")


class Operation(TextChoices):
    STATIC_SLING = "static_sling", _("Static sling")
    GRACILIS = "gracilis_transfer", _("Gracilis transfer")
    TEMPORALIS = "temporalis_transfer", _("Temporalis transfer")
    NERVE_TRANSFER = "nerve_transfer", _("Nerve transfer")
    CROSS_FACE_GRAFT = "cross_face_graft", _("Cross-face nerve graft")
    NERVE_REPAIR = "nerve_repair", _("Nerve repair or graft")
    DECOMPRESSION = "decompression", _("Decompression of the facial nerve")
    NEURECTOMY = "selective_neurectomy", _("Selective neurectomy")
    MYECTOMY = "myectomy", _("Myectomy")
    TARSORRHAPHY = "tarsorrhaphy", _("Tarsorrhaphy")
    LID_LIFT = "lid_lift", _("Lower lid lift")
    BROW_LIFT = "brow_lift", _("Brow lift")
    OTHER = "other", _("Another operation")


SIDES: Final[dict[str, str | Promise]] = {"right": _("Right"), "left": _("Left")}
"""The patient's own, in the order in which one sees them from the front."""


@dataclass(frozen=True, slots=True)
class Muscle:
    """A muscle of the face into which toxin is given. across, down: its place in the drawing of a face 240 wide and 290
    high, across from the midline outwards."""

    code: str
    name: str | Promise
    across: int
    down: int

    def place(self, side: str) -> tuple[int, int]:
        """Its place on that side: the patient's left is on the viewer's right."""
        return (120 + (self.across if side == "left" else -self.across), self.down)


MUSCLES: Final[tuple[Muscle, ...]] = (
    Muscle("frontalis", _("Frontalis"), 40, 62),
    Muscle("corrugator", _("Corrugator supercilii"), 16, 94),
    Muscle("orbicularis_oculi", _("Orbicularis oculi"), 70, 108),
    Muscle("nasalis", _("Nasalis"), 12, 138),
    Muscle("levator_labii", _("Levator labii superioris"), 26, 158),
    Muscle("zygomaticus_minor", _("Zygomaticus minor"), 46, 145),
    Muscle("zygomaticus_major", _("Zygomaticus major"), 66, 158),
    Muscle("buccinator", _("Buccinator"), 62, 182),
    Muscle("risorius", _("Risorius"), 43, 196),
    Muscle("orbicularis_oris", _("Orbicularis oris"), 11, 176),
    Muscle("depressor_anguli_oris", _("Depressor anguli oris (DAO)"), 39, 218),
    Muscle("depressor_labii", _("Depressor labii inferioris (DLI)"), 18, 207),
    Muscle("mentalis", _("Mentalis"), 11, 229),
    Muscle("platysma", _("Platysma"), 32, 264),
)
"""From brow to neck, in the order in which they are listed."""

MUSCLE: Final = {muscle.code: muscle for muscle in MUSCLES}
MUSCLE_CHOICES: Final = [(muscle.code, muscle.name) for muscle in MUSCLES]
SIDE_CHOICES: Final = list(SIDES.items())

MOST_UNITS: Final[Mapping[str, float]] = {ToxinProduct.ABO: 150, ToxinProduct.RIMA: 2500}
"""The most units of one muscle and side that are taken for meant. Those that aren't named here: `USUAL_MOST`."""
USUAL_MOST: Final = 50.0

DRUGS: Final[Mapping[str, tuple[str, ...]]] = {
    TreatmentKind.STEROIDS: ("Prednisolone", "Prednisone", "Methylprednisolone", "Dexamethasone"),
    TreatmentKind.ANTIVIRALS: ("Valaciclovir", "Aciclovir", "Famciclovir"),
}
"""What is offered while a drug is typed. Any other may be."""

FIELDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    TreatmentKind.STEROIDS: ("drug", "dose_mg", "days"),
    TreatmentKind.ANTIVIRALS: ("drug", "dose_mg", "days"),
    TreatmentKind.THERAPY_START: ("therapy", "per_week", "weeks"),
    TreatmentKind.BOTULINUM_TOXIN: ("product", "injections"),
    TreatmentKind.SURGERY: ("operation", "side"),
    TreatmentKind.LID_WEIGHT: ("weight_g", "side"),
    TreatmentKind.OTHER: (),
}
"""What is told of each kind beside its date and its note. None of it has to be."""

DETAILS: Final = tuple(dict.fromkeys(name for names in FIELDS_OF.values() for name in names))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which figures one is taken for meant; where `whole`, fractions are not."""

    least: float
    most: float


BOUNDS: Final[Mapping[str, Bounds]] = {
    "dose_mg": Bounds(0.1, 5000),
    "days": Bounds(1, 365),
    "per_week": Bounds(1, 42),
    "weeks": Bounds(1, 260),
    "weight_g": Bounds(0.2, 5),
}
"""Doses a day: from dexamethasone in tenths of milligrams to aciclovir, 4000 mg a day."""


def kinds_with(name: str) -> tuple[str, ...]:
    """The kinds of which that is told."""
    return tuple(kind for kind, names in FIELDS_OF.items() if name in names)


def most_units(product: str) -> float:
    """The most units of one muscle and side that are taken for meant; of a product that nobody named, of any."""
    return MOST_UNITS.get(product, USUAL_MOST) if product else max(MOST_UNITS.values())


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields of a form that belong together, with the kinds that they are for."""

    title: str | Promise
    names: tuple[str, ...]

    @property
    def kinds(self) -> Collection[str]:
        """The kinds of which any of it is told."""
        return dict.fromkeys(kind for name in self.names for kind in kinds_with(name))


GROUPS: Final[tuple[FieldGroup, ...]] = (
    FieldGroup(_("Steroids or antivirals"), ("drug", "dose_mg", "days")),
    FieldGroup(_("Therapy"), ("therapy", "per_week", "weeks")),
    FieldGroup(_("Botulinum toxin"), ("product", "injections")),
    FieldGroup(_("Operation or lid weight"), ("operation", "weight_g", "side")),
)
