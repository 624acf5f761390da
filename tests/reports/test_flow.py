"""The flow page: what it counts, for which bets and days, and in how many queries."""

import csv
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocation.decide import approve
from bets.models import Bet, Dependency, Portfolio, StageChange
from reports.flow import Flow, FlowFilters
from spm.accounts.models import Role
from tests.allocation.test_decide import as_shown, proposed
from tests.factories import (
    make_bet,
    make_member,
    make_portfolio,
    make_stream,
    make_team,
    make_theme,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def moved(bet: Bet, *moves: tuple[str, float]) -> Bet:
    """The bet's journal: into which stage how many days ago."""
    for stage, days in moves:
        StageChange.objects.create(bet=bet, to_stage=stage, changed_at=ago(days))
    stage, days = moves[-1]
    bet.stage, bet.stage_entered_at = stage, ago(days)
    bet.save()
    return bet


def flow_of(portfolio: Portfolio, **parameters: str) -> Flow:
    return Flow(portfolio, FlowFilters.of(parameters), NOW)


def rows_of(flow: Flow, part: str) -> list[list[object]]:
    return flow.table(part).as_rows()[1:]


def test_bets_are_counted_in_and_out_of_each_stage_within_the_period() -> None:
    portfolio = make_portfolio()
    moved(make_bet(portfolio), ("funnel", 300), ("framing", 80), ("testing", 50), ("framing", 20))
    moved(make_bet(portfolio), ("funnel", 60), ("stopped", 30))
    assert rows_of(flow_of(portfolio, period="90"), "stages") == [
        ["Funnel", 1, 1, 0, 1, 0],
        ["Framing", 2, 1, 0, 0, 1],
        ["Ready", 0, 0, 0, 0, 0],
        ["Testing", 1, 0, 1, 0, 0],
        ["Scaling", 0, 0, 0, 0, 0],
        ["Sustaining", 0, 0, 0, 0, 0],
        ["Pivoted", 0, 0, 0, 0, 0],
        ["Stopped", 1, 0, 0, 0, 1],
    ]


def test_each_part_follows_the_period() -> None:
    portfolio = make_portfolio()
    moved(make_bet(portfolio), ("funnel", 300), ("framing", 200), ("ready", 20))
    recent, whole = flow_of(portfolio, period="90"), flow_of(portfolio, period="all")
    assert (recent.first, whole.first) == (date(2026, 4, 1), date(2025, 9, 3))
    # One stay ended within ninety days, that of 180 days in Framing.
    assert rows_of(recent, "time-in-stage")[1] == ["Framing", 1, 180, 180, 180, 180, 0]
    assert rows_of(whole, "time-in-stage")[0] == ["Funnel", 1, 100, 100, 100, 100, 0]
    assert rows_of(recent, "time-in-stage")[0] == ["Funnel", 0, "", "", "", "", 0]
    assert sum(int(str(row[1])) for row in rows_of(recent, "bets")) == 0
    assert sum(int(str(row[1])) for row in rows_of(whole, "bets")) == 1
    day, *counts = rows_of(recent, "cumulative")[-1]
    assert (day, counts) == ("2026-04-01", [0, 0, 0, 0, 0, 0, 1, 0])


@pytest.mark.parametrize("name", ["stream", "theme", "horizon"])
def test_filters_narrow_every_part(name: str) -> None:
    portfolio = make_portfolio()
    stream, theme = make_stream(portfolio), make_theme(portfolio)
    needed = make_bet(portfolio)
    ours = make_bet(portfolio, title="Ours", stream=stream, theme=theme, horizon="H3")
    theirs = make_bet(portfolio, title="Theirs", horizon="H1")
    for bet in (ours, theirs):
        moved(bet, ("funnel", 30), ("framing", 10))
        Dependency.objects.create(bet=bet, needs=needed)
    chosen = {"stream": str(stream.pk), "theme": str(theme.pk), "horizon": "H3"}[name]
    flow = flow_of(portfolio, **{name: chosen})
    assert [row.bet for row in flow.blocked] == [ours]
    assert [row[0] for row in rows_of(flow, "ageing")] == ["Ours"]
    assert rows_of(flow, "cumulative")[0][-2:] == [1, 0]
    assert rows_of(flow, "stages")[1] == ["Framing", 1, 0, 0, 0, 1]


def test_what_is_usual_is_that_of_the_whole_portfolio_as_on_the_cards() -> None:
    portfolio = make_portfolio()
    for days in (1, 2, 3, 10, 20):
        moved(make_bet(portfolio), ("testing", 30 + days), ("scaling", 30))
    moved(make_bet(portfolio, title="Long", horizon="H3"), ("testing", 15))
    assert rows_of(flow_of(portfolio, horizon="H3"), "ageing") == [
        ["Long", "Testing", 15, 14, "longer than usual", ""]
    ]


def test_bets_that_wait_stand_with_what_they_wait_for_the_longest_wait_first() -> None:
    portfolio = make_portfolio()
    full = make_team(portfolio, name="Pay Core", overload=Decimal(40_000))
    platform = make_bet(portfolio, title="Platform", stage="framing")
    late = moved(make_bet(portfolio, title="Late", teams={full: 1.0}), ("ready", 90))
    early = moved(make_bet(portfolio, title="Early"), ("framing", 200))
    gone = moved(make_bet(portfolio, title="Gone"), ("stopped", 300))
    for bet in (late, early, gone):
        Dependency.objects.create(bet=bet, needs=platform)
    waiting = flow_of(portfolio).blocked
    assert [row.bet for row in waiting] == [early, late]
    assert [(need.title, need.why) for need in waiting[1].needs] == [
        ("Platform", "not funded, in Framing"),
        ("Pay Core", "€40k/mo over its capacity"),
    ]
    Bet.objects.filter(pk=platform.pk).update(working=1)
    assert [row.bet for row in flow_of(portfolio).blocked] == [late]


def test_decisions_count_with_their_moves_and_money_for_the_bets_that_they_touch() -> None:
    portfolio, _, _, proposal = proposed()
    approve(make_member(portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))
    transfers = portfolio.transfers.filter(kind="move")
    money = float(sum(transfer.amount for transfer in transfers))
    flow = Flow(portfolio, FlowFilters.of({}), datetime.now(UTC))
    assert rows_of(flow, "decisions")[0][1:] == [1, 1, transfers.count(), money]
    other = FlowFilters.of({"stream": str(make_stream(portfolio).pk)})
    untouched = Flow(portfolio, other, datetime.now(UTC))
    assert rows_of(untouched, "decisions")[0][1:] == [0, 0, 0, 0]


def test_an_address_keeps_its_filters_and_what_cannot_be_is_left_out() -> None:
    filters = FlowFilters.of({"horizon": "H3", "period": "365", "owner": "7", "theme": "x"})
    assert filters.query == "horizon=H3&period=365"
    assert FlowFilters.of({"period": "1e9"}).query == ""


def page_of(portfolio: Portfolio, address: str) -> str:
    client = Client()
    client.force_login(make_member(portfolio))
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_page_shows_every_part_with_its_csv_under_the_same_filters() -> None:
    portfolio = make_portfolio()
    moved(make_bet(portfolio, title="Ours", horizon="H3"), ("funnel", 9))
    html = page_of(portfolio, "/flow?horizon=H3&period=all")
    for part in ("cumulative", "ageing", "time-in-stage", "decisions", "bets", "stages"):
        address = f"/flow/{part}.csv?horizon=H3&period=all"
        assert address.replace("&", "&amp;") in html
        text = page_of(portfolio, address)
        assert len(list(csv.reader(text.splitlines()))) > 1
    assert 'href="/flow?horizon=H3"' in page_of(portfolio, "/kanban?horizon=H3")


def test_there_is_no_csv_of_a_part_that_there_is_not() -> None:
    client = Client()
    client.force_login(make_member(make_portfolio()))
    assert client.get("/flow/secrets.csv").status_code == 404


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("address", ["/flow", "/flow?horizon=H2&period=all"])
def test_the_page_takes_a_fixed_number_of_queries(address: str) -> None:
    portfolio = make_portfolio()
    client = Client()
    client.force_login(make_member(portfolio))
    needed, full = make_bet(portfolio), make_team(portfolio, overload=1)
    Dependency.objects.create(bet=moved(make_bet(portfolio), ("funnel", 9)), needs=needed)
    few = queries_of(client, address)
    for _ in range(10):
        bet = make_bet(portfolio, teams={full: 1.0}, stream=make_stream(portfolio))
        moved(bet, ("funnel", 30), ("framing", 20), ("ready", 10))
        Dependency.objects.create(bet=bet, needs=needed)
    assert queries_of(client, address) == few <= 16


def test_ten_thousand_stage_changes_stay_fast() -> None:
    cache.clear()
    portfolio = make_portfolio()
    bets = Bet.objects.bulk_create(
        Bet(portfolio=portfolio, title=f"Bet {n}", stage="scaling", stage_entered_at=ago(n % 90))
        for n in range(2_000)
    )
    stages = ("funnel", "framing", "ready", "testing", "scaling")
    StageChange.objects.bulk_create(
        StageChange(bet=bet, to_stage=stage, changed_at=ago(n % 90 + 30 * (5 - place)))
        for n, bet in enumerate(bets)
        for place, stage in enumerate(stages)
    )
    client = Client()
    client.force_login(make_member(portfolio))
    client.get("/flow")
    started = time.process_time()
    answer = client.get("/flow?period=all")
    assert time.process_time() - started < 2.0  # 0.35 s on a quiet machine
    assert answer.status_code == 200
    assert len(answer.content) < 600_000


def test_the_page_follows_its_portfolio_with_the_same_filters() -> None:
    portfolio = make_portfolio()
    stream = make_stream(portfolio)
    make_bet(portfolio, stream=stream)
    client = Client()
    client.force_login(make_member(portfolio))
    page = client.get(f"/flow?stream={stream.pk}").content.decode()
    assert f'data-live="board ledger proposals" data-live-src="/flow?stream={stream.pk}"' in page
    address = f"/flow?stream={stream.pk}"
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div class="stack stack--loose" id="flow"')
    assert "<html" not in part
