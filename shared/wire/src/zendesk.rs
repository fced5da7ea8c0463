//! Zendesk's webhook payloads (event subscriptions and triggers), turned into [`Inbound`](edgedesk_domain::inbound).
