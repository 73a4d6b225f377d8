import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("merchant", models.CharField(max_length=40)),
                ("appid", models.CharField(max_length=64)),
                ("auditid", models.PositiveBigIntegerField(unique=True)),
                ("version", models.CharField(max_length=20)),
                ("status", models.CharField(default="submitted", max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="OrderLog",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                ("text", models.TextField()),
                ("written_at", models.DateTimeField(auto_now_add=True)),
                (
                    "release",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="shop.release"),
                ),
            ],
        ),
    ]
