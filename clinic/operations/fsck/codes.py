"""Everything that a check can find: a code, what it means, and what to do. No sentence names anybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding. repairable: `fsck --repair` can put it right without losing anything."""

    code: str
    sentence: str | Promise
    remedy: str | Promise
    repairable: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding: its code, and the identifier or random file name that it is about."""

    code: str
    subject: str = ""


RESTORE = _("Restore it from the last backup, and look at the disk's own reports.")
DEVELOPERS = _("Nothing to do by hand: report it with the identifier, it is an error of the program.")
REPAIR = _("Run “manage.py fsck --repair”.")

TABLE: tuple[Code, ...] = (
    Code("photo_missing", _("A photo's file is not in the store."), RESTORE),
    Code(
        "photo_altered", _("A photo's file is not the one that was stored: its checksum is another."), RESTORE
    ),
    Code("photo_unreadable", _("A photo's file can't be read from the disk."), RESTORE),
    Code(
        "key_missing",
        _("The key that opens a photo's file is not there."),
        _(
            "Restore the folder of keys from its own backup. Don't make new keys: old photos need the old ones."
        ),
    ),
    Code("thumbnail_missing", _("A photo's small picture is not in the store."), REPAIR, repairable=True),
    Code("thumbnail_unreadable", _("A photo's small picture can't be opened."), REPAIR, repairable=True),
    Code("file_of_two", _("Two rows name the same file."), DEVELOPERS),
    Code(
        "orphan_file",
        _("A file in the store belongs to no photo."),
        _("Run “manage.py fsck --repair”: it moves such files aside, into the store's folder “orphans”."),
        repairable=True,
    ),
    Code(
        "leftover_part",
        _("A half-written file was left behind by a process that died."),
        _("Run “manage.py fsck --repair”: it moves such files aside, into the store's folder “orphans”."),
        repairable=True,
    ),
    Code(
        "running_without_lease",
        _("An analysis runs without a lease, so nobody would take it back."),
        DEVELOPERS,
    ),
    Code(
        "lease_overdue",
        _("An analysis runs, though its lease ended long ago."),
        _(
            "Look whether beat and the housekeeping queue's worker run: the watchdog puts it back into the queue."
        ),
    ),
    Code(
        "waiting_for_days",
        _("An analysis has waited for more than a day."),
        _("Look whether a worker runs; if one does, restart it. The photo is safe."),
    ),
    Code("succeeded_without_findings", _("An analysis is done, but holds no findings."), DEVELOPERS),
    Code("ended_without_reason", _("An analysis was rejected or failed without a reason."), DEVELOPERS),
    Code("reason_unknown", _("An analysis ended with a reason that this version does not know."), DEVELOPERS),
    Code("numbers_without_success", _("An analysis without a result holds numbers."), DEVELOPERS),
    Code(
        "ended_before_it_began",
        _("An analysis ended before it began."),
        _("Check the clocks of all machines."),
    ),
    Code("attempts_disorderly", _("An analysis counts more attempts than it may have."), DEVELOPERS),
    Code(
        "open_of_archived",
        _("The photo of a waiting analysis was removed."),
        REPAIR,
        repairable=True,
    ),
    Code(
        "photo_without_analysis",
        _("A photo was never queued for analysis."),
        _("Run “manage.py reanalyse” with the release in use."),
    ),
    Code(
        "confirmation_without_result",
        _("A clinician's confirmation is of an analysis without a result."),
        DEVELOPERS,
    ),
    Code(
        "confirmation_of_another_photo",
        _("A clinician's confirmation names another photo than its analysis."),
        DEVELOPERS,
    ),
    Code("visit_of_another_patient", _("A visit names the episode of another patient."), DEVELOPERS),
    Code(
        "summary_differs",
        _("The figures in the lists differ from a patient's records."),
        REPAIR,
        repairable=True,
    ),
    Code(
        "summary_of_altered",
        _(
            "The figures in the lists differ from a patient's records, and the records from what the log says."
        ),
        _(
            "Nothing is made anew of it. Run “manage.py audit verify”, keep the database as it is, tell whoever "
            "answers for data protection, and compare with a backup."
        ),
    ),
    Code(
        "ledger_differs",
        _("A clinic's counts of how releases agree with its clinicians differ from its visits."),
        REPAIR,
        repairable=True,
    ),
    Code(
        "list_counts_differ",
        _("The counts beside the filters of a clinic's lists differ from its patients."),
        REPAIR,
        repairable=True,
    ),
    Code(
        "statement_untold",
        _("A confirmation, a consent or a result is on record of which no line of the log tells."),
        _("Keep the database as it is, tell whoever answers for data protection, and compare with a backup."),
    ),
    Code(
        "record_altered",
        _("A patient's record differs from what its own history says."),
        _("Keep the database as it is, tell whoever answers for data protection, and compare with a backup."),
    ),
    Code(
        "release_unusable",
        _("A registered model release is missing or altered."),
        _(
            "Restore its folder from the backup or from the release that you installed, then restart the worker."
        ),
    ),
    Code(
        "audit_chain_broken",
        _("The log of reads and changes has a gap or a changed line."),
        _("Keep the database as it is, tell whoever answers for data protection, and compare with a backup."),
    ),
    Code(
        "database_damaged",
        _("The database itself reports damage."),
        _("Stop the service, keep a copy of the files as they are, and restore the last backup."),
    ),
    Code(
        "index_invalid",
        _("An index or a constraint of the database is not in force."),
        _("Run REINDEX or VALIDATE CONSTRAINT for it, as PostgreSQL's manual says."),
    ),
)
BY_CODE = {code.code: code for code in TABLE}


def explain(code: str) -> Code:
    """What a code means; one of another version is said to be so."""
    return BY_CODE.get(code) or Code(code, _("Another version of the program found this."), DEVELOPERS)


def counted(codes: Iterable[str]) -> dict[str, int]:
    """How often each, in the table's order."""
    found = list(codes)
    order = [code.code for code in TABLE]
    return {
        code: found.count(code)
        for code in sorted(set(found), key=lambda c: order.index(c) if c in order else 99)
    }
