"""Patients, studies, series and scans as DICOM knows them, pseudonymous, inside an archive."""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from accounts.saying import SentenceField


def _new_secret() -> bytes:
    return secrets.token_bytes(32)


class Archive(models.Model):
    """Scans that were de-identified with one secret: inside it a patient stays linkable."""

    name = models.CharField(max_length=200)
    secret = models.BinaryField(default=_new_secret, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Patient(models.Model):
    archive = models.ForeignKey(Archive, models.CASCADE, related_name="patients")
    # Keyed hash of the patient's identifier with the archive's secret; never the identifier.
    pseudonym = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["archive", "pseudonym"], name="one_patient_per_pseudonym"
            )
        ]

    def __str__(self) -> str:
        return self.pseudonym


class Study(models.Model):
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="studies")
    archive = models.ForeignKey(Archive, models.CASCADE, related_name="studies")
    uid = models.CharField(max_length=64)
    date = models.DateField(null=True)  # shifted by the patient's own number of days

    class Meta:
        verbose_name_plural = "studies"
        constraints = [models.UniqueConstraint(fields=["archive", "uid"], name="one_study_per_uid")]

    def __str__(self) -> str:
        return self.uid


class Series(models.Model):
    study = models.ForeignKey(Study, models.CASCADE, related_name="series")
    uid = models.CharField(max_length=64)
    modality = models.CharField(max_length=16, blank=True)
    # Of the scanner, which is nobody's name; empty where the format does not say. Its serial number
    # and its station are not kept (PS3.15 table E.1-1).
    manufacturer = models.CharField(max_length=64, blank=True)
    model_name = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["study", "uid"], name="one_series_per_uid")]

    def __str__(self) -> str:
        return self.uid


class Scan(models.Model):
    """What a viewport shows: one image or one volume, its frames in the frame store."""

    class Kind(models.TextChoices):
        IMAGE = "image", gettext_lazy("Image")
        VOLUME = "volume", gettext_lazy("Volume")

    archive = models.ForeignKey(Archive, models.CASCADE, related_name="scans")
    series = models.ForeignKey(Series, models.CASCADE, related_name="scans")
    kind = models.CharField(max_length=8, choices=Kind)
    # What the scan was read from: path inside what was ingested, or the remapped instance UID where
    # the format is DICOM, whose file names may carry a patient's name.
    name = models.CharField(max_length=500)
    # SHA-256 over the pixels and geometry of what was ingested: the same file twice is one scan.
    digest = models.CharField(max_length=64)
    # SHA-256 of the file in the frame store, which is also its name there.
    frames = models.CharField(max_length=64)
    frame_count = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    # The frame file's header: dtype, samples, spacing, windows, geometry (see scans/framestore.py).
    geometry = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["archive", "digest"], name="one_scan_per_digest")
        ]

    def __str__(self) -> str:
        return self.name


class Instance(models.Model):
    """One ingested file, de-identified, kept beside its frames."""

    scan = models.ForeignKey(Scan, models.CASCADE, related_name="instances")
    archive = models.ForeignKey(Archive, models.CASCADE, related_name="instances")
    uid = models.CharField(max_length=64)
    number = models.IntegerField(default=0)
    # Keyed hash (the archive's secret) of the file as it came, so that it is recognised again.
    source_digest = models.CharField(max_length=64)
    # SHA-256 of the kept, de-identified file, which is also its name under settings.ORIGINALS.
    original = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["archive", "source_digest"], name="one_instance_per_source"
            )
        ]

    def __str__(self) -> str:
        return self.uid


class Ingest(models.Model):
    """One delivery of files into an archive, with what became of each of them."""

    class State(models.TextChoices):
        RECEIVING = "receiving", gettext_lazy("Receiving files")
        QUEUED = "queued", gettext_lazy("Waiting for a worker")
        RUNNING = "running", gettext_lazy("Decoding")
        DONE = "done", gettext_lazy("Done")
        FAILED = "failed", gettext_lazy("Failed")

    archive = models.ForeignKey(Archive, models.CASCADE, related_name="ingests")
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVING)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    # What the sender announced, so that a delivery beyond the limit is refused before it is stored.
    announced_bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    error = SentenceField(blank=True)
    # Scans that came when their study's task had been begun: they became a task of their own.
    stood_apart = models.PositiveIntegerField(default=0)


class IngestedFile(models.Model):
    """The report's line for one file."""

    class Outcome(models.TextChoices):
        ADDED = "added", gettext_lazy("Added")
        DUPLICATE = "duplicate", gettext_lazy("Already here")
        REJECTED = "rejected", gettext_lazy("Not taken")

    ingest = models.ForeignKey(Ingest, models.CASCADE, related_name="files")
    path = models.CharField(max_length=1000)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = SentenceField(blank=True)
    scan = models.ForeignKey(Scan, models.SET_NULL, null=True, related_name="+")
