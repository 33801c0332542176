//! What a replay found, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::compare::Difference;
use super::rules::{CATALOGUES, RULES, SOMETIMES};
use super::run::{Outcome, Replay, Replayed};
use super::score::Score;

/// How much of a value is printed, in characters.
const SHOWN_MAX: usize = 120;

/// The sum over all files.
pub fn total(replays: &[Replay]) -> Score {
    let mut sum = Score::default();
    for replay in replays {
        sum += replay.score();
    }
    sum
}

/// As text: one block a file with its differences, then the total.
pub fn text(replays: &[Replay]) -> String {
    let mut out = String::new();
    for replay in replays {
        let _ = writeln!(out, "{} (era {})", replay.name, replay.era);
        for made in &replay.presupposed {
            let _ = writeln!(out, "  presupposed: {made}");
        }
        replay.exchanges.iter().for_each(|exchange| exchange_text(&mut out, exchange));
        let _ = writeln!(out, "  {}\n", score_text(&replay.score()));
    }
    let not_replayed = count(replays, |o| matches!(o, Outcome::NotReplayed(_)));
    let refused = count(replays, |o| matches!(o, Outcome::Compared { refused: Some(_), .. }));
    let all: usize = replays.iter().map(|replay| replay.exchanges.len()).sum();
    let compared = all - not_replayed;
    let _ = writeln!(
        out,
        "total: {all} exchanges, {compared} compared, {not_replayed} not replayable, {refused} refused by name"
    );
    let _ = writeln!(out, "  {}", score_text(&total(replays)));
    out
}

fn count(replays: &[Replay], fits: impl Fn(&Outcome) -> bool) -> usize {
    replays.iter().flat_map(|replay| &replay.exchanges).filter(|e| fits(&e.outcome)).count()
}

fn exchange_text(out: &mut String, exchange: &Replayed) {
    match &exchange.outcome {
        Outcome::NotReplayed(why) => {
            let _ = writeln!(out, "  #{} {}\n    not replayable: {why}", exchange.place, exchange.request);
        }
        Outcome::Compared { differences, refused, .. } if !differences.is_empty() || refused.is_some() => {
            let _ = writeln!(out, "  #{} {}", exchange.place, exchange.request);
            if let Some(what) = refused {
                let _ = writeln!(out, "    refused by name: {what}");
            }
            differences.iter().for_each(|difference| difference_text(out, difference));
        }
        Outcome::Compared { .. } => {}
    }
}

fn difference_text(out: &mut String, difference: &Difference) {
    let Difference { kind, at, recorded, answered } = difference;
    let _ = write!(out, "    {kind:8} {at}");
    if !recorded.is_empty() {
        let _ = write!(out, "\n             recorded {}", shown(recorded));
    }
    if !answered.is_empty() {
        let _ = write!(out, "\n             answered {}", shown(answered));
    }
    out.push('\n');
}

fn shown(text: &str) -> String {
    let escaped: String = text.chars().flat_map(char::escape_debug).collect();
    match escaped.char_indices().nth(SHOWN_MAX) {
        Some((cut, _)) => format!("{}…", &escaped[..cut]),
        None => escaped,
    }
}

fn score_text(score: &Score) -> String {
    let one = |(name, share): (&str, super::score::Share)| {
        format!("{name} {:.2} % ({}/{})", share.percent(), share.equal, share.of)
    };
    score.shares().map(one).join("  ")
}

/// As JSON.
pub fn json(replays: &[Replay]) -> Value {
    let files: Vec<_> = replays.iter().map(file_json).collect();
    json!({ "total": score_json(&total(replays)), "files": files })
}

fn file_json(replay: &Replay) -> Value {
    let exchanges: Vec<_> = replay.exchanges.iter().map(exchange_json).collect();
    json!({
        "name": replay.name,
        "era": replay.era,
        "presupposed": replay.presupposed,
        "score": score_json(&replay.score()),
        "exchanges": exchanges,
    })
}

fn exchange_json(exchange: &Replayed) -> Value {
    let mut out = json!({ "place": exchange.place, "request": exchange.request });
    match &exchange.outcome {
        Outcome::NotReplayed(why) => out["notReplayable"] = json!(why.to_string()),
        Outcome::Compared { score, differences, refused } => {
            let one = |d: &Difference| json!({ "kind": d.kind.to_string(), "at": d.at, "recorded": d.recorded, "answered": d.answered });
            out["score"] = score_json(score);
            out["refusedByName"] = json!(refused);
            out["differences"] = differences.iter().map(one).collect();
        }
    }
    out
}

fn score_json(score: &Score) -> Value {
    let one = |(name, share): (&str, super::score::Share)| {
        (name.to_owned(), json!({ "equal": share.equal, "of": share.of, "percent": share.percent() }))
    };
    Value::Object(score.shares().map(one).into_iter().collect::<Map<_, _>>())
}

/// What depends on the moment, as text.
pub fn rules() -> String {
    let mut out = String::from("Compared by form:\n");
    for rule in RULES {
        let members = if rule.members.is_empty() { "any text".to_owned() } else { rule.members.join(", ") };
        let _ = writeln!(out, "  <{}>: {}\n      {members}", rule.kind, rule.why);
    }
    for (title, table) in [("Compared as sets of forms", CATALOGUES), ("Not missed in these", SOMETIMES)] {
        let _ = writeln!(out, "{title}:");
        for (name, why) in table {
            let _ = writeln!(out, "  {name}: {why}");
        }
    }
    out
}
