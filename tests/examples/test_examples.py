"""The examples of docs/examples, run as a new user would, against the live site."""

import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from allocation import granting
from allocation.models import Decision, Mandate
from bets.models import Bet, ExternalKey, Portfolio
from evidence.models import Evidence
from spm.accounts.models import ApiKey, Role
from tests.allocation.test_decide import proposed
from tests.allocation.test_mandates import terms
from tests.api_client import ALL_SCOPES
from tests.examples.small_jira import SmallJira, issue, resolved, small_jira
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio
from tests.running import Site

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
PYTHON = [sys.executable, "-W", "error"]


def run(command: list[str], cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What an example says and how it ends."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command, cwd=cwd, env=kept | environment, capture_output=True, text=True, timeout=120
    )


def key_for(portfolio: Portfolio, role: str = Role.LEAD) -> tuple[ApiKey, str]:
    owner = make_member(portfolio, role)
    return ApiKey.issue(owner, portfolio.pk, "Example", ALL_SCOPES)


def mandate_for(key: ApiKey, portfolio: Portfolio, **more: Any) -> Mandate:
    finance = make_member(portfolio, Role.FINANCE)
    return granting.grant(finance, portfolio, terms(api_key=key.pk, **more))


def sync(jira: SmallJira, site: Site, clear: str, where: Path) -> Any:
    """One run of the forty lines."""
    return run(
        [sys.executable, str(EXAMPLES / "sync_from_jira.py"), "state.txt"],
        where,
        JIRA=jira.url,
        JIRA_USER="me@acme.example",
        JIRA_TOKEN="secret",
        SPM=site.url,
        SPM_KEY=clear,
        JQL="project = PAY",
        HYPOTHESIS_FIELD="customfield_10050",
    )


def test_forty_lines_bring_bets_and_evidence_over_and_go_on_where_they_were_stopped(
    live_site: Site, tmp_path: Path
) -> None:
    portfolio = make_portfolio()
    hypothesis = make_hypothesis(make_bet(portfolio, title="Already here"))
    _, clear = key_for(portfolio)
    issues = [issue(n, n) for n in range(1, 8)]
    issues += [resolved(8, 9, hypothesis.pk, "Done"), resolved(9, 9, hypothesis.pk, "Won't do")]
    with small_jira(issues) as jira:
        jira.moods = {1: 429, 3: None}  # told to wait once, and cut off in the third page
        cut_off = sync(jira, live_site, clear, tmp_path)
        assert cut_off.returncode != 0
        assert 0 < ExternalKey.objects.count() < 9
        begun = (tmp_path / "state.txt").read_text()
        went_on = sync(jira, live_site, clear, tmp_path)
        assert (went_on.returncode, went_on.stderr) == (0, "")
        assert f'updated >= "{begun}"' in jira.asked[4]["jql"]
        assert (tmp_path / "state.txt").read_text() == "2026-03-08"
        assert len(jira.logins) == 1
        before = list(Bet.objects.order_by("pk").values())
        (tmp_path / "state.txt").unlink()
        again = sync(jira, live_site, clear, tmp_path)
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    keys = ExternalKey.objects.order_by("pk").values_list("key", "url")
    assert dict(keys) == {f"PAY-{n}": f"{jira.url}/browse/PAY-{n}" for n in range(1, 10)}
    assert list(Bet.objects.order_by("pk").values()) == before
    assert {bet.delivery_signal for bet in Bet.objects.exclude(title="Already here")} == {
        "In Progress",
        "Done",
    }
    said = Evidence.objects.order_by("pk").values_list("direction", "external_id")
    assert list(said) == [
        ("for", "PAY-8 2026-03-09T11:00:00+02:00"),
        ("against", "PAY-9 2026-03-09T11:00:00+02:00"),
    ]


def test_what_the_office_does_not_take_is_said_and_the_rest_goes_on(
    live_site: Site, tmp_path: Path
) -> None:
    _, clear = key_for(make_portfolio())
    with small_jira([issue(1, 1, summary=" "), issue(2, 2), resolved(3, 3, 999, "Done")]) as jira:
        done = sync(jira, live_site, clear, tmp_path)
    assert done.returncode == 0
    empty, unknown = done.stderr.strip().splitlines()
    assert "PAY-1" in empty and '"field":"title"' in empty
    assert "/evidence" in unknown and '"status":404' in unknown
    assert set(ExternalKey.objects.values_list("key", flat=True)) == {"PAY-2", "PAY-3"}


@pytest.mark.parametrize("name", ["sync_from_jira.py", "log_readings.py", "agent.py"])
def test_each_program_says_how_it_is_used(name: str, tmp_path: Path) -> None:
    told = run([*PYTHON, str(EXAMPLES / name), "--help"], tmp_path)
    assert "SPM=" in told.stderr and "SPM_KEY=" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_forty_lines_are_forty() -> None:
    code = (EXAMPLES / "sync_from_jira.py").read_text().split('"""')[2]
    assert len([line for line in code.splitlines() if line.strip()]) == 40


