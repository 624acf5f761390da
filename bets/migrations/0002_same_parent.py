"""What a row names belongs to the same portfolio as the row, or to the same bet."""

from django.db import migrations

from spm.same_parent import same_parent


class Migration(migrations.Migration):
    """Foreign keys over two columns."""

    dependencies = [("bets", "0001_initial")]

    operations = [
        same_parent("bets_team", "stream_id", "bets_valuestream"),
        same_parent("bets_bet", "stream_id", "bets_valuestream"),
        same_parent("bets_bet", "theme_id", "bets_theme"),
        same_parent("bets_externalkey", "bet_id", "bets_bet"),
    ]
