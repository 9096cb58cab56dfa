from django.db import migrations, models
from django.db.models import Q


def number_the_places(apps, schema_editor):
    apps.get_model("annotator", "Claim").objects.filter(is_ahead=True).update(place=1)


class Migration(migrations.Migration):
    dependencies = [("annotator", "0003_model_seen")]

    operations = [
        migrations.AddField("claim", "place", models.PositiveSmallIntegerField(default=0)),
        migrations.RunPython(number_the_places, migrations.RunPython.noop, elidable=True),
        migrations.RemoveConstraint("claim", "one_in_hand_and_one_ahead"),
        migrations.RemoveField("claim", "is_ahead"),
        migrations.AddConstraint(
            "claim",
            models.UniqueConstraint(
                fields=["project", "reader", "place"], name="one_claim_per_reader_and_place"
            ),
        ),
        migrations.AddConstraint(
            "claim",
            models.CheckConstraint(condition=Q(place__lte=2), name="one_in_hand_and_two_ahead"),
        ),
    ]
