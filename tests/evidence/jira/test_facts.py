"""What is known does not depend on who says it first, or how often."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.jira.facts import Facts, moment_in, moment_of, stamp, together

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
facts = st.dictionaries(
    st.sampled_from(["summary", "status", "key"]),
    st.builds(
        lambda minutes, change, value: [
            stamp(BEGAN + timedelta(minutes=minutes), value, change),
            value,
        ],
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from(["", "a", "b"]),
    ),
)


@given(st.lists(facts, min_size=1, max_size=3))
def test_the_order_and_the_number_of_times_do_not_matter(said: list[Facts]) -> None:
    ends = []
    for order in itertools.permutations([*said, said[0]]):
        known: Facts = {}
        for each in order:
            known = together(known, each)
        ends.append(known)
    assert all(end == ends[0] for end in ends)


def test_a_later_moment_counts_then_a_later_change() -> None:
    later = BEGAN + timedelta(milliseconds=1)
    assert stamp(later, "a") > stamp(BEGAN, "z", 999) > stamp(BEGAN, "z", 99)
    assert moment_in({"status": [stamp(later, "a"), "a"]}, "status") == later


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-02-15T19:01:52.971-0800", datetime(2019, 2, 16, 3, 1, 52, 971000, tzinfo=UTC)),
        ("2019-06-28T21:31:58.040+0000", datetime(2019, 6, 28, 21, 31, 58, 40000, tzinfo=UTC)),
        ("2019-02-15T19:01:52", None),
        ("0001-01-01T00:00:00+1400", None),
        ("9999-12-31T23:59:59-1400", None),
        ("yesterday", None),
        (1550286113023, None),
        (None, None),
    ],
)
def test_a_time_as_jira_writes_it(text: object, moment: datetime | None) -> None:
    assert moment_of(text) == moment
