"""Corrections with their history, and what the lists of tasks and answers are searched by."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

# "question=answer" of every choice, label, rating and number; the coordinates of marks, which may
# be a hundred thousand numbers, are left out.
_SAID = """
CREATE FUNCTION annotator_said(result jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT (item ->> 'from_name') || '=' || answer), '{}')
    FROM jsonb_array_elements(result) AS item,
         LATERAL (SELECT item -> 'value' -> (item ->> 'type') AS given) AS value,
         LATERAL jsonb_array_elements_text(
             CASE WHEN jsonb_typeof(given) = 'array'
                       AND (item ->> 'type' = 'choices' OR item ->> 'type' LIKE '%labels') THEN given
                  WHEN jsonb_typeof(given) = 'number' THEN jsonb_build_array(given)
                  ELSE '[]' END) AS answer
$$;
"""
_SEARCH = """
CREATE INDEX annotation_comment_search ON annotator_annotation
USING gin (scout_trigrams(comment)) WHERE withdrawn_at IS NULL AND comment <> '';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0004_ahead"),
        ("scans", "0003_text_search"),
    ]

    operations = [
        migrations.RunSQL(_SAID, "DROP FUNCTION annotator_said(jsonb)"),
        migrations.RunSQL(_SEARCH, "DROP INDEX annotation_comment_search"),
        migrations.AddField(
            model_name="annotation",
            name="correction_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="annotation",
            name="corrects",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrected_by",
                to="annotator.annotation",
            ),
        ),
        migrations.AddField(
            model_name="annotation",
            name="unswayed",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="annotator.annotation",
            ),
        ),
        migrations.AddField(
            model_name="annotation",
            name="said",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func("result", function="annotator_said"),
                output_field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.TextField(), size=None
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="annotation",
            index=models.Index(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=["project", "reader", "task"],
                name="annotation_worklist",
            ),
        ),
        migrations.AddIndex(
            model_name="annotation",
            index=models.Index(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=["project", "created_at"],
                name="annotation_by_date",
            ),
        ),
        migrations.AddIndex(
            model_name="annotation",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=["said"],
                name="annotation_said",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("score__isnull", False)),
                fields=["project", "score"],
                name="task_score",
            ),
        ),
    ]
