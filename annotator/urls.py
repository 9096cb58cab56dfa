"""Addresses of the reading page and the table of tasks."""

from django.urls import path

from annotator.views import answers, open_task, read, tasks

urlpatterns = [
    path("projects/<int:project_id>/read/", read, name="read"),
    path("projects/<int:project_id>/tasks/", tasks, name="project_tasks"),
    path("projects/<int:project_id>/tasks/<int:task_id>/", open_task, name="open_task"),
    path("projects/<int:project_id>/answers/", answers, name="my_answers"),
]
