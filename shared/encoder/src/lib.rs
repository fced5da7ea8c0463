//! Tokeniser, embedding table, tract plans and heads.
