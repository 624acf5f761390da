"""Mandates: what they cover, what is used of them, deciding and booking at once under them."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from allocation import granting, mandates
from allocation.authority import why_not
from allocation.consents import SecondPersonNeeded
from allocation.decide import approve, refuse
from allocation.models import (
    Decision,
    LimitChange,
    Mandate,
    Move,
    Proposal,
    ProposalChange,
    RecomputeRequest,
    Transfer,
)
from allocation.still_so import Shown
from allocation.to_book import Booking
from allocation.verify import verify
from allocation.within_mandate import book_at_once, fresh, part_inside
from bets.models import Bet, Portfolio
from spm.accounts.models import ApiKey, Membership, Role, User
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.allocation.test_decide import as_shown, proposed, wrong_in_the_books
from tests.allocation.test_part import Office
from tests.at_once import at_once
from tests.factories import make_member, make_portfolio, make_stream


def terms(**more: Any) -> dict[str, Any]:
    """A mandate that covers all that can be left soon, up to 50,000 a move and 80,000 in all."""
    return {
        "most_per_move": Decimal(50_000),
        "most_per_30_days": Decimal(80_000),
        "expires_at": timezone.now() + timedelta(days=90),
        "reason": "Small moves wait for nobody.",
        **more,
    }


def granted(portfolio: Portfolio, holder: User | None = None, **more: Any) -> Any:
    """A mandate of a viewer, or of this holder."""
    holder = holder or make_member(portfolio, Role.VIEWER)
    finance = make_member(portfolio, Role.FINANCE)
    named = {} if "api_key" in more else {"user": holder.pk}
    return granting.grant(finance, portfolio, terms(**named, **more))


def why(mandate: Mandate, proposal: Proposal) -> list[str]:
    [use] = mandates.uses([mandate], timezone.now())
    whole = Booking(proposal)
    return mandates.why_not_covered(use, whole.changes, whole.moves)


@pytest.mark.django_db
def test_a_holder_decides_what_lies_wholly_inside_and_the_decision_names_the_mandate() -> None:
    portfolio, _, _, proposal = proposed()
    mandate = granted(portfolio)
    assert why_not(mandate.user, proposal) == ""
    decision = approve(mandate.user, proposal.pk, as_shown(proposal))
    assert (decision.mandate, decision.authority) == (mandate, f"Mandate {mandate.pk}")
    [use] = mandates.uses([mandate], timezone.now())
    assert (use.used, use.left) == (Decimal(30_000), Decimal(50_000))
    [later] = mandates.uses([mandate], timezone.now() + timedelta(days=30, minutes=1))
    assert later.used == 0
    assert wrong_in_the_books(portfolio) == []


@pytest.mark.django_db
def test_what_is_refused_uses_nothing_of_a_mandate() -> None:
    portfolio, _, _, proposal = proposed()
    mandate = granted(portfolio)
    decision = refuse(mandate.user, proposal.pk, as_shown(proposal), "Not yet.")
    assert decision.mandate == mandate
    assert mandates.uses([mandate], timezone.now())[0].used == 0


@pytest.mark.django_db
def test_each_limit_that_a_proposal_exceeds_is_said_in_words() -> None:
    portfolio, _, well, proposal = proposed()
    stream = make_stream(portfolio)
    Bet.objects.filter(pk=well.pk).update(liquidity="vineyard", stream=stream)
    narrow = granted(
        portfolio,
        scope={"stream": [str(stream.pk)]},
        most_per_move=Decimal(10_000),
        most_per_30_days=Decimal(25_000),
    )
    assert why(narrow, proposal) == [
        "Sick: its value stream is not in the mandate's scope.",
        "Well: the mandate covers stock and property only.",
        "One move is €20,000.00 a month; it covers at most €10,000.00.",
        "It moves €30,000.00 a month; of its €25,000.00 within 30 days €25,000.00 are left.",
    ]
    assert why(granted(portfolio, reversible_only=False), proposal) == []
    told = why_not(narrow.user, proposal)
    assert f"Mandate {narrow.pk} does not cover it: Sick: its value stream" in told


@pytest.mark.django_db
def test_an_expired_or_revoked_mandate_and_one_of_a_lapsed_key_give_no_right() -> None:
    portfolio, _, _, proposal = proposed()
    expired, revoked = granted(portfolio), granted(portfolio)
    Mandate.objects.filter(pk=expired.pk).update(
        starts_at=timezone.now() - timedelta(days=2), expires_at=timezone.now() - timedelta(days=1)
    )
    granting.revoke(make_member(portfolio, Role.FINANCE), revoked.pk, "The trial is over.")
    owner = make_member(portfolio, Role.CONTRIBUTOR)
    key, _ = ApiKey.issue(owner, portfolio.pk, "robot", ["read", "decide"])
    lapsed = granted(portfolio, api_key=key.pk)
    assert why_not(key, proposal) == ""
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    for holder in (expired.user, revoked.user, key):
        assert why_not(holder, proposal) != ""
    assert [each.pk for each in mandates.in_force(portfolio, timezone.now())] == []
    assert lapsed.pk and why_not(owner, proposal) != ""


@pytest.mark.django_db
def test_a_mandate_lends_nobody_a_hand_in_what_they_drew_up_or_gain_by_alone() -> None:
    portfolio, _, well, proposal = proposed()
    author, owner = granted(portfolio), granted(portfolio)
    proposal.contributors.add(author.user)
    Bet.objects.filter(pk=well.pk).update(owner=owner.user)
    assert "drew up or changed" in why_not(author.user, proposal)
    assert "Only bets that you own" in why_not(owner.user, proposal)


@pytest.mark.django_db
def test_who_may_not_decide_is_told_of_mandates_that_cover_it() -> None:
    portfolio, _, _, proposal = proposed()
    mandate = granted(portfolio)
    key, _ = ApiKey.issue(make_member(portfolio), portfolio.pk, "robot", ["read", "decide"])
    of_key = granted(portfolio, api_key=key.pk)
    granted(portfolio, most_per_move=Decimal(10))
    told = why_not(make_member(portfolio, Role.VIEWER), proposal)
    assert f"{mandate.user} (mandate {mandate.pk})" in told
    assert f"the key 'robot' (mandate {of_key.pk})" in told
    assert told.count("(mandate") == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"most_per_move": Decimal(0)}, "most_per_move"),
        ({"most_per_30_days": Decimal(49_999)}, "most_per_30_days"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at"),
        ({"expires_at": timezone.now() + timedelta(days=400)}, "expires_at"),
        ({"expires_at": None}, "expires_at"),
        ({"reason": ""}, "reason"),
        ({"scope": {"horizon": ["H3"]}}, "scope"),
        ({"scope": {"stream": ["999999"]}}, "scope"),
        ({"scope": {"liquidity": []}}, "scope"),
        ({"user": 999_999}, "user"),
        ({"user": None}, "user"),
        ({"books_at_once": "yes"}, "books_at_once"),
        ({"forever": True}, "forever"),
    ],
)
def test_what_cannot_be_granted_is_refused_with_the_field_named(
    given: dict[str, Any], field: str
) -> None:
    portfolio = make_portfolio()
    finance, holder = make_member(portfolio, Role.FINANCE), make_member(portfolio)
    with pytest.raises(Invalid) as refusal:
        granting.grant(finance, portfolio, terms(**{"user": holder.pk, **given}))
    assert set(refusal.value.fields) == {field}
    assert not Mandate.objects.exists()


@pytest.mark.django_db
def test_nobody_grants_a_mandate_to_themselves_or_to_their_own_key() -> None:
    portfolio = make_portfolio()
    finance, other = (make_member(portfolio, Role.FINANCE) for _ in range(2))
    key, _ = ApiKey.issue(finance, portfolio.pk, "mine", ["read", "decide"])
    reader, _ = ApiKey.issue(other, portfolio.pk, "reader", ["read"])
    for named, sentence in (
        ({"user": finance.pk}, "Nobody grants a mandate to themselves"),
        ({"api_key": key.pk}, "It is your own key"),
        ({"api_key": reader.pk}, "lacks the scope 'decide'"),
        ({"user": other.pk, "api_key": key.pk}, "Name one holder"),
    ):
        with pytest.raises(Invalid, match=sentence):
            granting.grant(finance, portfolio, terms(**named))
    with pytest.raises(NotAllowed):
        granting.grant(make_member(portfolio, Role.LEAD), portfolio, terms(user=other.pk))
    setter, _ = ApiKey.issue(finance, portfolio.pk, "setter", ["read", "limits"])
    with pytest.raises(NotAllowed, match="No key may grant a mandate"):
        granting.grant(setter, portfolio, terms(user=other.pk))


@pytest.mark.django_db
def test_granting_and_revoking_are_journalled_with_who_and_why() -> None:
    portfolio = make_portfolio()
    finance, holder = make_member(portfolio, Role.FINANCE), make_member(portfolio)
    mandate = granting.grant(finance, portfolio, terms(user=holder.pk))
    with pytest.raises(Invalid, match="reason"):
        granting.revoke(finance, mandate.pk, "  ")
    granting.revoke(finance, mandate.pk, "She has left the team.")
    with pytest.raises(Conflict, match="revoked already"):
        granting.revoke(finance, mandate.pk, "Once more.")
    rows = list(LimitChange.objects.filter(mandate=mandate).order_by("id"))
    assert [(row.before == {}, row.after["revoked"], row.reason) for row in rows] == [
        (True, False, "Small moves wait for nobody."),
        (False, True, "She has left the team."),
    ]
    assert {row.changed_by for row in rows} == {finance}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"most_per_30_days": Decimal(900_000)}, "most_per_30_days"),
        ({"reversible_only": False}, "reversible_only"),
        ({"expires_at": timezone.now() + timedelta(days=900)}, "expires_at"),
        ({"scope": {"stream": ["1"]}}, "scope"),
    ],
)
def test_a_mandate_that_was_widened_behind_the_journal_is_found(
    changed: dict[str, Any], name: str
) -> None:
    portfolio = make_portfolio()
    mandate = granted(portfolio)
    User.objects.filter(pk=mandate.user_id).update(name="Called otherwise by now")
    assert verify(portfolio) == []
    Mandate.objects.filter(pk=mandate.pk).update(**changed)
    [finding] = verify(portfolio)
    assert (finding.row, finding.problem) == (
        f"mandate {mandate.pk}",
        f"has another {name} than its journal says",
    )


@pytest.mark.django_db
def test_the_part_inside_a_mandate_leaves_out_what_lies_outside_and_can_be_decided_alone() -> None:
    office = Office()
    Bet.objects.filter(pk=office.sick.pk).update(liquidity="vineyard")
    mandate = granted(office.portfolio)
    [use] = mandates.uses([mandate], timezone.now())
    booking = part_inside(use, office.proposal)
    assert booking is not None and booking.part is not None
    assert booking.part.part.left_out == {office.sick.pk}
    assert booking.moved == Decimal(20_000)  # what 'Tired' gives
    assert why_not(mandate.user, office.proposal) != ""
    decision = approve(
        mandate.user, office.proposal.pk, office.shown(booking.part), booking.part.part
    )
    assert (decision.kind, decision.mandate) == (Decision.Kind.PARTLY_APPROVED, mandate)


@pytest.mark.django_db
def test_what_is_more_than_a_mandate_allows_is_left_out_too_or_nothing_is() -> None:
    office = Office()
    small = granted(office.portfolio, most_per_move=Decimal(5), most_per_30_days=Decimal(5))
    [use] = mandates.uses([small], timezone.now())
    assert part_inside(use, office.proposal) is None
    [all_of_it] = mandates.uses([granted(office.portfolio)], timezone.now())
    whole = part_inside(all_of_it, office.proposal)
    assert whole is not None and whole.part is None


@pytest.mark.django_db
def test_what_lies_inside_a_mandate_that_says_so_is_booked_at_once_in_its_holders_name() -> None:
    portfolio, _, _, proposal = proposed()
    granted(portfolio)
    assert book_at_once(portfolio.pk) == 0
    mandate = granted(portfolio, books_at_once=True)
    assert fresh() == [portfolio.pk]
    assert book_at_once(portfolio.pk) == 1
    decision = Decision.objects.get()
    assert (decision.proposal, decision.decided_by) == (proposal, mandate.user)
    assert decision.authority == f"Mandate {mandate.pk}, booked at once"
    assert decision.signed_with == ""
    assert book_at_once(portfolio.pk) == 0 and fresh() == []
    assert wrong_in_the_books(portfolio) == []


@pytest.mark.django_db
def test_nothing_is_booked_at_once_that_takes_two_people_or_has_not_seen_everything() -> None:
    portfolio, _, _, _ = proposed()
    granted(portfolio, books_at_once=True)
    Portfolio.objects.filter(pk=portfolio.pk).update(two_people_above=Decimal(29_999))
    assert book_at_once(portfolio.pk) == 0
    Portfolio.objects.filter(pk=portfolio.pk).update(two_people_above=None)
    RecomputeRequest.objects.create(
        portfolio=portfolio, reason="A term.", requested_at=timezone.now()
    )
    assert book_at_once(portfolio.pk) == 0
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_two_holders_of_mandates_can_be_the_two_who_are_needed() -> None:
    portfolio, _, _, proposal = proposed()
    Portfolio.objects.filter(pk=portfolio.pk).update(two_people_above=Decimal(1))
    first, second = granted(portfolio), granted(portfolio)
    with pytest.raises(SecondPersonNeeded) as waiting:
        approve(first.user, proposal.pk, as_shown(proposal))
    assert waiting.value.consent.mandate == first
    assert mandates.uses([first], timezone.now())[0].used == 0
    assert approve(second.user, proposal.pk, as_shown(proposal)).mandate == second


def drawn_up(portfolio: Portfolio, number: int, author: User) -> Proposal:
    """A person's proposal that moves 5,000 from one bet to another that no other touches."""
    sick, well = (
        Bet.objects.get(portfolio=portfolio, title=f"{title} {number}")
        for title in ("Sick", "Well")
    )
    now = timezone.now()
    figures = ("objective_current", "objective_proposed", "objective_bound", "gain")
    proposal = Proposal.objects.create(
        portfolio=portfolio,
        number=number,
        drawn_up_by=author,
        content_sha256=f"{number:064}",
        created_at=now,
        checked_at=now,
        horizon_months=24,
        gain_per_month_of_waiting=0.0,
        snapshot={},
        solution={},
        **dict.fromkeys(figures, 0.0),
    )
    for bet, before, after in ((sick, 9_000, 4_000), (well, 1_000, 6_000)):
        ProposalChange.objects.create(
            proposal=proposal,
            bet=bet,
            working_before=before,
            working_after=after,
            freed=Decimal(5_000) if after < before else 0,
            belief=0.5,
        )
    Move.objects.create(proposal=proposal, from_bet=sick, to_bet=well, amount=Decimal(5_000))
    return proposal


