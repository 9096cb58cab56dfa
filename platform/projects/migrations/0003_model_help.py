from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_random_share")]

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
