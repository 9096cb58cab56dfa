"""Scans are found by any part of their name, however many there are.

The embedded server brings no pg_trgm, so the groups of three letters that are indexed come from a
function of Scout's own; a search asks for all groups of the words sought, then reads what is left.
"""

from django.db import migrations

_TRIGRAMS = """
CREATE FUNCTION scout_trigrams(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(lower(value), place, 3)), '{}')
    FROM generate_series(1, length(value) - 2) AS place
$$;
CREATE INDEX scan_name_search ON scans_scan USING gin (scout_trigrams(name));
CREATE INDEX series_modality ON scans_series (modality);
"""
_BACK = """
DROP INDEX series_modality;
DROP INDEX scan_name_search;
DROP FUNCTION scout_trigrams(text);
"""


class Migration(migrations.Migration):
    dependencies = [("scans", "0002_series_scanner")]

    operations = [migrations.RunSQL(_TRIGRAMS, _BACK)]
