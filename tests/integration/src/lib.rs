//! A client of a running Edgedesk, for tests against the real runtime.
