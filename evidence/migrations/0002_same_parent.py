"""What a row names belongs to the same portfolio as the row, or to the same bet."""

from django.db import migrations

from spm.same_parent import same_parent


class Migration(migrations.Migration):
    """Foreign keys over two columns."""

    dependencies = [("evidence", "0001_initial")]

    operations = [
        same_parent("evidence_evidence", "bet_id", "bets_bet"),
        same_parent("evidence_evidence", "hypothesis_id", "bets_hypothesis", "bet_id"),
        same_parent("evidence_thesisbreak", "bet_id", "bets_bet"),
    ]
