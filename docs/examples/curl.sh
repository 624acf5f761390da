#!/bin/sh
# The main job with curl: look at the bets, say what was learned, and decide what lies in a mandate.
#
#   SPM=https://office.acme.example/api/v1 SPM_KEY=spm_... HYPOTHESIS=42 sh curl.sh
#
# The key needs the scopes read and evidence, and decide for the last step. Needs curl 7.76 and jq.
# Run twice it is one event and one decision: both carry a name of their own. It ends at the first
# request that is refused, with what the office said.
set -eu
ask() {
  curl -sS --fail-with-body -H "Authorization: Bearer $SPM_KEY" \
    -H "Content-Type: application/json" "$@" || { echo >&2; exit 1; }
}

bets=$(ask "$SPM/bets?stage=scaling")
echo "$bets" | jq -r '.results[] | "\(.id)  \(.belief)  \(.working)  \(.title)"'

logged=$(ask "$SPM/evidence" -d '{"hypothesis": '"$HYPOTHESIS"', "kind": "judgement",
  "direction": "for", "strength": "weak", "source": "Interviews", "external_id": "interview-17",
  "note": "Three of four would pay."}')
echo "$logged" | jq -r '.created as $new | .hypothesis
  | "belief \(.belief_before) -> \(.belief_after), new: \($new)"'

proposals=$(ask "$SPM/proposals?status=open")
number=$(echo "$proposals" | jq -r '.results[0].id // empty')
[ -n "$number" ] || { echo "no proposal is open"; exit 0; }
proposal=$(ask "$SPM/proposals/$number")
words=$(ask "$SPM/proposals/$number/in-words")
echo "$words" | jq -r '.sentence, (.changes[] | "  \(.title): \(.moves), \(.costs)")'

inside=$(ask "$SPM/proposals/$number/inside-mandate")
if [ "$(echo "$inside" | jq -r .mandate)" = null ]; then
  echo "$proposal" | jq -r '"nothing of it is for this key: \(.may_not_decide)"'
  exit 0
fi
# What was read is named; newer_evidence are events that the proposal has not seen, and we have.
decision=$(echo "$proposal" | jq -c --argjson inside "$inside" '
  {version, content_sha256, newer_evidence, reason: "Inside the mandate."}
  + if $inside.is_whole then {}
    else {part: {left_out: $inside.left_out}, part_sha256: $inside.part.sha256} end')
decided=$(ask -H "Idempotency-Key: proposal-$number" "$SPM/proposals/$number/approve" -d "$decision")
echo "$decided" | jq -r '"\(.kind // "kept"), \(.authority // .detail)"'
