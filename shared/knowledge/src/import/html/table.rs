//! Tables of a page as tables of Markdown (GFM, section 4.10).

/// Most columns of a table; what stands to the right is put into the last one.
const MAX_COLUMNS: usize = 32;

/// A table as it comes in.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    n_bytes: usize,
}

impl Table {
    pub(super) const fn size(&self) -> usize {
        self.n_bytes
    }

    pub(super) fn begin_row(&mut self) {
        if self.rows.last().is_none_or(|row| !row.is_empty()) {
            self.rows.push(Vec::new());
        }
    }

    pub(super) fn begin_cell(&mut self) {
        if self.rows.is_empty() {
            self.rows.push(Vec::new());
        }
        if let Some(row) = self.rows.last_mut() {
            self.n_bytes += 3;
            if row.len() < MAX_COLUMNS {
                row.push(String::new());
            }
        }
    }

    /// Adds Markdown of one line to the cell that was begun last.
    pub(super) fn add(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.rows.last().is_none_or(Vec::is_empty) {
            self.begin_cell();
        }
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()) {
            self.n_bytes += text.len() + 1;
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(text);
        }
    }

    /// The table as one block; what has one column is no table but a way of placing text, and each cell is a paragraph.
    pub(super) fn blocks(self) -> Vec<String> {
        let is_filled = |row: &Vec<String>| row.iter().any(|cell| !cell.is_empty());
        let rows: Vec<Vec<String>> = self.rows.into_iter().filter(is_filled).collect();
        let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        if n_columns < 2 {
            let cells = rows.into_iter().flatten();
            return cells
                .map(|cell| super::escape::escape_line_start(&cell))
                .collect();
        }
        let mut lines = Vec::with_capacity(rows.len() + 1);
        for (place, mut row) in rows.into_iter().enumerate() {
            // Only the first row and the dashes have to be as wide as the table: a row that is shorter ends earlier.
            if place == 0 {
                row.resize(n_columns, String::new());
            }
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            lines.push(format!("| {} |", cells.join(" | ")));
            if place == 0 {
                lines.push(format!("|{}", " --- |".repeat(n_columns)));
            }
        }
        vec![lines.join("\n")]
    }
}
