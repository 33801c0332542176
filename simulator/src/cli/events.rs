//! `slipway events`.

use control_plane::model::Event;

use super::{Context, args, out};
use crate::api::Events;
use crate::client::Client;
use crate::failure::Failure;

/// How long one request waits for something to happen, in milliseconds.
const WAIT_MS: u64 = 20_000;

pub(super) fn run(context: &Context, args: &args::Events) -> Result<(), Failure> {
    let client = context.client()?;
    let mut after = args.after;
    loop {
        let events = page(&client, after, 0)?;
        after = events.last().map_or(after, |event| event.sequence);
        let done = events.is_empty();
        print(context, &events)?;
        if done {
            break;
        }
    }
    if !args.follow {
        return Ok(());
    }
    loop {
        let events = page(&client, after, WAIT_MS)?;
        after = events.last().map_or(after, |event| event.sequence);
        print(context, &events)?;
    }
}

fn page(client: &Client, after: u64, wait_ms: u64) -> Result<Vec<Event>, Failure> {
    let events: Events = client.get(&format!("/events?after={after}&wait_ms={wait_ms}"))?;
    Ok(events.events)
}

/// One line for each: with `--json` too, so that a follower can read them one by one.
fn print(context: &Context, events: &[Event]) -> Result<(), Failure> {
    for event in events {
        if context.json {
            out::json_line(event)?;
        } else {
            out::text(&format!("{:>6}  {}  {}: {}\n", event.sequence, event.at, event.subject, event.text))?;
        }
    }
    Ok(())
}
