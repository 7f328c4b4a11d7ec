"""Bearer tokens end; null: one of before, which does not."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_keys"),
    ]

    operations = [
        migrations.AddField("device", "token_expires_ms", models.BigIntegerField(null=True)),
    ]
