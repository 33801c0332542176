//! Which event of one log is which of the other.

use vtpm_backend::eventlog::{Event, EventType};
use vtpm_backend::pcr::PcrIndex;

use super::part::{text, variable};
use crate::baseline::Expected;

/// How an expected and an actual event go together. Numbers are places in their lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairing {
    /// As expected.
    Same(usize),
    /// The same step, measured differently: expected, actual.
    Changed(usize, usize),
    /// Not expected.
    Extra(usize),
    /// Expected, but not there.
    Missing(usize),
}

/// What a step of the boot is, apart from its content.
#[derive(PartialEq, Eq)]
struct Step(PcrIndex, EventType, String);

impl Step {
    fn of(event: &Event) -> Step {
        let name = match (event.pcr.number(), event.event_type) {
            (9 | 14, EventType::IPL) => text(event),
            (8, _) => text(event).split(':').next().unwrap_or_default().to_owned(),
            _ => variable(event).map(|(name, _)| name).unwrap_or_default(),
        };
        Step(event.pcr, event.event_type, name)
    }
}

fn same(expected: &Expected, actual: &Event) -> bool {
    let event = &expected.event;
    let place = event.pcr == actual.pcr && event.event_type == actual.event_type;
    place && (expected.machine_specific || event.digests == actual.digests)
}

/// Pairs two logs: the longest common sequence first, then, between its members, equal steps in order.
pub(super) fn align(expected: &[Expected], actual: &[&Event]) -> Vec<Pairing> {
    let mut pairings = Vec::new();
    let (mut e, mut a) = (0, 0);
    let common = common(expected, actual);
    for (next_e, next_a) in common.into_iter().map(|(e, a)| (e, Some(a))).chain([(expected.len(), None)]) {
        let until_a = next_a.unwrap_or(actual.len());
        fill_gap(expected, actual, (e, next_e), (a, until_a), &mut pairings);
        if let Some(next_a) = next_a {
            pairings.push(Pairing::Same(next_a));
        }
        (e, a) = (next_e + 1, until_a + 1);
    }
    pairings
}

/// Pairs what lies between two common events.
fn fill_gap(
    expected: &[Expected],
    actual: &[&Event],
    (e, until_e): (usize, usize),
    (mut a, until_a): (usize, usize),
    pairings: &mut Vec<Pairing>,
) {
    for (expected_at, expected) in expected.iter().enumerate().take(until_e).skip(e) {
        let step = Step::of(&expected.event);
        let found = (a..until_a).find(|at| Step::of(actual[*at]) == step);
        match found {
            Some(at) => {
                pairings.extend((a..at).map(Pairing::Extra));
                pairings.push(Pairing::Changed(expected_at, at));
                a = at + 1;
            }
            None => pairings.push(Pairing::Missing(expected_at)),
        }
    }
    pairings.extend((a..until_a).map(Pairing::Extra));
}

/// The longest common sequence, after what is equal at both ends is set aside. When the rest is too large for a table,
/// which no honest log is, only the ends count.
fn common(expected: &[Expected], actual: &[&Event]) -> Vec<(usize, usize)> {
    const CELLS_MAX: usize = 4 << 20;
    let shorter = expected.len().min(actual.len());
    let front = (0..shorter).take_while(|at| same(&expected[*at], actual[*at])).count();
    let back =
        (1..=shorter - front).take_while(|at| same(&expected[expected.len() - at], actual[actual.len() - at])).count();
    let (until_e, until_a) = (expected.len() - back, actual.len() - back);
    let mut pairs: Vec<_> = (0..front).map(|at| (at, at)).collect();
    let (rows, columns) = (until_e - front, until_a - front);
    if rows.saturating_mul(columns) <= CELLS_MAX {
        let middle = table(&expected[front..until_e], &actual[front..until_a]);
        pairs.extend(middle.into_iter().map(|(e, a)| (e + front, a + front)));
    }
    pairs.extend((0..back).map(|at| (until_e + at, until_a + at)));
    pairs
}

fn table(expected: &[Expected], actual: &[&Event]) -> Vec<(usize, usize)> {
    let width = actual.len() + 1;
    let mut best = vec![0_u16; (expected.len() + 1) * width];
    for e in (0..expected.len()).rev() {
        for a in (0..actual.len()).rev() {
            best[e * width + a] = if same(&expected[e], actual[a]) {
                best[(e + 1) * width + a + 1].saturating_add(1)
            } else {
                best[(e + 1) * width + a].max(best[e * width + a + 1])
            };
        }
    }
    let (mut e, mut a) = (0, 0);
    let mut pairs = Vec::new();
    while e < expected.len() && a < actual.len() {
        if same(&expected[e], actual[a]) {
            pairs.push((e, a));
            (e, a) = (e + 1, a + 1);
        } else if best[(e + 1) * width + a] >= best[e * width + a + 1] {
            e += 1;
        } else {
            a += 1;
        }
    }
    pairs
}
