"""What people read is in the words of a clinic, in each of its languages."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from .test_catalogue import FOLDER, read

NOT_SAID = {
    "en": {
        r"\b(movement|interval)s? left\b": "in a product about left and right: remaining movement",
        r"\blog (the|a|this|your) (new )?patient": "a patient is added",
        r"\bcarry out a right\b": "the request is named",
        r"\bwith care\b": "what is to be looked at is named",
        r"\bclinician's words? (is|stands|names|on|are)\b": "a finding, a grade",
        r"\bfor a clinician's word\b|\bhad a word\b": "to review, reviewed",
        r"\bthe model leaves (it|that) to you\b": "uncertain",
    },
    "id": {
        r"\bmenurut pasien sendiri\b": "that is what the patient says; a patient's own side is 'sisi pasien sendiri'",
        r"\bsisa gerakan kiri\b": "remaining, not left",
    },
}


def texts(language: str) -> set[str]:
    """All that pages, forms, files and messages say in that language."""
    return {
        text
        for entry in read(FOLDER / "django.po")
        for text in (
            entry.translations
            if language == "id"
            else [entry.parts["msgid"], entry.parts.get("msgid_plural", "")]
        )
        if text
    }


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_nothing_is_said_in_words_that_a_clinic_does_not_use(language):
    said = texts(language)
    assert len(said) > 1500
    found = {
        text: better
        for text in said
        for pattern, better in NOT_SAID[language].items()
        if re.search(pattern, text, re.IGNORECASE)
    }
    assert found == {}
