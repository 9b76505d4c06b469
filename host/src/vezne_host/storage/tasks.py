"""When the tasks of plugins are due, and which worker runs one: a row per merchant and task."""

from __future__ import annotations

from sqlalchemy import text

from vezne_host.storage.lane import Query

# A task that is new is due at once.
KNOW = Query(text("""
    INSERT INTO plugin_task (merchant, task)
    SELECT t.merchant, t.task
    FROM unnest(CAST(:merchants AS text[]), CAST(:tasks AS text[])) t(merchant, task)
    ON CONFLICT DO NOTHING
"""))  # fmt: skip

CLAIM = Query(text("""
    UPDATE plugin_task p SET claimed_by = :owner, claimed_until = now() + CAST(:lease AS interval)
    FROM (
        SELECT d.merchant, d.task FROM plugin_task d
        JOIN unnest(CAST(:merchants AS text[]), CAST(:tasks AS text[])) t(merchant, task)
            ON t.merchant = d.merchant AND t.task = d.task
        WHERE d.due_at <= now() AND (d.claimed_until IS NULL OR d.claimed_until < now())
        FOR UPDATE OF d SKIP LOCKED
    ) due
    WHERE p.merchant = due.merchant AND p.task = due.task
    RETURNING p.merchant, p.task
"""))  # fmt: skip

HOLD = Query(text("""
    UPDATE plugin_task SET claimed_until = now() + CAST(:lease AS interval)
    WHERE merchant = :merchant AND task = :task AND claimed_by = :owner
    RETURNING task
"""))  # fmt: skip

# Operators hear of a task when it begins to fail, not with every failure.
ENDED = Query(text("""
    WITH before AS (
        SELECT error FROM plugin_task
        WHERE merchant = :merchant AND task = :task AND claimed_by = :owner FOR UPDATE
    ), alarm AS (
        INSERT INTO operator_event (merchant, kind, plugin, text)
        SELECT :merchant, 'task_failed', :plugin, :task || ': ' || CAST(:error AS text) FROM before
        WHERE error IS NULL AND CAST(:error AS text) IS NOT NULL
    )
    UPDATE plugin_task p
    SET claimed_by = NULL, claimed_until = NULL, ended_at = now(), error = CAST(:error AS text),
        due_at = now() + CAST(:every AS interval)
    FROM before WHERE p.merchant = :merchant AND p.task = :task
    RETURNING p.task
"""))  # fmt: skip

GIVEN_BACK = Query(text("""
    UPDATE plugin_task SET claimed_by = NULL, claimed_until = NULL
    WHERE merchant = :merchant AND task = :task AND claimed_by = :owner
"""))  # fmt: skip
