from django.db import migrations

# What chance drew counts by what is read in Scout alone: labels that were brought along leave its
# tasks open.
_COUNT = """
UPDATE annotator_task task
SET answers = counted.answers, is_open = counted.answers < project.overlap
FROM projects_project project, (
    SELECT answer.task_id, count(*) FILTER (WHERE {counts}) AS answers
    FROM annotator_annotation answer WHERE answer.withdrawn_at IS NULL
    GROUP BY answer.task_id HAVING bool_or(answer.origin = 'import')) counted
WHERE counted.task_id = task.id AND project.id = task.project_id AND task.arm <> 'pool'
"""


class Migration(migrations.Migration):
    dependencies = [("annotator", "0008_asked")]

    operations = [
        migrations.RunSQL(
            _COUNT.format(counts="answer.origin <> 'import'"), _COUNT.format(counts="true")
        ),
    ]
