//! Cursors: the sort key of the last row of a page, as a text that clients hand back and otherwise leave alone.

use crate::database::{MAX_SAFE_INT, StoreError};

/// Writes `{number}.{id}`.
pub fn write(number: i64, id: &str) -> String {
    format!("{number}.{id}")
}

/// Reads what [`write`] wrote. No cursor is the place before the first row of a falling order.
pub fn read(cursor: Option<&str>) -> Result<(i64, &str), StoreError> {
    let Some(cursor) = cursor else {
        // Above every row: no time is as late, and `~` sorts after every digit and letter of an id.
        return Ok((MAX_SAFE_INT, "~"));
    };
    let (number, id) = cursor.split_once('.').ok_or(StoreError::InvalidCursor)?;
    let number = number.parse().map_err(|_| StoreError::InvalidCursor)?;
    // An id is compared, never interpreted; what is refused here could only be a mistake.
    let printable = id.bytes().all(|byte| byte.is_ascii_graphic());
    if (0..=MAX_SAFE_INT).contains(&number) && id.len() <= 200 && printable {
        Ok((number, id))
    } else {
        Err(StoreError::InvalidCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_as_it_is_written() {
        assert_eq!(read(Some(&write(12, "cnv_1"))), Ok((12, "cnv_1")));
        assert_eq!(read(None), Ok((MAX_SAFE_INT, "~")));
    }

    #[test]
    fn a_cursor_of_somebody_elses_making_is_refused() {
        for cursor in [
            "",
            "12",
            "x.cnv_1",
            "-1.cnv_1",
            "9007199254740992.a",
            "1.a b",
            "1.\0",
        ] {
            assert_eq!(
                read(Some(cursor)),
                Err(StoreError::InvalidCursor),
                "{cursor:?}"
            );
        }
    }
}
