//! The explanation for people.

use std::fmt;

use super::register::{Noted, RegisterExplanation, RegisterState};
use super::{Explanation, Side};
use crate::compare::Change;

/// How many differences of a register are written out.
const SHOWN_MAX: usize = 3;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n  compared with {}\n", self.subject.name, self.against.name)?;
        for register in self.registers.iter().filter(|register| register.state == RegisterState::Differs) {
            write_register(register, self.subject.events, f)?;
        }
        let others = self.registers.iter().filter(|register| register.state == RegisterState::MachineSpecific);
        for register in others.filter(|register| !register.differences.is_empty()) {
            writeln!(f, "PCR {} belongs to the machine:", register.pcr)?;
            write_differences(register, None, f)?;
        }
        for (state, words) in [
            (RegisterState::Same, "the same"),
            (RegisterState::MachineSpecific, "different on every machine, and nothing else in it is"),
            (RegisterState::AfterTheBoot, "extended by the running system, which the firmware's log does not tell"),
            (RegisterState::Unknown, "known of one side only"),
        ] {
            let of = self.registers.iter().filter(|register| register.state == state);
            let of = of.filter(|register| register.differences.is_empty()).map(|register| register.pcr);
            let numbers = numbers(of);
            if !numbers.is_empty() {
                writeln!(f, "{numbers}: {words}")?;
            }
        }
        writeln!(f)?;
        write_side(&self.subject, f)?;
        write_side(&self.against, f)?;
        writeln!(f, "\n{}", self.summary)
    }
}

fn write_register(register: &RegisterExplanation, events: Option<usize>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let short = |value: &Option<String>| value.as_ref().map_or("unknown".to_owned(), |value| format!("{value:.16}…"));
    writeln!(f, "PCR {} differs: {} instead of {}", register.pcr, short(&register.value), short(&register.against))?;
    if register.differences.is_empty() {
        writeln!(f, "  but the logs do not say why")?;
    }
    write_differences(register, events, f)
}

/// `events` is how many the log has: of what is missing behind them, because the boot ended early, one step is enough.
fn write_differences(register: &RegisterExplanation, events: Option<usize>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_behind = |noted: &&Noted| {
        noted.difference.change == Change::Missing && events.is_some_and(|events| noted.difference.index > events)
    };
    // What belongs to the machine comes last, whatever its place.
    let (own, others): (Vec<_>, Vec<_>) =
        register.differences.iter().partition(|noted| noted.difference.machine_specific);
    let prefix = format!("PCR {} differs: ", register.pcr);
    let (behind, all): (Vec<_>, Vec<_>) = others.into_iter().chain(own).partition(is_behind);
    let unsaid = behind.len().saturating_sub(1);
    let all: Vec<_> = all.into_iter().chain(behind.into_iter().take(1)).collect();
    for noted in all.iter().take(SHOWN_MAX) {
        let difference = &noted.difference;
        let text = difference.text.strip_prefix(&prefix).unwrap_or(&difference.text);
        writeln!(f, "  event {:<3} {text}", difference.index)?;
        if let Some(verification) = &noted.verification {
            writeln!(f, "            {verification}")?;
        }
    }
    if unsaid > 0 {
        let verb = if unsaid == 1 { "does" } else { "do" };
        writeln!(f, "            nor {verb} {unsaid} more, because the log ends there")?;
    }
    if all.len() > SHOWN_MAX {
        let count = |change, words| Some((register.count(change), words)).filter(|(count, _)| *count > 0);
        let all = [count(Change::Changed, "changed"), count(Change::Added, "added"), count(Change::Missing, "missing")];
        let all: Vec<_> = all.into_iter().flatten().map(|(count, words)| format!("{count} {words}")).collect();
        writeln!(f, "  in all, {} (--json shows them)", all.join(", "))?;
    }
    Ok(())
}

fn write_side(side: &Side, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Side { name, events, agreement, quote } = side;
    match (events, agreement) {
        (Some(events), Some(agreement)) => writeln!(f, "{name}: {events} events; {}", agreement.in_words())?,
        (Some(events), None) => writeln!(f, "{name}: {events} events; no registers to hold them against")?,
        (None, _) => writeln!(f, "{name}: no event log; its registers are compared alone")?,
    }
    if let Some(later) = agreement.as_ref().map(|a| &a.extended_later).filter(|later| !later.is_empty()) {
        writeln!(f, "  {}: extended after the boot, beyond the log", numbers(later.iter().map(|pcr| pcr.number())))?;
    }
    let Some(quote) = quote else { return Ok(()) };
    let (bank, pcrs) = (quote.bank, numbers(quote.pcrs.iter().map(|pcr| pcr.number())));
    match quote.matches {
        Some(true) => {
            writeln!(f, "  its quote is of these values ({bank}, {pcrs}); 'slipway verify' judges who signed it")
        }
        Some(false) => writeln!(f, "  its quote is of OTHER values than these ({bank}, {pcrs})"),
        None => writeln!(f, "  its quote covers {bank}, {pcrs}, whose values are not all here"),
    }
}

/// `PCR 4`, `PCR 0-3, 5`; nothing for none. The numbers ascend.
pub(super) fn numbers(of: impl Iterator<Item = u8>) -> String {
    let mut ranges: Vec<(u8, u8)> = Vec::new();
    for number in of {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let range = |(first, last): &(u8, u8)| match last - first {
        0 => format!("{first}"),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    };
    let ranges: Vec<_> = ranges.iter().map(range).collect();
    if ranges.is_empty() { String::new() } else { format!("PCR {}", ranges.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn neighbours_are_joined() {
        assert_eq!(numbers([0, 1, 2, 5, 7, 8].into_iter()), "PCR 0-2, 5, 7, 8");
        assert_eq!(numbers([].into_iter()), "");
    }
}
