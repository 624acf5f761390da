"""Post what a CSV file measured as evidence; run it again whenever the file has grown.

    SPM=https://office.acme.example SPM_KEY=spm_... python log_readings.py readings.csv

The file has the columns hypothesis, run, successes, trials, observed_at (RFC 3339 with its offset).
The key needs the scopes read and evidence. Each run is one event however often it is sent: `run` is
its name. Says what each did to the belief, and ends with 1 if anything was refused. Needs httpx.
"""

import csv
import os
import sys
import time

import httpx


def post(office, event):
    """The answer, once the office has time for it and the network carries it."""
    for wait in (1, 2, 4, 8, 16, 0):
        try:
            answer = office.post("/api/v1/evidence", json=event)
        except httpx.TransportError as error:
            print(f"{error}; once more", file=sys.stderr)
        else:
            if answer.status_code != 429 and answer.status_code < 500:
                return answer
            wait = float(answer.headers.get("Retry-After", wait))
        time.sleep(wait)
    sys.exit("The office does not answer. Run this again later: nothing is counted twice.")


def event_of(row):
    """The body for one row; whether it can be taken is for the office to say."""
    numbers = {name: int(row[name]) for name in ("hypothesis", "successes", "trials")}
    named = {"source": "Readings", "external_id": row["run"], "observed_at": row["observed_at"]}
    return {"kind": "measurement", **numbers, **named}


def main(path):
    """Post each row; how many were refused."""
    refused = 0
    key = {"Authorization": f"Bearer {os.environ['SPM_KEY']}"}
    site = httpx.Client(base_url=os.environ["SPM"], headers=key, timeout=30)
    with site as office, open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            answer = post(office, event_of(row))
            said = answer.json()
            if answer.is_error:
                refused += 1
                problems = [f"{each['field']}: {each['problem']}" for each in said["errors"]]
                print(row["run"], "refused:", said["detail"], *problems)
            else:
                belief = said["hypothesis"]
                new = "new" if said["created"] else "known"
                print(
                    row["run"],
                    new,
                    f"{belief['belief_before']:.3f} -> {belief['belief_after']:.3f}",
                )
    return refused


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    sys.exit(1 if main(sys.argv[1]) else 0)
