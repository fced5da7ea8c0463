//! Token ids of texts: each line of the input a JSON list of texts, each line of the output a list of their ids. The other
//! half of `models/train/fuzz_tokenizer.py`. The one argument is the vocabulary's path.
#![allow(clippy::print_stdout, reason = "the output is the point")]

use std::error::Error;
use std::io::{self, BufRead, Write};

use edgedesk_encoder::tokenizer::Tokenizer;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("no vocabulary")?;
    let tokenizer = Tokenizer::parse(&std::fs::read_to_string(path)?)?;
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let texts: Vec<String> = serde_json::from_str(&line?)?;
        let ids: Vec<_> = texts.iter().map(|text| tokenizer.pieces(text)).collect();
        writeln!(out, "{}", serde_json::to_string(&ids)?)?;
        out.flush()?;
    }
    Ok(())
}
