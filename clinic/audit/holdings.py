"""Everything that is held of a patient: which tables, how they lead to the patient, and what becomes of them.

One list for three duties: what a patient's copy contains, what erasure destroys, and what a test compares with all
models that exist, so that a table which is added later is in the copy and in the destruction, or stands below with
the reason why it is not.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db.models import Model, Q, QuerySet


@dataclass(frozen=True, slots=True)
class Holding:
    """One table. `section`: its name in a patient's copy. `or_path`: of rows that lead there another way. `without`:
    columns that are not copied, with the reason."""

    model: str
    path: str
    section: str = ""
    or_path: str = ""
    not_copied: str = ""
    not_destroyed: str = ""
    without: tuple[str, ...] = ()

    def rows(self, patient_id: uuid.UUID) -> QuerySet[Any]:
        """The patient's rows, as they are, whoever asks."""
        wanted = Q(**{self.path: patient_id})
        if self.or_path:
            wanted |= Q(**{self.or_path: patient_id})
        found: QuerySet[Any] = self.table._base_manager.filter(wanted)
        return found

    @property
    def table(self) -> Any:
        model: type[Model] = apps.get_model(self.model)
        return model


# The order is that of destruction: a row goes before the rows that it points to.
HOLDINGS: Final[tuple[Holding, ...]] = (
    Holding("examination.BlindReading", "second__visit__patient", "blind_readings"),
    Holding("examination.HistoricalSecondReading", "visit__patient", "second_reading_history"),
    Holding("examination.SecondReading", "visit__patient", "second_readings"),
    Holding(
        "examination.HistoricalAssessment", "visit__patient", "assessment_history", or_path="episode__patient"
    ),
    Holding("examination.Assessment", "visit__patient", "assessments", or_path="episode__patient"),
    Holding("patients.HistoricalPatientLink", "episode__patient", "patient_link_history"),
    Holding("patients.PatientLink", "episode__patient", "patient_links", without=("secret_hash",)),
    Holding("examination.RedFlagScreening", "episode__patient", "red_flag_screenings"),
    Holding("home.HomePractice", "programme__episode__patient", "home_practice"),
    Holding("home.HistoricalHomeProgramme", "episode__patient", "home_programme_history"),
    Holding("home.HomeProgramme", "episode__patient", "home_programmes"),
    Holding("examination.HistoricalTask", "patient", "task_history"),
    Holding("examination.Task", "patient", "tasks"),
    Holding(
        "feed.Change",
        "patient",
        not_copied="Identifiers and codes that tell other programs what to fetch; the records are in the copy.",
        not_destroyed="A line of codes stays, under an identifier that leads to nobody: copies elsewhere must go too.",
    ),
    Holding("visits.Confirmation", "photo__visit__patient", "confirmations"),
    Holding("visits.VisitConfirmation", "visit__patient", "visit_confirmations"),
    Holding(
        "inference.VisitTally",
        "patient",
        not_copied="Counts for the clinic's validation ledger, made of the results and words that are in the copy.",
    ),
    Holding(
        "recovery.VisitSummary",
        "patient",
        not_copied="Which visits wait for a word, for the clinic's list; made of the visits that are in the copy.",
    ),
    Holding("inference.BackgroundAnalysis", "photo__visit__patient", "background_analyses"),
    Holding("inference.WithheldAnalysis", "analysis__photo__visit__patient", "withheld_analyses"),
    Holding("inference.LandmarkCorrection", "analysis__photo__visit__patient", "landmark_corrections"),
    Holding("inference.Analysis", "photo__visit__patient", "analyses"),
    Holding("visits.Dismissal", "visit__patient", "dismissals"),
    Holding("visits.HistoricalSkippedExercise", "visit__patient", "skipped_exercise_history"),
    Holding("visits.SkippedExercise", "visit__patient", "skipped_exercises"),
    Holding("visits.HistoricalPhoto", "visit__patient", "photo_history", without=("original_sha256",)),
    # The names under which files lie tell the patient nothing, and a thief where to look.
    Holding("visits.Photo", "visit__patient", "photos", without=("image", "thumbnail")),
    Holding("visits.HistoricalVisit", "patient", "visit_history"),
    Holding("visits.Visit", "patient", "visits"),
    Holding("patients.HistoricalTreatment", "episode__patient", "treatment_history"),
    Holding("patients.Treatment", "episode__patient", "treatments"),
    Holding("patients.HistoricalEpisode", "patient", "episode_history"),
    Holding("patients.Episode", "patient", "episodes"),
    Holding("patients.Consent", "patient", "consents"),
    Holding("patients.Correction", "patient", "corrections"),
    Holding("patients.Restriction", "patient", "restrictions"),
    # That there is a hold is told; the clinic's reasons are part of how it prepares for a dispute.
    Holding("patients.LegalHold", "patient", "legal_holds", without=("reason", "lifted_reason")),
    Holding(
        "patients.Erasure",
        "patient",
        "erasures",
        not_destroyed="It says that a record was destroyed, when and by whom, and nothing of the patient.",
    ),
    Holding(
        "recovery.PatientSummary",
        "patient",
        not_copied="Figures for the clinic's lists, made of the visits and analyses that are in the copy.",
    ),
    Holding("audit.Reason", "event__patient", "access_reasons", without=("salt",)),
    Holding("patients.HistoricalPatient", "id", "patient_history"),
    Holding("patients.Patient", "pk", "patient"),
    Holding(
        "audit.AuditEvent",
        "patient",
        "access_log",
        not_destroyed="The log can be added to only. It holds identifiers and codes; who the identifier was, and the "
        "reasons that were typed for unusual access, are destroyed with the record.",
    ),
    Holding(
        "audit.Seal",
        "event__patient",
        not_copied="Hashes over the lines of the log, which are in the copy themselves.",
        not_destroyed="Without them the log's chain would break; they tell nothing.",
    ),
)
BY_MODEL: Final = {holding.model: holding for holding in HOLDINGS}
