"""What a row names belongs to the same portfolio as the row, or to the same bet."""

from django.db import migrations

from spm.same_parent import same_parent


class Migration(migrations.Migration):
    """Foreign keys over two columns."""

    dependencies = [("allocation", "0001_initial")]

    operations = [
        same_parent("allocation_account", "bet_id", "bets_bet"),
        same_parent("allocation_transfer", "from_account_id", "allocation_account"),
        same_parent("allocation_transfer", "to_account_id", "allocation_account"),
    ]
