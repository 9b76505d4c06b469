"""Who asks, as every statement about a shopper's own rows begins.

``viewer`` has one row: the session, and the user where somebody is signed in.
It has none where the session is unknown. ``NEW_VIEWER`` begins a session in
the same statement, for the first thing that a visitor leaves with us.
"""

VIEWER = """
    viewer AS (
        SELECT s.id AS session, u.pk AS user_pk
        FROM session s
        LEFT JOIN "user" u ON u.merchant = s.merchant AND u.pk = s.user_pk
            AND (u.revoked_at IS NULL OR u.revoked_at <= s.signed_in_at)
        WHERE s.merchant = :merchant AND s.public_id = :public_id
    )
"""

NEW_VIEWER = """
    viewer AS (
        INSERT INTO session (merchant, id, public_id) VALUES (:merchant, CAST(:session AS uuid), :public_id)
        RETURNING id AS session, CAST(NULL AS bigint) AS user_pk
    )
"""


def owned(row: str) -> str:
    """Return the condition that a row of ``address`` or ``basket`` is the viewer's own."""
    return f"""
        {row}.merchant = :merchant AND (
            {row}.user_pk = viewer.user_pk
            OR (viewer.user_pk IS NULL AND {row}.user_pk IS NULL AND {row}.session_id = viewer.session)
        )
    """
