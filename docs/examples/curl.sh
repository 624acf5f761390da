#!/bin/sh
# The main job with curl: look at the bets, say what was learned, and decide what lies in a mandate.
#
#   SPM=https://office.acme.example/api/v1 SPM_KEY=spm_... HYPOTHESIS=42 sh curl.sh
#
# The key needs the scopes read and evidence, and decide for the last step. Needs jq. Sent twice it
# is one event and one decision: both carry a name of their own.
set -eu
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $SPM_KEY" -H "Content-Type: application/json" "$@"; }

ask "$SPM/bets?stage=scaling" | jq -r '.results[] | "\(.id)  \(.belief)  \(.working)  \(.title)"'

ask "$SPM/evidence" -d '{"hypothesis": '"$HYPOTHESIS"', "kind": "judgement", "direction": "for",
  "strength": "weak", "source": "Interviews", "external_id": "interview-17",
  "note": "Three of four would pay."}' |
  jq -r '"belief \(.hypothesis.belief_before) -> \(.hypothesis.belief_after), new: \(.created)"'

proposal=$(ask "$SPM/proposals?status=open" | jq -r '.results[0].id // empty')
[ -n "$proposal" ] || { echo "no proposal is open"; exit 0; }
ask "$SPM/proposals/$proposal/in-words" | jq -r '.sentence'

inside=$(ask "$SPM/proposals/$proposal/inside-mandate")
if [ "$(echo "$inside" | jq -r .mandate)" = null ]; then
  echo "nothing of it lies in a mandate of this key"
  exit 0
fi
# What was read is named; newer_evidence are events that the proposal has not seen, and we have.
decision=$(ask "$SPM/proposals/$proposal" | jq -c --argjson inside "$inside" '
  {version, content_sha256, newer_evidence, reason: "Inside the mandate."}
  + if $inside.is_whole then {}
    else {part: {left_out: $inside.left_out}, part_sha256: $inside.part.sha256} end')
ask -H "Idempotency-Key: proposal-$proposal" "$SPM/proposals/$proposal/approve" -d "$decision" |
  jq -r '"\(.kind), under \(.authority)"'
