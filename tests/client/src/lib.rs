//! A typed client of a running Edgedesk: hooks signed as Zendesk signs them, the REST API, and sockets.
