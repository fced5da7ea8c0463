-- Own intents can be switched off: a promotion of nothing. SQLite takes no NOT NULL back, so the table is made again.
CREATE TABLE own_intent_promotions_new (
    account_id       TEXT    NOT NULL,
    number           INTEGER NOT NULL,
    -- The version in use from then on; null: none.
    version          INTEGER,
    previous_version INTEGER,
    action           TEXT    NOT NULL,
    user_id          TEXT    NOT NULL,
    user_name        TEXT    NOT NULL,
    at               INTEGER NOT NULL,
    PRIMARY KEY (account_id, number)
) STRICT;

INSERT INTO own_intent_promotions_new
SELECT account_id, number, version, previous_version, action, user_id, user_name, at FROM own_intent_promotions;

DROP TABLE own_intent_promotions;

ALTER TABLE own_intent_promotions_new RENAME TO own_intent_promotions;
