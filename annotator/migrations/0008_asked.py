from django.apps.registry import Apps
from django.db import connection, migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg.types.json import Jsonb

from annotator.asked import asked_by

# What the label configs were before is not known: every reading was asked all that is asked now. Of
# an imported label the empty cells were not, and a cell that was filled in left an entry.
_ASK = """
UPDATE annotator_annotation answer SET asked = coalesce((
    SELECT jsonb_object_agg(question.key, question.value)
    FROM jsonb_each(%(asked)s) question
    WHERE answer.origin <> 'import' OR EXISTS (
        SELECT FROM jsonb_array_elements(answer.result) item
        WHERE item ->> 'from_name' = question.key)), '{}')
WHERE answer.project_id = %(project)s
"""


def ask(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    projects = apps.get_model("projects", "Project").objects.values_list("pk", "label_config")
    with connection.cursor() as cursor:
        for project, label_config in projects:
            asked = Jsonb(asked_by(label_config))
            cursor.execute(_ASK, {"project": project, "asked": asked})


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0007_prior_scans"),
        ("projects", "0004_reading_unit_and_hanging"),
    ]

    operations = [
        migrations.AddField(
            model_name="annotation",
            name="asked",
            field=models.JSONField(default=dict),
            preserve_default=False,
        ),
        migrations.RunPython(ask, migrations.RunPython.noop),
    ]
