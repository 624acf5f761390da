"""What a proposal is for, and which cards leave the board when it is approved."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from spm.same_parent import same_parent


class Migration(migrations.Migration):
    """Purpose, bet and successor of a proposal; the exit of a change."""

    dependencies = [
        ('allocation', '0010_decided_in_part'),
        ('bets', '0008_lever_terms'),
        ('evidence', '0006_attachments'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='proposal',
            name='about',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals_to_leave', to='bets.bet'),
        ),
        migrations.AddField(
            model_name='proposal',
            name='consequences',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='proposal',
            name='purpose',
            field=models.CharField(choices=[('reallocation', 'Reallocation'), ('stop', 'Stop'), ('pivot', 'Pivot')], default='reallocation', max_length=12),
        ),
        migrations.AddField(
            model_name='proposal',
            name='reason',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='proposal',
            name='successor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals_to_begin', to='bets.bet'),
        ),
        migrations.AddField(
            model_name='proposalchange',
            name='leaves_to',
            field=models.CharField(blank=True, choices=[('funnel', 'Funnel'), ('framing', 'Framing'), ('ready', 'Ready'), ('testing', 'Testing'), ('scaling', 'Scaling'), ('sustaining', 'Sustaining'), ('pivoted', 'Pivoted'), ('stopped', 'Stopped')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('about',), name='one_open_proposal_to_end_a_bet'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('about', None), ('purpose', 'reallocation'), ('successor', None)), models.Q(('about__isnull', False), ('purpose', 'stop'), ('successor', None)), models.Q(('about__isnull', False), ('purpose', 'pivot'), ('successor__isnull', False)), _connector='OR'), name='ends_are_about_a_bet'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(('purpose', 'reallocation'), models.Q(('consequences__isnull', False), ('drawn_up_by__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='ends_are_somebodys_with_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='proposalchange',
            constraint=models.CheckConstraint(condition=models.Q(('leaves_to__in', ['', 'stopped', 'pivoted'])), name='leaves_to_an_exit'),
        ),
        same_parent("allocation_proposal", "about_id", "bets_bet"),
        same_parent("allocation_proposal", "successor_id", "bets_bet"),
    ]
