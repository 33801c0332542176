//! Judges evidence: quotes, event logs, and why a PCR differs
