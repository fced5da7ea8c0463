//! The tables of a shard that are moved: how each is read in the order of its key, and written so that the newer row stays.

use crate::database::{Row, StoreError, Value};

/// Which of two rows of one place is the newer.
enum Newer {
    /// Rows never change.
    Never,
    /// That with the larger number in the column.
    Larger(&'static str),
    /// That which has every fact of the other or a later one.
    Customer,
}

/// A table. `?1` of `read` and `delete` is the account, `?2` to `?4` of `read` the key of the last row read; `?1` of `write` a
/// JSON array of rows, each an array of the columns of `read`.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) read: &'static str,
    /// Rows of a page of `read`.
    pub(super) page: usize,
    pub(super) write: &'static str,
    pub(super) delete: &'static str,
    /// Columns of the key after the account, and whether each is a number.
    key: &'static [(&'static str, bool)],
    newer: Newer,
}

impl Table {
    /// What sorts before every key: ids are not empty, and numbers not negative.
    pub(super) fn start(&self) -> Vec<Value> {
        let before = |is_number: bool| {
            if is_number {
                Value::Int(-1)
            } else {
                Value::text("")
            }
        };
        self.key
            .iter()
            .map(|(_, is_number)| before(*is_number))
            .collect()
    }

    /// The key of a row.
    pub(super) fn key_of(&self, row: &Row) -> Result<Vec<Value>, StoreError> {
        self.key
            .iter()
            .map(|(column, _)| row.value(column).cloned())
            .collect()
    }

    /// Whether `row` may stand in the place of `other`.
    pub(super) fn is_newer(&self, row: &Row, other: &Row) -> Result<bool, StoreError> {
        Ok(match self.newer {
            Newer::Never => false,
            Newer::Larger(column) => row.int(column)? > other.int(column)?,
            Newer::Customer => {
                row.text("name_rank")? >= other.text("name_rank")?
                    && row.text("email_rank")? >= other.text("email_rank")?
                    && row.int("first_seen_at")? <= other.int("first_seen_at")?
            }
        })
    }
}

