//! What was measured.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::chain::ChainCost;
use super::growth::Size;
use crate::table;

/// Everything.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    #[serde(rename = "firstStartMs", serialize_with = "milliseconds")]
    pub(super) first_start: Duration,
    #[serde(rename = "secondStartMs", serialize_with = "milliseconds")]
    pub(super) second_start: Duration,
    pub(super) gets: Rate,
    pub(super) puts: Rate,
    pub(super) nodes: NodeCost,
    pub(super) chain: Vec<ChainCost>,
    pub(super) growth: Vec<Size>,
}

/// One kind of request.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rate {
    count: u32,
    clients: u32,
    per_second: f64,
    server_cpu_ms_each: f64,
}

impl Rate {
    pub(super) fn new(count: u32, clients: u32, wall: Duration, cpu: Duration) -> Self {
        Rate {
            count,
            clients,
            per_second: f64::from(count) / wall.as_secs_f64(),
            server_cpu_ms_each: cpu.as_secs_f64() * 1e3 / f64::from(count.max(1)),
        }
    }
}

/// New nodes, with Secure Boot and vTPM.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeCost {
    count: u32,
    first_wall_ms: f64,
    first_cpu_ms: f64,
    wall_ms_each: f64,
    cpu_ms_each: f64,
}

impl NodeCost {
    pub(super) fn new(count: u32, first: (Duration, Duration), many: (Duration, Duration)) -> Self {
        let each = |total: Duration| total.as_secs_f64() * 1e3 / f64::from(count.max(1));
        NodeCost {
            count,
            first_wall_ms: first.0.as_secs_f64() * 1e3,
            first_cpu_ms: first.1.as_secs_f64() * 1e3,
            wall_ms_each: each(many.0),
            cpu_ms_each: each(many.1),
        }
    }
}

impl Report {
    /// The table, with the aims beside what was measured.
    pub(super) fn render(&self) -> String {
        let row = |what: &str, measured: String, aim: &str| [what.to_owned(), measured, aim.to_owned()];
        let ms = |d: Duration| format!("{:.0} ms", d.as_secs_f64() * 1e3);
        let (gets, puts, nodes) = (&self.gets, &self.puts, &self.nodes);
        let mut rows = vec![
            row("first start, exec to first answer", ms(self.first_start), "at most 100 ms"),
            row("second start, with this world", ms(self.second_start), "at most 100 ms"),
            row(&format!("GET, {} clients", gets.clients), format!("{:.0} per second", gets.per_second), ""),
            row("  server CPU each", format!("{:.3} ms", gets.server_cpu_ms_each), "at most 0.03 ms"),
            row(
                &format!("durable PUT, {} clients", puts.clients),
                format!("{:.0} per second", puts.per_second),
                "at least 2000 per second",
            ),
            row("  server CPU each", format!("{:.3} ms", puts.server_cpu_ms_each), ""),
            row("first node, with keys and images", format!("{:.0} ms wall", nodes.first_wall_ms), ""),
            row("  CPU, server and swtpm", format!("{:.0} ms", nodes.first_cpu_ms), ""),
            row(&format!("each of {} more nodes", nodes.count), format!("{:.0} ms wall", nodes.wall_ms_each), ""),
            row("  CPU, server and swtpm", format!("{:.0} ms", nodes.cpu_ms_each), "at most 70 ms"),
        ];
        rows.extend(self.chain.iter().flat_map(|chain| {
            [
                row(&format!("{}, first", chain.what), format!("{:.0} ms CPU", chain.first_cpu_ms), ""),
                row("  each further boot, without its TPM", format!("{:.2} ms CPU", chain.cpu_ms_each), "at most 2 ms"),
            ]
        }));
        rows.extend(self.growth.iter().flat_map(|size| {
            let cpu = |ms: f64| format!("{ms:.3} ms");
            [
                row(&format!("with {} clusters: GET of one, server CPU", size.clusters), cpu(size.get_cpu_ms), "flat"),
                row("  PUT of one, to the operation's end", cpu(size.put_cpu_ms), "flat"),
                row("  list, per cluster", cpu(size.list_cpu_ms_per_cluster), "flat"),
            ]
        }));
        table::render(["WHAT", "MEASURED", "AIM"], &rows)
    }
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_second_and_per_request() {
        let rate = Rate::new(1_000, 4, Duration::from_millis(500), Duration::from_millis(100));
        assert_eq!((rate.per_second, rate.server_cpu_ms_each), (2_000.0, 0.1));
        let both = (Duration::from_millis(100), Duration::from_millis(200));
        let cost = NodeCost::new(4, both, both);
        assert_eq!((cost.wall_ms_each, cost.cpu_ms_each), (25.0, 50.0));
    }
}
