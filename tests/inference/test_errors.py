"""The table of reasons, walked, and compared with what the pipeline can say."""

from __future__ import annotations

from django.utils import translation

from inference.errors import BY_CODE, TABLE, explain
from inference.models import Analysis
from inference.pipeline.codes import RejectionReason
from inference.pipeline.errors import ERRORS


def test_each_code_has_a_sentence_and_something_to_do():
    assert len(BY_CODE) == len(TABLE)
    longest = Analysis._meta.get_field("error_code").max_length
    with translation.override("en"):
        for error in TABLE:
            assert error.kind in ("rejected", "failed")
            assert str(error.sentence).endswith(".") and str(error.action).endswith("."), error.code
            assert str(error.sentence) != str(error.action)
            assert len(error.code) <= longest
            assert "_" not in f"{error.sentence} {error.action}", "a clinician reads words, not codes"


def test_rejections_are_exactly_those_of_the_pipeline():
    assert {e.code for e in TABLE if e.kind == "rejected"} == {reason.value for reason in RejectionReason}


def test_another_try_never_helps_a_rejected_photo():
    assert not [e.code for e in TABLE if e.kind == "rejected" and e.retry]


def test_failures_are_those_of_the_pipeline_and_those_of_the_queue():
    queue = {"timed_out", "worker_lost", "out_of_memory", "internal"}
    store = {"file_missing", "file_altered", "key_missing", "store_away"}
    assert {e.code for e in TABLE if e.kind == "failed"} == set(ERRORS) | queue | store


def test_what_the_pipeline_would_try_again_may_be_tried_again():
    for code, error in ERRORS.items():
        if error.retry:
            assert explain(code).retry, code


def test_an_unknown_code_is_an_error_of_the_program():
    assert explain("never_heard_of").code == "internal"