pub(super) const TABLES: [Table; 23] = [
    Table {
        name: "conversations",
        read: "
            SELECT account_id, id, seq, inbox_id, external_id, customer_id, status, assignee_id, escalation_risk,
            ticket_number, created_at, updated_at, state, team_id FROM conversations WHERE account_id = ?1 AND id > ?2
            ORDER BY id LIMIT 200",
        page: 200,
        write: "
            INSERT INTO conversations (account_id, id, seq, inbox_id, external_id, customer_id, status, assignee_id,
            escalation_risk, ticket_number, created_at, updated_at, state, team_id) SELECT value ->> 0, value ->> 1, value ->>
            2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->>
            10, value ->> 11, value ->> 12, value ->> 13 FROM json_each(?1) WHERE true ON CONFLICT (account_id, id) DO
            UPDATE SET seq = excluded.seq, inbox_id = excluded.inbox_id, external_id = excluded.external_id, customer_id =
            excluded.customer_id, status = excluded.status, assignee_id = excluded.assignee_id, escalation_risk =
            excluded.escalation_risk, ticket_number = excluded.ticket_number, created_at = excluded.created_at,
            updated_at = excluded.updated_at, state = excluded.state, team_id = excluded.team_id WHERE excluded.seq > conversations.seq",
        delete: "DELETE FROM conversations WHERE account_id = ?1",
        key: &[("id", false)],
        newer: Newer::Larger("seq"),
    },
    Table {
        name: "messages",
        read: "
            SELECT account_id, conversation_id, seq, id, direction, created_at, data, revision FROM messages WHERE account_id =
            ?1 AND (conversation_id, seq) > (?2, ?3) ORDER BY conversation_id, seq LIMIT 200",
        page: 200,
        write: "
            INSERT INTO messages (account_id, conversation_id, seq, id, direction, created_at, data, revision) SELECT
            value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 FROM
            json_each(?1) WHERE true ON CONFLICT (account_id, conversation_id, seq) DO UPDATE SET data = excluded.data,
            revision = excluded.revision WHERE excluded.revision > messages.revision",
        delete: "DELETE FROM messages WHERE account_id = ?1",
        key: &[("conversation_id", false), ("seq", true)],
        newer: Newer::Larger("revision"),
    },
    Table {
        name: "analyses",
        read: "
            SELECT account_id, conversation_id, message_seq, seq, message_id, polarity, score, escalation_risk,
            model_id, model_version, created_at, data, intent, category, priority, language, own_intent, revision FROM analyses
            WHERE account_id = ?1 AND (conversation_id, message_seq, seq) > (?2, ?3, ?4) ORDER BY conversation_id,
            message_seq, seq LIMIT 200",
        page: 200,
        write: "
            INSERT INTO analyses (account_id, conversation_id, message_seq, seq, message_id, polarity, score,
            escalation_risk, model_id, model_version, created_at, data, intent, category, priority, language,
            own_intent, revision) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->>
            6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value
            ->> 14, value ->> 15, value ->> 16, value ->> 17 FROM json_each(?1) WHERE true ON CONFLICT (account_id,
            conversation_id, message_seq, seq) DO UPDATE SET data = excluded.data, revision = excluded.revision WHERE
            excluded.revision > analyses.revision",
        delete: "DELETE FROM analyses WHERE account_id = ?1",
        key: &[("conversation_id", false), ("message_seq", true), ("seq", true)],
        newer: Newer::Larger("revision"),
    },
    Table {
        name: "tickets",
        read: "
            SELECT account_id, conversation_id, id, number, created_at FROM tickets WHERE account_id = ?1 AND
            conversation_id > ?2 ORDER BY conversation_id LIMIT 200",
        page: 200,
        write: "
            INSERT INTO tickets (account_id, conversation_id, id, number, created_at) SELECT value ->> 0, value ->> 1,
            value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1) WHERE true ON CONFLICT (account_id,
            conversation_id) DO NOTHING",
        delete: "DELETE FROM tickets WHERE account_id = ?1",
        key: &[("conversation_id", false)],
        newer: Newer::Never,
    },
    Table {
        name: "customers",
        read: "
            SELECT account_id, id, name, name_rank, email, email_rank, first_seen_at FROM customers WHERE account_id =
            ?1 AND id > ?2 ORDER BY id LIMIT 200",
        page: 200,
        write: "
            INSERT INTO customers (account_id, id, name, name_rank, email, email_rank, first_seen_at) SELECT value ->>
            0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?1) WHERE
            true ON CONFLICT (account_id, id) DO UPDATE SET name = iif(excluded.name_rank > customers.name_rank,
            excluded.name, customers.name), name_rank = max(excluded.name_rank, customers.name_rank), email =
            iif(excluded.email_rank > customers.email_rank, excluded.email, customers.email), email_rank =
            max(excluded.email_rank, customers.email_rank), first_seen_at = min(excluded.first_seen_at,
            customers.first_seen_at)",
        delete: "DELETE FROM customers WHERE account_id = ?1",
        key: &[("id", false)],
        newer: Newer::Customer,
    },
    Table {
        name: "feedback",
        read: "
            SELECT account_id, conversation_id, message_seq, field, seq, message_id, decided, value, decided_at,
            given_at FROM feedback WHERE account_id = ?1 AND (conversation_id, message_seq, field) > (?2, ?3, ?4)
            ORDER BY conversation_id, message_seq, field LIMIT 200",
        page: 200,
        write: "
            INSERT INTO feedback (account_id, conversation_id, message_seq, field, seq, message_id, decided, value,
            decided_at, given_at) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
            value ->> 6, value ->> 7, value ->> 8, value ->> 9 FROM json_each(?1) WHERE true ON CONFLICT (account_id,
            conversation_id, message_seq, field) DO UPDATE SET seq = excluded.seq, message_id = excluded.message_id,
            decided = excluded.decided, value = excluded.value, decided_at = excluded.decided_at, given_at =
            excluded.given_at WHERE excluded.seq > feedback.seq",
        delete: "DELETE FROM feedback WHERE account_id = ?1",
        key: &[("conversation_id", false), ("message_seq", true), ("field", false)],
        newer: Newer::Larger("seq"),
    },
    Table {
        name: "parked_messages",
        read: "
            SELECT account_id, id, queue, reason, detail, body, n_attempts, parked_at FROM parked_messages WHERE
            account_id = ?1 AND id > ?2 ORDER BY id LIMIT 50",
        page: 50,
        write: "
            INSERT INTO parked_messages (account_id, id, queue, reason, detail, body, n_attempts, parked_at) SELECT
            value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
            FROM json_each(?1) WHERE true ON CONFLICT (account_id, id) DO UPDATE SET queue = excluded.queue, reason =
            excluded.reason, detail = excluded.detail, body = excluded.body, n_attempts = excluded.n_attempts,
            parked_at = excluded.parked_at WHERE excluded.n_attempts > parked_messages.n_attempts",
        delete: "DELETE FROM parked_messages WHERE account_id = ?1",
        key: &[("id", false)],
        newer: Newer::Larger("n_attempts"),
    },
    Table {
        name: "own_intents",
        read: "
            SELECT account_id, id, name, name_key, created_at, updated_at FROM own_intents WHERE account_id = ?1 AND
            id > ?2 ORDER BY id LIMIT 200",
        page: 200,
        write: "
            INSERT INTO own_intents (account_id, id, name, name_key, created_at, updated_at) SELECT value ->> 0, value
            ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1) WHERE true ON CONFLICT
            (account_id, id) DO NOTHING",
        delete: "DELETE FROM own_intents WHERE account_id = ?1",
        key: &[("id", false)],
        newer: Newer::Never,
    },
    Table {
        name: "own_intent_examples",
        read: "
            SELECT account_id, intent_id, place, text FROM own_intent_examples WHERE account_id = ?1 AND (intent_id,
            place) > (?2, ?3) ORDER BY intent_id, place LIMIT 200",
        page: 200,
        write: "
            INSERT INTO own_intent_examples (account_id, intent_id, place, text) SELECT value ->> 0, value ->> 1,
            value ->> 2, value ->> 3 FROM json_each(?1) WHERE true ON CONFLICT (account_id, intent_id, place) DO
            NOTHING",
        delete: "DELETE FROM own_intent_examples WHERE account_id = ?1",
        key: &[("intent_id", false), ("place", true)],
        newer: Newer::Never,
    },
    Table {
        name: "own_intent_models",
        read: "
            SELECT account_id, version, created_at, user_id, user_name, encoder_id, encoder_version, n_rows,
            n_corrections, n_left_out, promoted, reason, reason_text, report, row_keys, head FROM own_intent_models
            WHERE account_id = ?1 AND version > ?2 ORDER BY version LIMIT 5",
        page: 5,
        write: "
            INSERT INTO own_intent_models (account_id, version, created_at, user_id, user_name, encoder_id,
            encoder_version, n_rows, n_corrections, n_left_out, promoted, reason, reason_text, report, row_keys, head)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value
            ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14,
            value ->> 15 FROM json_each(?1) WHERE true ON CONFLICT (account_id, version) DO NOTHING",
        delete: "DELETE FROM own_intent_models WHERE account_id = ?1",
        key: &[("version", true)],
        newer: Newer::Never,
    },
    Table {
        name: "own_intent_promotions",
        read: "
            SELECT account_id, number, version, previous_version, action, user_id, user_name, at FROM
            own_intent_promotions WHERE account_id = ?1 AND number > ?2 ORDER BY number LIMIT 200",
        page: 200,
        write: "
            INSERT INTO own_intent_promotions (account_id, number, version, previous_version, action, user_id,
            user_name, at) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value
            ->> 6, value ->> 7 FROM json_each(?1) WHERE true ON CONFLICT (account_id, number) DO NOTHING",
        delete: "DELETE FROM own_intent_promotions WHERE account_id = ?1",
        key: &[("number", true)],
        newer: Newer::Never,
    },
    Table {
        name: "customer_consents",
        read: "
            SELECT account_id, customer_id, number, purpose, state, source, wording, note, recorded_by, recorded_by_name, at
            FROM customer_consents WHERE account_id = ?1 AND (customer_id, number) > (?2, ?3) ORDER BY customer_id, number
            LIMIT 200",
        page: 200,
        write: "
            INSERT INTO customer_consents (account_id, customer_id, number, purpose, state, source, wording, note,
            recorded_by, recorded_by_name, at) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
            value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10 FROM json_each(?1) WHERE true
            ON CONFLICT (account_id, customer_id, number) DO NOTHING",
        delete: "DELETE FROM customer_consents WHERE account_id = ?1",
        key: &[("customer_id", false), ("number", true)],
        newer: Newer::Never,
    },
    Table {
        name: "customer_exports",
        read: "
            SELECT account_id, customer_id, id, revision, state, include_notes, requested_by, requested_by_name,
            requested_at, finished_at, expires_at, size_bytes, reason FROM customer_exports WHERE account_id = ?1 AND
            (customer_id, id) > (?2, ?3) ORDER BY customer_id, id LIMIT 200",
        page: 200,
        write: "
            INSERT INTO customer_exports (account_id, customer_id, id, revision, state, include_notes, requested_by,
            requested_by_name, requested_at, finished_at, expires_at, size_bytes, reason) SELECT value ->> 0, value ->> 1,
            value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value
            ->> 10, value ->> 11, value ->> 12 FROM json_each(?1) WHERE true ON CONFLICT (account_id, customer_id, id) DO
            UPDATE SET revision = excluded.revision, state = excluded.state, finished_at = excluded.finished_at,
            expires_at = excluded.expires_at, size_bytes = excluded.size_bytes, reason = excluded.reason WHERE
            excluded.revision > customer_exports.revision",
        delete: "DELETE FROM customer_exports WHERE account_id = ?1",
        key: &[("customer_id", false), ("id", false)],
        newer: Newer::Larger("revision"),
    },
    Table {
        name: "article_categories",
        read: "
            SELECT account_id, id, revision, name, name_key, created_at FROM article_categories WHERE account_id = ?1 AND id
            > ?2 ORDER BY id LIMIT 200",
        page: 200,
        write: "
            INSERT INTO article_categories (account_id, id, revision, name, name_key, created_at) SELECT value ->> 0, value
            ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1) WHERE true ON CONFLICT (account_id,
            id) DO UPDATE SET revision = excluded.revision, name = excluded.name, name_key = excluded.name_key, created_at =
            excluded.created_at WHERE excluded.revision > article_categories.revision",
        delete: "DELETE FROM article_categories WHERE account_id = ?1",
        key: &[("id", false)],
        newer: Newer::Larger("revision"),
    },
    Table {
        name: "articles",
        read: "
            SELECT account_id, id, revision, title, language, category_id, translation_of, state, version,
            published_version, search_revision, indexed_revision, source, fingerprint, created_at, updated_at, deleted_at
            FROM articles WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT 200",
        page: 200,
        write: "
            INSERT INTO articles (account_id, id, revision, title, language, category_id, translation_of, state, version,
            published_version, search_revision, indexed_revision, source, fingerprint, created_at, updated_at, deleted_at)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
            value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15,
            value ->> 16 FROM json_each(?1) WHERE true ON CONFLICT (account_id, id) DO UPDATE SET revision =
            excluded.revision, title = excluded.title, language = excluded.language, category_id = excluded.category_id,
            translation_of = excluded.translation_of, state = excluded.state, version = excluded.version, published_version
            = excluded.published_version, search_revision = excluded.search_revision, indexed_revision =
            excluded.indexed_revision, source = excluded.source, fingerprint = excluded.fingerprint, created_at =
            excluded.created_at, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at WHERE excluded.revision
            > articles.revision",
        delete: "DELETE FROM articles WHERE account_id = ?1",
        key: &[("id", false)],
        newer: Newer::Larger("revision"),
    },
    Table {
        name: "article_versions",
        read: "
            SELECT account_id, article_id, version, title, language, body, saved_by, saved_by_name, saved_at FROM
            article_versions WHERE account_id = ?1 AND (article_id, version) > (?2, ?3) ORDER BY article_id, version LIMIT 3",
        page: 3,
        write: "
            INSERT INTO article_versions (account_id, article_id, version, title, language, body, saved_by, saved_by_name,
            saved_at) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
            value ->> 7, value ->> 8 FROM json_each(?1) WHERE true ON CONFLICT (account_id, article_id, version) DO NOTHING",
        delete: "DELETE FROM article_versions WHERE account_id = ?1",
        key: &[("article_id", false), ("version", true)],
        newer: Newer::Never,
    },
    Table {
        name: "article_votes",
        read: "
            SELECT account_id, article_id, voter, is_helpful, voted_at FROM article_votes WHERE account_id = ?1 AND
            (article_id, voter) > (?2, ?3) ORDER BY article_id, voter LIMIT 200",
        page: 200,
        write: "
            INSERT INTO article_votes (account_id, article_id, voter, is_helpful, voted_at) SELECT value ->> 0, value ->> 1,
            value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1) WHERE true ON CONFLICT (account_id, article_id, voter)
            DO UPDATE SET is_helpful = excluded.is_helpful, voted_at = excluded.voted_at WHERE excluded.voted_at >
            article_votes.voted_at",
        delete: "DELETE FROM article_votes WHERE account_id = ?1",
        key: &[("article_id", false), ("voter", false)],
        newer: Newer::Larger("voted_at"),
    },
    Table {
        name: "article_gaps",
        read: "
            SELECT account_id, id, revision, article_id, medoid, questions, centroid, length, model, found_at, seen_at,
            dismissed_at FROM article_gaps WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT 50",
        page: 50,
        write: "
            INSERT INTO article_gaps (account_id, id, revision, article_id, medoid, questions, centroid, length, model,
            found_at, seen_at, dismissed_at) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value
            ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11 FROM json_each(?1) WHERE
            true ON CONFLICT (account_id, id) DO UPDATE SET revision = excluded.revision, article_id = excluded.article_id,
            medoid = excluded.medoid, questions = excluded.questions, centroid = excluded.centroid, length =
            excluded.length, model = excluded.model, found_at = excluded.found_at, seen_at = excluded.seen_at, dismissed_at
            = excluded.dismissed_at WHERE excluded.revision > article_gaps.revision",
        delete: "DELETE FROM article_gaps WHERE account_id = ?1",
        key: &[("id", false)],
        newer: Newer::Larger("revision"),
    },
    Table {
        name: "daily_runs",
        read: "
            SELECT account_id, task, revision, asked_at, ended_at, report, problem FROM daily_runs WHERE account_id = ?1 AND
            task > ?2 ORDER BY task LIMIT 200",
        page: 200,
        write: "
            INSERT INTO daily_runs (account_id, task, revision, asked_at, ended_at, report, problem) SELECT value ->> 0,
            value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?1) WHERE true ON
            CONFLICT (account_id, task) DO UPDATE SET revision = excluded.revision, asked_at = excluded.asked_at, ended_at =
            excluded.ended_at, report = excluded.report, problem = excluded.problem WHERE excluded.revision >
            daily_runs.revision",
        delete: "DELETE FROM daily_runs WHERE account_id = ?1",
        key: &[("task", false)],
        newer: Newer::Larger("revision"),
    },
    Table {
        name: "article_sources",
        read: "
            SELECT account_id, article_id, revision, url, fingerprint, version, noticed_version, etag, last_modified,
            digest, outcome, problem, n_failures, crawled_at, due_at FROM article_sources WHERE account_id = ?1 AND
            article_id > ?2 ORDER BY article_id LIMIT 100",
        page: 100,
        write: "
            INSERT INTO article_sources (account_id, article_id, revision, url, fingerprint, version, noticed_version, etag,
            last_modified, digest, outcome, problem, n_failures, crawled_at, due_at) SELECT value ->> 0, value ->> 1, value
            ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10,
            value ->> 11, value ->> 12, value ->> 13, value ->> 14 FROM json_each(?1) WHERE true ON CONFLICT (account_id,
            article_id) DO UPDATE SET revision = excluded.revision, url = excluded.url, fingerprint = excluded.fingerprint,
            version = excluded.version, noticed_version = excluded.noticed_version, etag = excluded.etag, last_modified =
            excluded.last_modified, digest = excluded.digest, outcome = excluded.outcome, problem = excluded.problem,
            n_failures = excluded.n_failures, crawled_at = excluded.crawled_at, due_at = excluded.due_at WHERE
            excluded.revision > article_sources.revision",
        delete: "DELETE FROM article_sources WHERE account_id = ?1",
        key: &[("article_id", false)],
        newer: Newer::Larger("revision"),
    },
    Table {
        name: "macros",
        read: "
            SELECT account_id, id, revision, kind, title, title_key, content, created_at, updated_at, vector, model FROM
            macros WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT 50",
        page: 50,
        write: "
            INSERT INTO macros (account_id, id, revision, kind, title, title_key, content, created_at, updated_at, vector,
            model) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value
            ->> 7, value ->> 8, value ->> 9, value ->> 10 FROM json_each(?1) WHERE true ON CONFLICT (account_id, id) DO
            UPDATE SET revision = excluded.revision, kind = excluded.kind, title = excluded.title, title_key =
            excluded.title_key, content = excluded.content, created_at = excluded.created_at, updated_at =
            excluded.updated_at, vector = excluded.vector, model = excluded.model WHERE excluded.revision > macros.revision",
        delete: "DELETE FROM macros WHERE account_id = ?1",
        key: &[("id", false)],
        newer: Newer::Larger("revision"),
    },
    Table {
        name: "suggestions",
        read: "
            SELECT account_id, conversation_id, id, seq, source, macro_id, offered_at, verdict FROM suggestions WHERE
            account_id = ?1 AND (conversation_id, id) > (?2, ?3) ORDER BY conversation_id, id LIMIT 200",
        page: 200,
        write: "
            INSERT INTO suggestions (account_id, conversation_id, id, seq, source, macro_id, offered_at, verdict) SELECT
            value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 FROM
            json_each(?1) WHERE true ON CONFLICT (account_id, conversation_id, id) DO UPDATE SET seq = excluded.seq, source
            = excluded.source, macro_id = excluded.macro_id, offered_at = excluded.offered_at, verdict = excluded.verdict
            WHERE excluded.seq > suggestions.seq",
        delete: "DELETE FROM suggestions WHERE account_id = ?1",
        key: &[("conversation_id", false), ("id", false)],
        newer: Newer::Larger("seq"),
    },
    Table {
        name: "assistant_steps",
        read: "
            SELECT account_id, conversation_id, seq, step, reason, created_at FROM assistant_steps WHERE account_id = ?1
            AND (conversation_id, seq) > (?2, ?3) ORDER BY conversation_id, seq LIMIT 200",
        page: 200,
        write: "
            INSERT INTO assistant_steps (account_id, conversation_id, seq, step, reason, created_at) SELECT value ->> 0,
            value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1) WHERE true ON CONFLICT
            (account_id, conversation_id, seq) DO NOTHING",
        delete: "DELETE FROM assistant_steps WHERE account_id = ?1",
        key: &[("conversation_id", false), ("seq", true)],
        newer: Newer::Never,
    },
];
