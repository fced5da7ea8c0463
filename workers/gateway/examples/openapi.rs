//! Prints the API document as JSON.

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let document = edgedesk_gateway::openapi::document().to_pretty_json()?;
    writeln!(std::io::stdout().lock(), "{document}")?;
    Ok(())
}
