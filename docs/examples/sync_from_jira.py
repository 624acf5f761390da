"""Bring bets and evidence over from Jira Cloud. Run it as often as you like, from a timer.

Say in the environment where both are, who asks, and for what:

    export JIRA=https://acme.atlassian.net JIRA_USER=me@acme.example JIRA_TOKEN=...
    export SPM=https://office.acme.example SPM_KEY=spm_...     # scopes: read, evidence, bets
    export JQL="project = PAY AND issuetype in (Epic, Experiment)"
    export HYPOTHESIS_FIELD=customfield_10050                  # optional: a number field
    python sync_from_jira.py state.txt

Each issue is a bet, known by its key; its status comes along as a delivery signal. An issue whose
field holds the id of a hypothesis is evidence once it is resolved: for it if as Done, else against
it. state.txt says at each moment how far it has come. Stopped anywhere, it goes on from there;
what is sent again changes nothing. What the office does not take is printed, with the reason.
Needs Python 3.11 and httpx.
"""

import sys
import time
from datetime import datetime, timedelta
from os import environ as env
from pathlib import Path

import httpx

FIELD = env.get("HYPOTHESIS_FIELD", "")


def ask(client, method, path, **content):
    for wait in (1, 5, 25, 125):
        answer = client.request(method, path, **content)
        if answer.status_code not in (429, 500, 502, 503, 504):
            break
        time.sleep(float(answer.headers.get("Retry-After", wait)))
    if answer.status_code in (400, 404, 409, 422):
        return print(method, path, answer.text, file=sys.stderr)
    return answer.raise_for_status().json()


def bring(key, said, link):
    bet = {"title": said["summary"][:200], "delivery_signal": said["status"]["name"], "url": link}
    ask(spm, "PUT", f"/bets/by-key/jira/{key}", json=bet | {"delivery_signal_source": "Jira"})
    if said.get(FIELD) and said.get("resolution"):
        when = datetime.fromisoformat(said["resolutiondate"]).isoformat()
        way = "for" if said["resolution"]["name"] == "Done" else "against"
        event = {"kind": "judgement", "direction": way, "strength": "moderate", "link": link}
        known = {"source": "Jira", "external_id": f"{key} {when}", "observed_at": when}
        ask(spm, "POST", "/evidence", json={"hypothesis": int(said[FIELD])} | event | known)


if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
    sys.exit(__doc__)
state, key = Path(sys.argv[1]), {"Authorization": f"Bearer {env['SPM_KEY']}"}
spm = httpx.Client(base_url=f"{env['SPM']}/api/v1", headers=key, timeout=60)
jira = httpx.Client(base_url=env["JIRA"], auth=(env["JIRA_USER"], env["JIRA_TOKEN"]), timeout=60)
since = state.read_text() if state.exists() else "2000-01-01"
wanted = {"jql": f'({env["JQL"]}) AND updated >= "{since}" ORDER BY updated'}
wanted["fields"] = f"summary,status,updated,resolution,resolutiondate,{FIELD}"
while wanted.get("nextPageToken", True):
    page = ask(jira, "GET", "/rest/api/3/search/jql", params=wanted) or sys.exit(1)
    for issue in page["issues"]:
        bring(issue["key"], issue["fields"], f"{env['JIRA']}/browse/{issue['key']}")
        day = datetime.fromisoformat(issue["fields"]["updated"]) - timedelta(days=1)
        state.write_text(f"{day:%Y-%m-%d}")  # a day early: Jira counts in its own time zone
    wanted["nextPageToken"] = page.get("nextPageToken")
