//! What the desk knows of a conversation, and the counters made of it.

use std::collections::BTreeMap;

use edgedesk_domain::analysis::RISK_ALERT;
use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::{TeamId, UserId};
use edgedesk_wire::desk::Counters;

/// What counters need of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) is_open: bool,
    pub(super) is_waiting: bool,
    pub(super) is_at_risk: bool,
    pub(super) assignee_id: Option<UserId>,
    pub(super) team_id: Option<TeamId>,
    /// Milliseconds from the conversation's beginning to its first reply.
    pub(super) first_response_ms: Option<i64>,
}

impl Facts {
    pub(super) fn of(state: &ConversationState) -> Self {
        Self {
            // What is hidden waits for nobody.
            is_open: state.status.is_open() && !state.is_hidden(),
            is_waiting: state.waiting_since.is_some(),
            is_at_risk: state.escalation_risk > RISK_ALERT,
            assignee_id: state.assignee_id,
            team_id: state.team_id,
            first_response_ms: state
                .first_reply_at
                .map(|at| at.millis_since(state.created_at)),
        }
    }

    /// Whose load it is part of.
    pub(super) fn holder(&self) -> Option<UserId> {
        self.assignee_id.filter(|_| self.is_open)
    }
}

/// Sums over all conversations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) open: u64,
    pub(super) waiting: u64,
    pub(super) unassigned: u64,
    pub(super) at_risk: u64,
    pub(super) resolved: u64,
    pub(super) n_replied: u64,
    pub(super) response_ms: i64,
    /// Open conversations by assignee; nobody with none.
    pub(super) loads: BTreeMap<UserId, u32>,
}

impl Tally {
    /// Counts a conversation in.
    pub(super) fn add(&mut self, facts: &Facts) {
        let [open, waiting, unassigned, at_risk] = ones(facts);
        self.open += open;
        self.waiting += waiting;
        self.unassigned += unassigned;
        self.at_risk += at_risk;
        self.resolved += 1 - open;
        if let Some(millis) = facts.first_response_ms {
            self.n_replied += 1;
            self.response_ms += millis;
        }
        if let Some(agent) = facts.holder() {
            *self.loads.entry(agent).or_default() += 1;
        }
    }

    /// Takes out a conversation that was counted with these facts.
    pub(super) fn remove(&mut self, facts: &Facts) {
        let [open, waiting, unassigned, at_risk] = ones(facts);
        self.open = self.open.saturating_sub(open);
        self.waiting = self.waiting.saturating_sub(waiting);
        self.unassigned = self.unassigned.saturating_sub(unassigned);
        self.at_risk = self.at_risk.saturating_sub(at_risk);
        self.resolved = self.resolved.saturating_sub(1 - open);
        if let Some(millis) = facts.first_response_ms {
            self.n_replied = self.n_replied.saturating_sub(1);
            self.response_ms -= millis;
        }
        if let Some(agent) = facts.holder()
            && let Some(load) = self.loads.get_mut(&agent)
        {
            *load = load.saturating_sub(1);
            if *load == 0 {
                self.loads.remove(&agent);
            }
        }
    }

    /// As agents see them.
    pub(super) fn counters(&self) -> Counters {
        Counters {
            open: self.open,
            waiting: self.waiting,
            unassigned: self.unassigned,
            at_risk: self.at_risk,
            resolved: self.resolved,
            first_response_mean_ms: (self.n_replied > 0)
                .then(|| self.response_ms as f64 / self.n_replied as f64),
        }
    }
}

/// 1 or 0 for open, waiting, unassigned and at risk; the last three only of open conversations.
fn ones(facts: &Facts) -> [u64; 4] {
    let open = facts.is_open;
    [
        open,
        open && facts.is_waiting,
        open && facts.assignee_id.is_none(),
        open && facts.is_at_risk,
    ]
    .map(u64::from)
}
