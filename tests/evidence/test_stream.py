"""The evidence stream across bets: what it shows, its filters, pages and export."""

import csv
import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from bets.edit import OFFICE
from bets.models import Hypothesis, Portfolio
from evidence.intake import NewEvidence, record, record_many, retract
from evidence.models import Evidence
from evidence.stream import ROWS, Wanted, page_of, stream
from spm.accounts.models import Role
from tests.evidence.test_log_pages import signed_in, text_of
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_member,
    make_portfolio,
    make_stream,
    make_team,
)

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true"}


def judgement(**fields: Any) -> NewEvidence:
    """A moderate judgement for."""
    return NewEvidence(
        **{"kind": "judgement", "direction": "for", "strength": "moderate", **fields}
    )


def a_portfolio() -> tuple[Portfolio, Any, Client, Hypothesis]:
    """A portfolio, its lead, their browser, and a hypothesis."""
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    hypothesis = make_hypothesis(make_bet(portfolio, title="Instant payout"))
    return portfolio, lead, signed_in(lead), hypothesis


def test_the_stream_shows_what_was_seen_on_which_bet_and_what_it_did() -> None:
    _, lead, client, hypothesis = a_portfolio()
    event = judgement(direction="against", strength="strong", note="Nobody came.", source="Shop")
    record(lead, hypothesis.pk, event)
    shown = text_of(client.get("/evidence"))
    for part in ("Instant payout", "Nobody came.", "Shop", "broke the thesis", "9%"):
        assert part in shown


def test_what_was_taken_back_is_struck_through_with_its_reason() -> None:
    _, lead, client, hypothesis = a_portfolio()
    taken = record(lead, hypothesis.pk, judgement())
    retract(lead, taken.evidence.pk, "Another product.")
    shown = client.get("/evidence").content.decode()
    assert '<span class="retracted">Moderate judgement for' in shown
    assert "Another product." in shown


def test_what_was_restored_is_not_struck_through_and_its_retraction_is() -> None:
    portfolio, lead, client, hypothesis = a_portfolio()
    taken = record(lead, hypothesis.pk, judgement()).evidence
    back = retract(lead, taken.pk, "Another product.").evidence
    again = retract(lead, back.pk, "It was ours.").evidence

    def taken_back() -> dict[int, int | None]:
        rows = page_of(stream(portfolio, Wanted())).rows
        return {row.evidence.pk: row.retraction and row.retraction.pk for row in rows}

    assert taken_back() == {taken.pk: None, back.pk: again.pk, again.pk: None}
    shown = client.get("/evidence").content.decode()
    assert '<span class="retracted">Moderate judgement for' not in shown
    assert "It was ours." in shown and "Restored" in shown
    third = retract(lead, taken.pk, "No, it was not.").evidence
    assert taken_back()[taken.pk] == third.pk


def test_evidence_can_be_taken_back_and_restored_from_the_stream_by_who_may() -> None:
    portfolio, lead, client, hypothesis = a_portfolio()
    taken = record(lead, hypothesis.pk, judgement()).evidence
    way = f'hx-get="/evidence/{taken.pk}/retract"'
    assert way in client.get("/evidence").content.decode()
    own = make_team(portfolio)
    contributor = signed_in(make_member(portfolio, Role.CONTRIBUTOR, teams=(own,)))
    assert way not in contributor.get("/evidence").content.decode()
    back = retract(lead, taken.pk, "Another product.").evidence
    shown = client.get("/evidence").content.decode()
    assert way not in shown and f'hx-get="/evidence/{back.pk}/retract"' in shown


def test_an_empty_stream_says_what_to_do_next() -> None:
    _, _, client, _ = a_portfolio()
    assert "Nothing has been learnt yet." in text_of(client.get("/evidence"))
    assert "No evidence matches." in text_of(client.get("/evidence?q=nothing"))


def test_who_is_in_no_portfolio_sees_none() -> None:
    from tests.factories import make_user

    shown = signed_in(make_user()).get("/evidence")
    assert "You are in no portfolio yet." in text_of(shown)


def test_filters_leave_what_was_asked_for() -> None:
    portfolio, lead, _, hypothesis = a_portfolio()
    value_stream = make_stream(portfolio)
    other = make_hypothesis(make_bet(portfolio, title="Loyalty", stream=value_stream))
    first = record(lead, hypothesis.pk, judgement(note="100% of them", source="Shop")).evidence
    second = record(lead, other.pk, judgement(direction="against", strength="decisive")).evidence
    third = record(lead, other.pk, NewEvidence(kind="ratio", likelihood_ratio=2)).evidence

    def found(**wanted: Any) -> set[int]:
        return set(stream(portfolio, Wanted(**wanted)).values_list("id", flat=True))

    assert found() == {first.pk, second.pk, third.pk}
    assert found(bet=hypothesis.bet_id) == {first.pk}
    assert found(stream=value_stream.pk) == {second.pk, third.pk}
    assert found(kind="ratio") == {third.pk}
    assert found(source=first.source_id) == {first.pk}
    assert found(only_breaks=True) == {second.pk}
    assert found(text="loyal") == {second.pk, third.pk}
    assert found(text="0%") == {first.pk}
    assert found(text="SHOP", kind="judgement") == {first.pk}


