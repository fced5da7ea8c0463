//! `?cursor=` of lists: a place in a list, a day of the audit log, a number of its entries.
//!
//! What is taken reads back as the same place, fits the 53 bits of a double, and has nothing in it but visible ASCII. A day has one
//! spelling.

use edgedesk_audit::day::Day;
use edgedesk_fuzz::cursor::{read, write};
use edgedesk_fuzz::database::MAX_SAFE_INT;
use edgedesk_fuzz::text;

pub fn run(bytes: &[u8]) {
    let whole = text(bytes);
    if let Ok((number, id)) = read(Some(&whole)) {
        assert!((0..=MAX_SAFE_INT).contains(&number));
        assert!(id.len() <= 200 && id.bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(read(Some(&write(number, id))), Ok((number, id)));
    }
    if let Ok(day) = whole.parse::<Day>() {
        assert_eq!(day.to_string(), whole);
        // Years 1970 to 9999.
        assert!((0..2_932_897).contains(&day.number()));
    }
}
