"""Roots and browser keys: no token, a certificate, and the log index a revocation counts from."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="device",
            name="token_hash",
            field=models.CharField(max_length=64, null=True, unique=True),
        ),
        migrations.AddField("device", "kind", models.CharField(default="device", max_length=8)),
        migrations.AddField("device", "cert", models.TextField(default="")),
        migrations.AddField("device", "certified_by", models.CharField(default="", max_length=43)),
        migrations.AddField("device", "revoked_epoch", models.IntegerField(null=True)),
        migrations.AddField("device", "revoked_index", models.BigIntegerField(null=True)),
        migrations.AddField("device", "revoked_why", models.CharField(default="", max_length=16)),
        migrations.AddField("device", "revoked_by", models.CharField(default="", max_length=43)),
        migrations.AddField("device", "rotated_to", models.CharField(default="", max_length=43)),
        migrations.CreateModel(
            name="RootClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kid", models.CharField(max_length=43)),
                ("jwk", models.TextField()),
                ("old", models.CharField(max_length=43)),
                ("log", models.CharField(max_length=80)),
                ("proof", models.CharField(max_length=86)),
                ("made_ms", models.BigIntegerField()),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={"abstract": False},
        ),
    ]