def test_pages_follow_each_other_without_gap_or_repetition() -> None:
    portfolio, lead, client, hypothesis = a_portfolio()
    # In bulk they share one moment, so that only the id parts them.
    for size in (ROWS + 3, ROWS + 1):
        record_many(lead, portfolio, [(hypothesis.pk, judgement())] * size)
    seen: list[int] = []
    cursor = ""
    for _ in range(4):
        page = page_of(stream(portfolio, Wanted()), cursor)
        seen += [row.evidence.pk for row in page.rows]
        cursor = page.older
        if not cursor:
            break
    everything = Evidence.objects.order_by("-recorded_at", "-id").values_list("id", flat=True)
    assert seen == list(everything)
    first = client.get("/evidence?kind=judgement").content.decode()
    older = next(part for part in first.split('"') if "before=" in part and "/rows" not in part)
    query = parse_qs(urlsplit(older.replace("&amp;", "&")).query)
    assert query["kind"] == ["judgement"] and query["before"]


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "before=99999999999999999-1",
        "before=1-99999999999999999999",
        "before=%00",
        "q=%00",
        "q=" + "x" * 300,
        "q=%ff%fe",
        "bet=x&stream=99999999999999999999&source=-1&kind=none",
        "bet=%C2%B2",
        "portfolio=x",
        "breaks=maybe",
    ],
)
def test_no_address_breaks_the_stream(query: str) -> None:
    _, lead, client, hypothesis = a_portfolio()
    record(lead, hypothesis.pk, judgement())
    for path in ("/evidence", "/evidence/rows", "/evidence.csv"):
        assert client.get(f"{path}?{query}").status_code in (200, 404)


def test_a_portfolio_that_one_may_not_see_has_no_stream() -> None:
    portfolio, lead, _, hypothesis = a_portfolio()
    record(lead, hypothesis.pk, judgement(note="Secret"))
    stranger = signed_in(make_member(make_portfolio()))
    assert "Secret" not in stranger.get("/evidence").content.decode()
    for path in ("/evidence/rows", "/evidence.csv"):
        assert stranger.get(f"{path}?portfolio={portfolio.pk}").status_code == 404
    assert "Secret" not in stranger.get(f"/evidence?bet={hypothesis.bet_id}").content.decode()


def test_the_export_has_every_row_and_no_formula() -> None:
    portfolio, lead, client, hypothesis = a_portfolio()
    bet = hypothesis.bet
    bet.title = "=cmd|' /C calc'!A0"
    bet.save()
    record_many(
        lead,
        portfolio,
        [(hypothesis.pk, judgement(note=f"+{n}", source="@home")) for n in range(ROWS + 10)],
    )
    answer = client.get("/evidence.csv")
    assert answer["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert len(rows) == ROWS + 10
    assert {row["bet"] for row in rows} == {"'=cmd|' /C calc'!A0"}
    assert {row["source"] for row in rows} == {"'@home"}
    assert all(row["note"].startswith("'+") for row in rows)
    assert rows[0]["reliability"] == "1.0"


def queries_of(client: Client, path: str) -> int:
    """How many queries a page costs."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)


def test_the_stream_costs_the_same_number_of_queries_whatever_there_is() -> None:
    portfolio, lead, client, hypothesis = a_portfolio()
    record(lead, hypothesis.pk, judgement())
    client.get("/evidence")
    few = queries_of(client, "/evidence"), queries_of(client, "/evidence/rows")
    for _ in range(10):
        other = make_hypothesis(make_bet(portfolio))
        for n in range(5):
            record(lead, other.pk, judgement(direction="against", source=f"Source {n}"))
    many = queries_of(client, "/evidence"), queries_of(client, "/evidence/rows")
    assert few == many
    assert many[0] <= 14


def test_events_that_were_delivered_together_show_the_belief_after_all_of_them() -> None:
    hypothesis = make_hypothesis(make_bet(make_portfolio()))
    said = {"kind": "judgement", "direction": "for", "strength": "strong"}
    events = [(hypothesis.pk, NewEvidence(**said, source=name)) for name in ("Sales", "Support")]
    record_many(OFFICE, hypothesis.bet.portfolio, events)
    page = page_of(stream(hypothesis.bet.portfolio, Wanted()), "")
    after = [row.belief_after for row in page.rows]
    assert after == [pytest.approx(100 / 101)] * 2
