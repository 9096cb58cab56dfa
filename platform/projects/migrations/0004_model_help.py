from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_reading_unit_and_hanging")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="model_help",
            field=models.CharField(
                choices=[
                    ("off", "Never"),
                    ("after", "After reading"),
                    ("before", "Before reading"),
                ],
                default="off",
                max_length=6,
            ),
        ),
    ]
