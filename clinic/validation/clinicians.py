"""Agreement between a clinic's clinicians: those who read a visit first, and those who read it blind after them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from clinic.examination.scales import BY_CODE
from clinic.examination.selectors_second import readings_of
from inference.pipeline.codes import GRADES

from .agreement import Share
from .interrater import Coefficient, icc_agreement, kappa_of_grades, linear, quadratic


@dataclass(frozen=True, slots=True)
class CliniciansAgreement:
    """Of House-Brackmann grades how many were the same, or within one, and weighted kappa by both weights; of
    Sunnybrook's totals the ICC(2,1)."""

    same: Share
    within_one: Share
    quadratic: Coefficient
    linear: Coefficient
    sunnybrook: Coefficient


def agreement_between(*, clinic_id: uuid.UUID) -> CliniciansAgreement:
    """From the newest blind reading of each visit of the clinic, against what its first reader had said until then."""
    readings = readings_of(clinic_id=clinic_id)
    grades = [(one.first_grade, one.grade) for one in readings]
    ends = {"lowest": GRADES[0], "highest": GRADES[-1]}
    version = BY_CODE["sunnybrook"].version
    totals = [
        (one.first_total, one.total)
        for one in readings
        if one.first_total is not None and one.total is not None and one.scale_version == version
    ]
    return CliniciansAgreement(
        same=Share(sum(a == b for a, b in grades), len(grades)),
        within_one=Share(sum(abs(a - b) <= 1 for a, b in grades), len(grades)),
        quadratic=kappa_of_grades(grades, **ends, weight=quadratic),
        linear=kappa_of_grades(grades, **ends, weight=linear),
        sunnybrook=icc_agreement(totals),
    )