def test_decisions_at_once_under_one_mandate_never_exceed_its_thirty_days(
    committed_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from allocation import ledger
    from tests.factories import make_bet

    # Each decision owes a recomputation, which alone would keep the others out.
    monkeypatch.setattr("allocation.decide.ask", lambda *_: None)
    portfolio = make_portfolio()
    numbers = range(1, 9)
    held = {
        make_bet(portfolio, title=f"{title} {number}").pk: (Decimal(rate), Decimal(0))
        for number in numbers
        for title, rate in (("Sick", 9_000), ("Well", 1_000))
    }
    ledger.set_envelope(portfolio.pk, Decimal(80_000))
    ledger.open_positions(portfolio.pk, held)
    RecomputeRequest.objects.all().delete()
    author = make_member(portfolio)
    proposals = [drawn_up(portfolio, number, author) for number in numbers]
    mandate = granted(portfolio, most_per_move=Decimal(5_000), most_per_30_days=Decimal(17_000))
    outcomes = at_once(
        [
            partial(approve, mandate.user, each.pk, Shown(1, each.content_sha256))
            for each in proposals
        ]
    )
    kinds = sorted(type(each).__name__ for each in outcomes)
    assert kinds == ["Decision"] * 3 + ["MayNotDecide"] * 5, outcomes
    [use] = mandates.uses([mandate], timezone.now())
    assert (use.used, use.left) == (Decimal(15_000), Decimal(2_000))
    assert Transfer.objects.filter(decision__mandate=mandate).count() == 3


def test_revoking_and_deciding_at_once_leave_nothing_decided_after_the_revocation(
    committed_db: None,
) -> None:
    portfolio, _, _, proposal = proposed()
    mandate, finance = granted(portfolio), make_member(portfolio, Role.FINANCE)
    outcomes = at_once(
        [
            partial(approve, mandate.user, proposal.pk, as_shown(proposal)),
            partial(granting.revoke, finance, mandate.pk, "Now."),
        ]
    )
    assert isinstance(outcomes[1], Mandate), outcomes
    assert isinstance(outcomes[0], Decision | NotAllowed), outcomes


@pytest.mark.django_db
def test_a_holder_who_leaves_the_portfolio_decides_no_more() -> None:
    portfolio, _, _, proposal = proposed()
    mandate = granted(portfolio)
    Membership.objects.filter(user=mandate.user).delete()
    with pytest.raises(Proposal.DoesNotExist):
        approve(mandate.user, proposal.pk, as_shown(proposal))
