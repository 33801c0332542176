//! Plain tables for terminals.

use std::fmt::Write as _;

/// Lays out rows under headings, columns two spaces apart; the last column is not padded.
pub fn render<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = headings.map(|h| h.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = line(&headings.map(str::to_owned), &widths);
    for row in rows {
        out.push_str(&line(row, &widths));
    }
    out
}

fn line<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let mut out = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{cell:<width$}  ");
    }
    let mut out = out.trim_end().to_owned();
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a".to_owned(), "long cell".to_owned()], ["longer".to_owned(), "é".to_owned()]];
        assert_eq!(render(["x", "y"], &rows), "x       y\na       long cell\nlonger  é\n");
    }
}
