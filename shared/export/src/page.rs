//! What people read of an archive: an index, and a page a conversation. Plain HTML without scripts or style of others.

use std::fmt::Write as _;

use edgedesk_domain::message::Direction;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::customers::CustomerView;

use crate::checklist::{Fate, PLACES};
use crate::conversation::{ConversationFile, LeftOut};

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.3rem 1rem .3rem 0}\
.text{white-space:pre-wrap;overflow-wrap:anywhere}.who{font-weight:600}</style>";

/// A conversation in the index.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) subject: Option<String>,
    pub(crate) began_at: Timestamp,
    pub(crate) n_messages: usize,
    pub(crate) left_out: LeftOut,
}

/// `index.html`: what the archive is, where everything is, and what is not in it.
pub(crate) fn index(customer: &CustomerView, lines: &[Line], now: Timestamp) -> String {
    let who = customer
        .name
        .as_deref()
        .or(customer.email.as_deref())
        .unwrap_or("you");
    let mut html = format!(
        "{HEAD}<title>Your data</title></head><body><h1>What is known of {}</h1>\
<p>As of {now}. Times are UTC. The <code>.json</code> files hold all of it for other programs; the pages below are for reading.</p>\
<h2>Conversations</h2>",
        escape(who)
    );
    if lines.is_empty() {
        html += "<p>There is none.</p>";
    } else {
        html += "<ul>";
        for line in lines {
            let subject = line.subject.as_deref().unwrap_or("Conversation");
            let _ = write!(
                html,
                "<li><a href=\"conversations/{0}.html\">{1}</a>, {2}, {3} messages</li>",
                escape(&line.name),
                escape(subject),
                line.began_at,
                line.n_messages
            );
        }
        html += "</ul>";
    }
    html += "<h2>What is in here, and what is not</h2><table><tr><th>What</th><th>Where</th></tr>";
    for place in PLACES {
        let place_of = match place.fate {
            Fate::In(file) => format!("<code>{file}</code>"),
            Fate::Out(reason) => format!("Not in here: {}", escape(reason)),
        };
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{place_of}</td></tr>",
            escape(place.what)
        );
    }
    let sum = |part: fn(&LeftOut) -> u64| lines.iter().map(|line| part(&line.left_out)).sum();
    let notes: u64 = sum(|left_out| left_out.notes);
    let provider_events: u64 = sum(|left_out| left_out.provider_events);
    let files: u64 = sum(|left_out| left_out.files);
    html += "</table>";
    if files > 0 {
        let _ = write!(
            html,
            "<p>{files} files are too large for this archive. Each is named in its message; open it there, or ask for it.</p>"
        );
    }
    if notes + provider_events > 0 {
        let _ = write!(
            html,
            "<p>Left out: {notes} internal notes and {provider_events} technical messages of other systems, since they may speak \
of other people. You can ask for them; they are looked through first.</p>"
        );
    }
    html + "</body></html>\n"
}

/// A conversation to read.
pub(crate) fn conversation(file: &ConversationFile) -> String {
    let title = file.subject.as_deref().unwrap_or("Conversation");
    let mut html = format!(
        "{HEAD}<title>{0}</title></head><body><p><a href=\"../index.html\">Back</a></p><h1>{0}</h1><p>Began {1}.</p>",
        escape(title),
        file.began_at
    );
    for message in &file.messages {
        let who = match (message.from, &message.name) {
            (_, Some(name)) => name.as_str(),
            ("customer", None) => "You",
            ("agent", None) => "Agent",
            _ => "System",
        };
        let kind = if message.direction == Direction::Note {
            " (internal note)"
        } else {
            ""
        };
        let _ = write!(
            html,
            "<p><span class=\"who\">{}{kind}</span>, {}</p><p class=\"text\">{}</p>",
            escape(who),
            message.at,
            escape(&message.text)
        );
        for attachment in &message.attachments {
            let name = escape(&attachment.name);
            let _ = match &attachment.file {
                Some(file) => write!(
                    html,
                    "<p><a href=\"../{}\">{name}</a></p>",
                    escape(&path_in_url(file))
                ),
                None => write!(html, "<p>{name} (not in here)</p>"),
            };
        }
    }
    html + "</body></html>\n"
}

/// A path of the archive in a link: what ends a path is written as its code.
fn path_in_url(path: &str) -> String {
    path.replace('%', "%25")
        .replace('#', "%23")
        .replace('?', "%3F")
}

/// A text in HTML, also between double quotes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}
