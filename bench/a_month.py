"""A month of an office on phones: evidence, thirty proposals decided, and the journal by hand.

    python -m bench.a_month [--shots FOLDER] [--proposals 30]

Starts the product with its demo portfolio. The team logs evidence on a phone of 390 pixels, the
worker proposes, and the CFO and the lead decide on theirs: whole, in part by ticks and by amounts,
refused and later approved after all, under a mandate until it is used up, and a stop with its
dependents. In the end the books are proved, and the journal's figures are worked out once more
from the raw transfers and decisions (``bench.journal_by_hand``) and held against what its page and
its files show. What does not agree, and every fault of a page, is printed; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.month_learning import Learning
from bench.product import PROJECT, Product, environment

INSIDE, SIGN_INS = "SPM_BENCH_INSIDE", "SPM_BENCH_SIGN_INS"
PER_MOVE, PER_30_DAYS = 200_000, 240_000
MANDATE_AT, STOP_AT = 6, 4
LEAST_LEFT = Decimal(1000)
CENT = Decimal("0.01")


def main(arguments: Sequence[str]) -> int:
    """Start the product, and this script again inside its home, where Django finds its servers."""
    with tempfile.TemporaryDirectory(prefix="spm-bench-") as directory:
        home = Path(directory) / "home"
        product = Product(home)
        product.wait_until_ready()
        lines = (home / "services.env").read_text().splitlines()
        servers = dict(line.split("=", 1) for line in lines if "=" in line)
        inside = {**environment(home), **servers, INSIDE: f"http://127.0.0.1:{product.port}"}
        inside[SIGN_INS] = _sign_ins(product)
        inside["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser keeps a loop in this thread
        try:
            command = [sys.executable, "-m", "bench.a_month", *arguments]
            return subprocess.run(command, cwd=PROJECT, env=inside, check=False).returncode
        finally:
            product.stop()


def _sign_ins(product: Product) -> str:
    """The lines that say who signs in with what; they follow the one that it is ready."""
    assert product.process.stdout is not None
    told = []
    for line in product.process.stdout:
        told.append(line.rstrip())
        if line.startswith("Logs: "):
            break
    return "\n".join(line for line in told if " / " in line)


class Month:
    """The office, its phones, and what has happened so far."""

    def __init__(self, browser: Any, url: str, shots: Path | None) -> None:
        from bench.phones import Phone
        from bets.models import Portfolio

        self.portfolio = Portfolio.objects.get()
        self.faults: list[str] = []
        known = re.findall(r"(\S+)@demo\.example / (\S+)", os.environ[SIGN_INS])
        phones = {
            name: Phone(browser, url, (f"{name}@demo.example", password), self.faults, shots)
            for name, password in known
            if name in ("team", "lead", "cfo")
        }
        self.team, self.lead, self.cfo = phones["team"], phones["lead"], phones["cfo"]
        self.learning = Learning(self.team, self.portfolio)
        self.decided = 0
        self.told: Counter[str] = Counter()
        self.mandate: Any = None
        self.mandate_is_used_up = self.was_stopped = False

    def play(self, proposals: int) -> None:
        """Decide so many proposals."""
        while self.decided < proposals:
            if self.decided >= STOP_AT and not self.was_stopped:
                self._stop()
                continue
            proposal = self.learning.next_proposal(self.decided)
            print(f"{self.decided + 1:2}. {proposal}: ", end="", flush=True)
            self._decide(proposal)
            self.decided += 1

    # --- deciding ---

    def _decide(self, proposal: Any) -> None:
        changes = list(proposal.changes.select_related("bet").order_by("pk"))
        if self.learning.wrongly is not None and self._is_wrongly_refused_again(changes):
            self._approve_after_all(proposal)
            return
        if (
            self.decided >= MANDATE_AT
            and not self.mandate_is_used_up
            and self.learning.wrongly is None
        ):
            self._by_mandate(proposal, changes)
            return
        way = self.decided % 5
        if way == 1 and len(changes) > 1:
            self._without(proposal, changes)
        elif way == 2:
            self._with_less(proposal, changes)
        elif way == 3 and self.learning.wrongly is None:
            self._refuse(proposal, changes)
        else:
            self._whole(proposal)

    def _whole(self, proposal: Any) -> None:
        self.cfo.open_proposal(proposal.pk)
        if self.decided == 0:
            self.cfo.look("proposal-first-screen")
            self.cfo.picture("proposal")
        self._note("approved whole", self.cfo.approve("As the evidence says."))

    def _without(self, proposal: Any, changes: list[Any]) -> None:
        self.cfo.open_proposal(proposal.pk)
        change = min(changes, key=lambda each: abs(each.working_after - each.working_before))
        self.cfo.leave_out(change.bet_id)
        if self.told["approved in part"] == 0:
            self.cfo.picture("part-by-ticks")
        self._part_or_whole(proposal, f"without {change.bet}")

    def _with_less(self, proposal: Any, changes: list[Any]) -> None:
        self.cfo.open_proposal(proposal.pk)
        change = max(changes, key=lambda each: abs(each.working_after - each.working_before))
        half = ((change.working_before + change.working_after) / 2).quantize(Decimal(1000))
        self.cfo.set_amount(change.bet_id, half)
        if self.told["by amounts"] == 0:
            self.cfo.picture("part-by-amounts")
        self.told["by amounts"] += 1
        self._part_or_whole(proposal, f"{change.bet} at {half}")

    def _part_or_whole(self, proposal: Any, how: str) -> None:
        """Approve the part; where it cannot be booked, the whole, as one would."""
        if "cannot be booked" in self.cfo.part:
            print(f"({how}: {self.cfo.part}) ", end="")
            self.cfo.picture(f"part-cannot-{proposal.number}")
            self._whole(proposal)
            return
        self._note(f"approved in part ({how})", self.cfo.approve("The rest waits."))

    def _refuse(self, proposal: Any, changes: list[Any]) -> None:
        less = [each for each in changes if each.working_after < each.working_before]
        self.cfo.open_proposal(proposal.pk)
        said = self.cfo.refuse("One bad month is no trend: show it again.")
        if self.told["refused"] == 0 and less:
            self.learning.wrongly = max(
                less, key=lambda each: each.working_before - each.working_after
            )
            self.cfo.picture("refused", whole=False)
        self._note("refused", said)

    def _is_wrongly_refused_again(self, changes: list[Any]) -> bool:
        return any(
            each.bet_id == self.learning.wrongly.bet_id and each.working_after < each.working_before
            for each in changes
        )

    def _approve_after_all(self, proposal: Any) -> None:
        self.cfo.open_proposal(proposal.pk)
        self._note(
            f"approved after all ({self.learning.wrongly.bet})",
            self.cfo.approve("The refusal was wrong."),
        )
        self.told["refusals that turned out wrong"] += 1
        self.learning.wrongly = None

    def _note(self, what: str, said: str) -> None:
        print(f"{what}: {said[:120]}")
        if not said.startswith(("Approved", "Refused")):
            self.faults.append(f"{what}: {said}")
        self.told[what.partition(" (")[0]] += 1

    # --- the mandate ---

    def _by_mandate(self, proposal: Any, changes: list[Any]) -> None:
        """The lead decides under their mandate what fits in it; the CFO what does not any more."""
        if self.mandate is None:
            self.mandate = self._another_mandate()
        left = self._left()
        self.lead.open_proposal(proposal.pk)
        if left >= LEAST_LEFT:
            self._fit(changes, left)
            if self.lead.right.startswith("You decide by this right: Mandate"):
                offered, said = self.lead.right, self.lead.approve("Inside my mandate.")
                if said.startswith("Approved"):
                    self._note("approved by mandate", said)
                    print(f"    left of the mandate: {self._left():,.2f}")
                    return
                self.faults.append(f"{proposal}: the page said {offered!r}, and then {said!r}")
            print(f"(nothing of it fits: {self.lead.right}) ", end="")
            self._whole(proposal)
            return
        words = self.lead.right
        print(f"the lead is told: {words}")
        assert "are left" in words, words
        self.lead.picture("mandate-used-up")
        self.lead.open("/mandates")
        self.lead.look("mandates")
        self.mandate_is_used_up = True
        self.told["attempts beyond the mandate"] += 1
        self._whole(proposal)

    def _another_mandate(self) -> Any:
        """What the demo lets the lead decide is taken back; they get a mandate for all bets."""
        from allocation.granting import revoke
        from allocation.models import Mandate
        from spm.accounts.models import User

        finance = User.objects.get(email=self.cfo.email)
        for before in Mandate.objects.filter(user__email=self.lead.email, revoked_at=None):
            revoke(finance, before.pk, "Another one takes its place.")
        reason = "The lead moves small sums without waiting for finance."
        self.cfo.grant("Lena Vogt", PER_MOVE, PER_30_DAYS, reason)
        return Mandate.objects.get(user__email=self.lead.email, revoked_at=None)

    def _left(self) -> Decimal:
        """What is left of the mandate, from the transfers themselves."""
        from allocation.models import Transfer

        moved = Transfer.objects.filter(kind="move", decision__mandate=self.mandate)
        return PER_30_DAYS - sum((each.amount for each in moved), Decimal(0))

    def _fit(self, changes: list[Any], left: Decimal) -> None:
        """Leave out the largest changes, then lessen the last, until what is ticked fits."""
        ordered = sorted(changes, key=lambda each: -abs(each.working_after - each.working_before))
        for change in ordered[:-1]:
            if self.lead.right.startswith("You decide by this right"):
                return
            self.lead.leave_out(change.bet_id)
        last = ordered[-1]
        if self.lead.right.startswith("You decide by this right"):
            return
        step = abs(last.working_after - last.working_before)
        keeps = last.freed / step if last.working_after < last.working_before else Decimal(1)
        difference = min(step, left / (keeps or Decimal(1))).quantize(CENT, "ROUND_DOWN")
        sign = 1 if last.working_after > last.working_before else -1
        self.lead.set_amount(last.bet_id, last.working_before + sign * difference)

    # --- the stop ---

    def _stop(self) -> None:
        """The lead draws up the end of a bet that others need; the CFO decides it."""
        from allocation.models import Proposal
        from bets.models import Bet

        needed = Bet.objects.filter(working__gt=0, needed_by_links__bet__working__gt=0).distinct()
        self.was_stopped = True
        bet = min(needed, key=lambda each: (each.working, each.pk), default=None)
        assert bet is not None, "no funded bet is needed by another"
        number = self.lead.propose_stop(bet.pk, "It has not carried, and it will not.")
        if number is None:
            obstacle = self.lead.page.locator("#obstacle-list").inner_text().split("\n")[0]
            print(f"    in the way of stopping {bet}: {obstacle}")
            self.lead.say_all_is_withdrawable(bet.pk)
            number = self.lead.propose_stop(bet.pk, "It has not carried, and it will not.")
        assert number is not None, self.lead.page.locator("main").inner_text()
        proposal = Proposal.objects.get(pk=number)
        names = ", ".join(str(each.bet) for each in proposal.changes.select_related("bet"))
        print(f"{self.decided + 1:2}. {proposal}, drawn up by the lead ({names}): ", end="")
        assert "drew" in self.lead.right, self.lead.right
        self.cfo.open_proposal(number)
        self.cfo.picture("stop-proposal")
        self._note("stop approved", self.cfo.approve("Agreed in the portfolio sync."))
        self.cfo.open(f"/bets/{bet.pk}")
        self.decided += 1


def inside(options: argparse.Namespace) -> int:
    """Play the month and hold the journal against the books; 1 if anything is wrong."""
    from playwright.sync_api import sync_playwright

    from bench.journal_compared import compared
    from tests import chromium

    if options.shots is not None:
        options.shots.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.arguments()
        )
        month = Month(browser, os.environ[INSIDE], options.shots)
        try:
            month.play(options.proposals)
        except Exception:
            for phone in (month.team, month.lead, month.cfo):
                phone.picture(f"the-end-of-{phone.email.partition('@')[0]}", whole=False)
            raise
        wrong = compared(month.cfo, month.portfolio)
        browser.close()
    wrong += [*month.faults, *_missing(month)]
    proof = subprocess.run([sys.executable, "manage.py", "verify"], check=False)
    wrong += ["The books are not proved."] if proof.returncode else []
    print(
        f"{time.monotonic() - began:.0f} s: {month.learning.events} pieces of evidence, "
        f"{dict(month.told)}"
    )
    print("\n".join(wrong) if wrong else "Nothing differs, and no page had a fault.")
    return int(bool(wrong))


def _missing(month: Month) -> list[str]:
    """What a month must hold and this one did not."""
    wanted = (
        "approved whole", "approved in part", "by amounts", "refused", "approved by mandate",
        "attempts beyond the mandate", "refusals that turned out wrong", "stop approved",
    )  # fmt: skip
    return [f"It did not happen: {each}." for each in wanted if not month.told[each]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=Path, help="a folder for pictures of the main steps")
    parser.add_argument("--proposals", type=int, default=30)
    chosen = parser.parse_args()
    if INSIDE in os.environ:
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
        django.setup()
        sys.exit(inside(chosen))
    else:
        sys.exit(main(sys.argv[1:]))
