"""Guardrails that no engine can take, as the database took them before, are put right.

A share above the whole limits nothing more than the whole does; a minimum that a kind does not know
was never kept; two of one name get a number. What is left without a limit gets the widest.
"""

from django.db import migrations

PUT_RIGHT = """
UPDATE allocation_guardrail SET minimum = NULL WHERE kind IN ('bet_share', 'turnover');
UPDATE allocation_guardrail SET maximum = 1
    WHERE kind IN ('share', 'bet_share', 'turnover')
    AND (maximum > 1 OR (maximum IS NULL AND minimum IS NULL));
UPDATE allocation_guardrail SET minimum = 1 WHERE kind = 'share' AND minimum > 1;
UPDATE allocation_guardrail SET minimum = ceil(minimum), maximum = ceil(maximum)
    WHERE kind = 'count';
UPDATE allocation_guardrail SET scope = '{}' WHERE kind = 'reserve';
UPDATE allocation_guardrail AS twin SET name = left(twin.name, 108) || ' ' || twin.id
    WHERE EXISTS (
        SELECT FROM allocation_guardrail AS first
        WHERE first.portfolio_id = twin.portfolio_id AND lower(first.name) = lower(twin.name)
        AND first.id < twin.id
    );
"""


class Migration(migrations.Migration):
    """Data only; the next one has the database refuse the like."""

    dependencies = [("allocation", "0006_study")]

    operations = [migrations.RunSQL(PUT_RIGHT, migrations.RunSQL.noop)]