def test_readings_of_a_file_are_posted_once(live_site: Site, tmp_path: Path) -> None:
    portfolio = make_portfolio()
    hypothesis = make_hypothesis(make_bet(portfolio))
    _, clear = key_for(portfolio)
    rows = ["hypothesis,run,successes,trials,observed_at"]
    rows += [f"{hypothesis.pk},day-{n},{10 + n},100,2026-03-0{n}T12:00:00Z" for n in (1, 2)]
    (tmp_path / "readings.csv").write_text("\n".join([*rows, f"{hypothesis.pk},day-3,2,1,2026"]))
    command = [*PYTHON, str(EXAMPLES / "log_readings.py"), "readings.csv"]
    first = run(command, tmp_path, SPM=live_site.url, SPM_KEY=clear)
    assert first.stdout.splitlines()[0].startswith("day-1 new 0.500 -> ")
    assert "day-3 refused:" in first.stdout and "observed_at" in first.stdout
    assert first.returncode == 1
    second = run(command, tmp_path, SPM=live_site.url, SPM_KEY=clear)
    assert second.stdout.splitlines()[1].startswith("day-2 known")
    assert Evidence.objects.count() == 2


def test_an_agent_decides_inside_its_mandate_and_leaves_the_rest(
    live_site: Site, tmp_path: Path
) -> None:
    portfolio, *_ = proposed()
    key, clear = key_for(portfolio)
    command = [*PYTHON, str(EXAMPLES / "agent.py")]
    idle = run(command, tmp_path, SPM=live_site.url, SPM_KEY=clear)
    assert idle.stdout.startswith("Move €40k/mo out of 1 bet into 1")
    assert "Nothing of it is for me: A key decides under a mandate alone" in idle.stdout
    mandate = mandate_for(key, portfolio)
    done = run(command, tmp_path, SPM=live_site.url, SPM_KEY=clear)
    assert f"Decided: approved, under Mandate {mandate.pk}" in done.stdout, done.stderr
    assert Decision.objects.get().api_key == key
    nothing = run(command, tmp_path, SPM=live_site.url, SPM_KEY=clear)
    assert nothing.stdout == "No proposal is open.\n"


def test_curl_does_the_main_job(live_site: Site, tmp_path: Path) -> None:
    if shutil.which("curl") is None or shutil.which("jq") is None:
        pytest.skip("needs curl and jq")
    portfolio, _, well, _ = proposed()
    hypothesis = make_hypothesis(well)
    key, clear = key_for(portfolio)
    mandate = mandate_for(key, portfolio, most_per_30_days=Decimal(60_000))
    command = ["sh", str(EXAMPLES / "curl.sh")]
    given = {"SPM": f"{live_site.url}/api/v1", "SPM_KEY": clear, "HYPOTHESIS": str(hypothesis.pk)}
    done = run(command, tmp_path, **given)
    assert f"approved, Mandate {mandate.pk} of " in done.stdout, done.stdout + done.stderr
    assert "new: true" in done.stdout
    again = run(command, tmp_path, **given)
    assert "new: false" in again.stdout and "no proposal is open" in again.stdout


def test_what_a_jira_rule_sends_is_taken(live_site: Site) -> None:
    portfolio = make_portfolio()
    hypothesis = make_hypothesis(make_bet(portfolio))
    _, clear = key_for(portfolio)
    text = (EXAMPLES / "jira-automation.md").read_text()
    [body] = re.findall(r"```\n(\{.*?\n\})\n```", text, re.DOTALL)
    moment = "issue.resolutiondate.format(\"yyyy-MM-dd'T'HH:mm:ssXXX\")"
    for value, rendered in {
        "issue.Hypothesis": str(hypothesis.pk),
        "issue.key": "PAY-7",
        "issue.summary.asJsonString": '"Says \\"yes\\""',
        "issue.url": "https://acme.atlassian.net/browse/PAY-7",
        moment: "2026-03-31T14:00:00+02:00",
    }.items():
        assert f"{{{{{value}}}}}" in body
        body = body.replace(f"{{{{{value}}}}}", rendered)
    headers = {"Authorization": f"Bearer {clear}", "Content-Type": "application/json"}
    for status in (201, 200):
        sent = httpx.post(f"{live_site.url}/api/v1/evidence", content=body, headers=headers)
        assert sent.status_code == status, sent.text
    event = Evidence.objects.get()
    assert (event.note, event.external_id) == ('Says "yes"', "PAY-7 2026-03-31T14:00:00+02:00")
