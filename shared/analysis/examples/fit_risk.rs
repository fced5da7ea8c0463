//! Fits the weights of the escalation risk on the labelled threads and prints them with their scores:
//! `cargo run -p edgedesk-analysis --example fit_risk`.
//!
//! Maximum likelihood on the last message of each thread, held to `PRIOR` by a quadratic penalty, no weight below zero. The carried
//! risk depends on the weights, so threads are played again after every few steps. Deterministic.
#![allow(clippy::print_stdout, reason = "this is a command")]

use edgedesk_analysis::risk::{N_SIGNALS, PRIOR, WEIGHTS, Weights, logistic};
use edgedesk_analysis::threads::{Thread, score};
use serde::Deserialize;

const THREADS: &str = include_str!("../data/threads.jsonl");
const MOODS: &str = include_str!("../data/moods.tsv");
/// Pull towards the prior, per thread: chosen before any score was seen, so that some ten threads outweigh it.
const PULL: f64 = 0.01;
const ROUNDS: usize = 40;
const STEPS: usize = 100;
const RATE: f64 = 0.3;

#[derive(Deserialize)]
struct Line {
    id: String,
    escalated: bool,
    messages: Vec<String>,
}

fn main() {
    let threads: Vec<Thread> = THREADS
        .lines()
        .filter_map(|line| {
            let line: Line = serde_json::from_str(line).ok()?;
            Thread::new(&line.id, line.escalated, &line.messages, MOODS)
        })
        .collect();
    let (val, train): (Vec<_>, Vec<_>) = threads.iter().partition(|thread| thread.is_held_out());
    println!("{} threads, {} of them held out", threads.len(), val.len());
    let fitted = fit(&train);
    println!("base {:.2}\nsignals {:.2?}", fitted.base, fitted.signals);
    for (name, weights) in [("prior", PRIOR), ("in use", WEIGHTS), ("fitted", fitted)] {
        for (part, threads) in [("train", &train), ("held out", &val)] {
            let risks: Vec<_> = threads
                .iter()
                .map(|thread| (last_risk(thread, &weights), thread.escalated))
                .collect();
            println!("{name}, {part}: {:.3?}", score(&risks));
        }
    }
    for thread in &threads {
        let risk = last_risk(thread, &fitted);
        if (risk > 0.5) != thread.escalated {
            println!("{} {risk:.2} escalated: {}", thread.id, thread.escalated);
        }
    }
}

fn last_risk(thread: &Thread, weights: &Weights) -> f64 {
    thread.play(weights).0.last().copied().unwrap_or_default()
}

fn fit(train: &[&Thread]) -> Weights {
    let mut weights = PRIOR;
    let n = train.len().max(1) as f64;
    for _ in 0..ROUNDS {
        let rows: Vec<([f64; N_SIGNALS], f64)> = train
            .iter()
            .map(|thread| {
                (
                    thread.play(&weights).1,
                    f64::from(u8::from(thread.escalated)),
                )
            })
            .collect();
        for _ in 0..STEPS {
            let mut base_slope = PULL * (weights.base - PRIOR.base);
            let mut slopes = [0.0; N_SIGNALS];
            for ((slope, weight), prior) in
                slopes.iter_mut().zip(weights.signals).zip(PRIOR.signals)
            {
                *slope = PULL * (weight - prior);
            }
            for (values, outcome) in &rows {
                let sum: f64 = values.iter().zip(weights.signals).map(|(x, w)| x * w).sum();
                let error = (logistic(weights.base + sum) - outcome) / n;
                base_slope += error;
                for (slope, value) in slopes.iter_mut().zip(values) {
                    *slope += error * value;
                }
            }
            weights.base -= RATE * base_slope;
            for (weight, slope) in weights.signals.iter_mut().zip(slopes) {
                *weight = (*weight - RATE * slope).max(0.0);
            }
        }
    }
    weights
}
