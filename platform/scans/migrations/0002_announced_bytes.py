from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scans", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="ingest",
            name="announced_bytes",
            field=models.BigIntegerField(default=0),
        ),
    ]
