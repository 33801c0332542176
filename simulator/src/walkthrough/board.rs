//! Nodes at work: one bar each on a terminal, one line for each change elsewhere.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::stage;
use crate::api::NodeView;
use crate::cli::out;
use crate::failure::Failure;

/// The resolution of a bar.
const STEPS: u64 = 1_000;

struct Row {
    bar: Option<ProgressBar>,
    state: String,
    entered_ms: u64,
}

/// The nodes that are watched.
pub(super) struct Board {
    bars: Option<MultiProgress>,
    rows: BTreeMap<String, Row>,
    waits: fn(&NodeView) -> bool,
}

/// For work that begins on all nodes at once.
pub(super) fn nobody_waits(_: &NodeView) -> bool {
    false
}

impl Board {
    /// An empty board. A node for which `waits` holds is still to be worked on, though nothing happens to it yet.
    pub(super) fn new(waits: fn(&NodeView) -> bool) -> Self {
        let bars = stage::is_terminal().then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stdout()));
        Board { bars, rows: BTreeMap::new(), waits }
    }

    /// Shows the nodes as they are at a moment of virtual time.
    pub(super) fn show(&mut self, now_ms: u64, nodes: &[NodeView]) -> Result<(), Failure> {
        for node in nodes {
            let new = !self.rows.contains_key(&node.name);
            if new {
                let bar = self.bars.as_ref().map(|bars| new_bar(bars, &node.name));
                let row = Row { bar, state: String::new(), entered_ms: now_ms };
                self.rows.insert(node.name.clone(), row);
            }
            // It was put in just above.
            let Some(row) = self.rows.get_mut(&node.name) else { continue };
            if row.state != node.state {
                row.state.clone_from(&node.state);
                row.entered_ms = now_ms;
                if row.bar.is_none() && !(new && node.until.is_none()) {
                    stage::line(&format!("{}  {}", node.name, node.state))?;
                }
            }
            if let Some(bar) = &row.bar {
                let waiting = node.until.is_none() && (self.waits)(node);
                bar.set_message(if waiting { "waiting".to_owned() } else { node.state.clone() });
                bar.set_position(if waiting { 0 } else { position(row.entered_ms, now_ms, node.until_unix_ms) });
            }
        }
        Ok(())
    }

    /// Leaves the bars as they are; what is printed next begins on a line of its own.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let bars: Vec<_> = self.rows.values().filter_map(|row| row.bar.as_ref()).collect();
        for bar in &bars {
            bar.set_position(STEPS);
            bar.abandon();
        }
        if bars.is_empty() { Ok(()) } else { out::text("\n") }
    }
}

fn new_bar(bars: &MultiProgress, name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("   {prefix}  {bar:30.cyan/dim}  {msg}")
        .map(|style| style.progress_chars("━━╌"))
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = bars.add(ProgressBar::new(STEPS).with_style(style));
    bar.set_prefix(name.to_owned());
    bar
}

/// How far a state has got; states that last are complete.
fn position(entered_ms: u64, now_ms: u64, until_ms: Option<u64>) -> u64 {
    let Some(until_ms) = until_ms else { return STEPS };
    let whole = until_ms.saturating_sub(entered_ms).max(1);
    (now_ms.saturating_sub(entered_ms) * STEPS / whole).min(STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_follows_virtual_time() {
        assert_eq!(position(1_000, 1_000, Some(2_000)), 0);
        assert_eq!(position(1_000, 1_500, Some(2_000)), 500);
        assert_eq!(position(1_000, 9_000, Some(2_000)), STEPS);
        assert_eq!(position(1_000, 1_000, Some(1_000)), 0);
        assert_eq!(position(1_000, 1_000, None), STEPS);
    }
}
