"""What was done of a home programme, week by week."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from clinic.home.adherence import weeks

FIRST = dt.date(2026, 3, 2)


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(number)


def test_a_whole_week_is_what_was_done_of_what_was_asked():
    [week] = weeks({day(0): 6, day(3): 3}, starts_on=FIRST, until=day(6), times_a_day=6, per_week=7)
    assert (week.done, week.asked, week.days) == (9, 42, 7)


def test_of_five_days_a_week_the_best_five_count_and_no_day_more_than_was_asked():
    done = {day(number): times for number, times in enumerate((9, 6, 6, 1, 6, 2, 6))}
    [week] = weeks(done, starts_on=FIRST, until=day(6), times_a_day=6, per_week=5)
    assert (week.done, week.asked, week.share) == (30, 30, 1.0)


def test_the_week_that_is_not_over_is_held_against_its_own_days():
    first, second = weeks({day(7): 6}, starts_on=FIRST, until=day(7), times_a_day=6, per_week=7)
    assert (first.done, first.asked) == (0, 42)
    assert (second.begins, second.days, second.done, second.asked) == (day(7), 1, 6, 6)


def test_days_before_and_after_are_left_out_and_a_programme_ahead_has_no_week():
    [week] = weeks({day(-1): 6, day(7): 6}, starts_on=FIRST, until=day(6), times_a_day=6, per_week=7)
    assert week.done == 0
    assert weeks({}, starts_on=FIRST, until=day(-1), times_a_day=6, per_week=7) == []


@given(
    done=st.dictionaries(st.integers(-3, 40), st.integers(0, 20)),
    until=st.integers(0, 40),
    times=st.integers(1, 12),
    per_week=st.integers(1, 7),
)
def test_a_share_lies_between_nothing_and_all_and_more_practice_is_never_less(done, until, times, per_week):
    asked = {"starts_on": FIRST, "until": day(until), "times_a_day": times, "per_week": per_week}
    found = weeks({day(number): count for number, count in done.items()}, **asked)
    assert sum(week.days for week in found) == until + 1
    assert all(0 <= week.share <= 1 and week.asked > 0 for week in found)
    more = weeks({day(number): count + 1 for number, count in done.items()}, **asked)
    assert all(one.done >= two.done for one, two in zip(more, found, strict=True))
