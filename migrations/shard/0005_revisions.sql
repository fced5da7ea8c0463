-- Events from which personal data was taken out come again with a larger revision, which wins whatever the order of arrival.
-- A conversation that is shown to nobody has the status `hidden`, which no list asks for.

ALTER TABLE messages ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE analyses ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
