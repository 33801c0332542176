//! `slipway time` and `slipway status`.

use control_plane::clock::Pace;

use super::{Context, args, out};
use crate::api::{Advance, Status, TimeView};
use crate::failure::Failure;

pub(super) fn run(context: &Context, command: args::Time) -> Result<(), Failure> {
    let client = context.client()?;
    let advance = |advance: Advance| client.post("/time/advance", &advance);
    let time: TimeView = match command {
        args::Time::Show => client.get("/time")?,
        args::Time::Advance { by } => advance(Advance::ByMs(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))?,
        args::Time::Next => advance(Advance::ToNext)?,
        args::Time::UntilIdle => advance(Advance::UntilIdle)?,
        args::Time::Speed { speed } => client.put("/time/pace", &speed)?,
        args::Time::Explicit => client.put("/time/pace", &Pace::Explicit)?,
    };
    if context.json {
        return out::json(&time);
    }
    out::text(&describe(&time))
}

pub(super) fn status(context: &Context) -> Result<(), Failure> {
    let status: Status = context.client()?.get("/status")?;
    if context.json {
        return out::json(&status);
    }
    out::text(&format!(
        "Slipway {} at {}, process {}\n{}",
        status.version,
        status.url,
        status.pid,
        describe(&status.time)
    ))
}

fn describe(time: &TimeView) -> String {
    let pace = match time.pace {
        Pace::Auto { speed } => format!("runs by itself, {speed} virtual seconds per second"),
        Pace::Explicit => "moves only by command ('slipway time advance 5m')".to_owned(),
    };
    let next = match time.next_in_ms {
        Some(ms) => format!("something happens next in {}.{} virtual seconds", ms / 1000, ms % 1000 / 100),
        None => "nothing is going on".to_owned(),
    };
    format!("virtual time {}\nit {pace}\n{next}\n", time.now)
}
