//! From a model's reading of one message to an analysis: trend, escalation risk, reasons.
