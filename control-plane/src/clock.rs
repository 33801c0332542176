//! Virtual time. The only place that reads the machine's clock.
//!
//! In [`Pace::Auto`] virtual time is real time × speed; in [`Pace::Explicit`] it moves only by command. Virtual time
//! never goes back, also not over a restart: while the simulator is down, time stands still.

use std::fmt;
use std::ops::Add;
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A moment in virtual time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VirtualTime(u64);

impl VirtualTime {
    /// The moment this many milliseconds after the Unix epoch.
    pub fn from_millis(millis: u64) -> Self {
        VirtualTime(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub fn unix_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// How long it is from `earlier` to here; zero when `earlier` is later.
    pub fn since(self, earlier: VirtualTime) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 in UTC with seven fractional digits, as Azure writes times: `2024-03-05T04:08:33.7230000Z`.
    pub fn rfc3339(self) -> String {
        self.format(7)
    }

    fn format(self, digits: u8) -> String {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_millisecond(millis) {
            Ok(timestamp) => format!("{timestamp:.precision$}", precision = usize::from(digits)),
            // Beyond the year 9999: still show something that sorts.
            Err(_) => format!("{}ms", self.0),
        }
    }
}

impl Add<Duration> for VirtualTime {
    type Output = VirtualTime;

    fn add(self, rhs: Duration) -> VirtualTime {
        let millis = u64::try_from(rhs.as_millis()).unwrap_or(u64::MAX);
        VirtualTime(self.0.saturating_add(millis))
    }
}

impl fmt::Display for VirtualTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format(3))
    }
}

/// How virtual time moves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "mode")]
pub enum Pace {
    /// Real time × speed. Azure's own pace is 1.
    Auto {
        /// Virtual seconds per real second; above zero.
        speed: f64,
    },
    /// Only by command.
    Explicit,
}

impl Pace {
    /// The pace of a simulator that is not told otherwise: a five-minute reimage takes five seconds.
    pub const DEFAULT: Pace = Pace::Auto { speed: 60.0 };

    /// The highest speed that is accepted.
    pub const SPEED_MAX: f64 = 100_000.0;
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pace::Auto { speed } => write!(f, "{speed}"),
            Pace::Explicit => f.write_str("explicit"),
        }
    }
}

impl std::str::FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("explicit") {
            return Ok(Pace::Explicit);
        }
        match text.trim_end_matches(['x', '×']).parse::<f64>() {
            Ok(speed) if speed.is_finite() && speed > 0.0 && speed <= Pace::SPEED_MAX => Ok(Pace::Auto { speed }),
            _ => {
                Err(format!("'{text}' is no speed: give a number above 0 and up to {}, or 'explicit'", Pace::SPEED_MAX))
            }
        }
    }
}

struct Anchor {
    pace: Pace,
    at: VirtualTime,
    wall: std::time::Instant,
    skipped: Duration,
}

/// The virtual clock.
pub struct Clock {
    anchor: Mutex<Anchor>,
    moved: watch::Sender<u64>,
}

impl Clock {
    /// A clock that shows `start` now.
    pub fn new(start: VirtualTime, pace: Pace) -> Self {
        let anchor = Anchor { pace, at: start, wall: wall_instant(), skipped: Duration::ZERO };
        Clock { anchor: Mutex::new(anchor), moved: watch::Sender::new(0) }
    }

    /// The virtual time now.
    pub fn now(&self) -> VirtualTime {
        let anchor = self.lock();
        read(&anchor)
    }

    /// How time moves now.
    pub fn pace(&self) -> Pace {
        self.lock().pace
    }

    /// Changes how time moves from now on.
    pub fn set_pace(&self, pace: Pace) {
        {
            let mut anchor = self.lock();
            anchor.at = read(&anchor);
            anchor.wall = wall_instant();
            anchor.pace = pace;
        }
        self.announce();
    }

    /// Moves an explicit clock forward. A clock that runs by itself, or a moment that has passed, is left alone.
    pub fn move_to(&self, to: VirtualTime) {
        {
            let mut anchor = self.lock();
            if anchor.pace == Pace::Explicit && to > anchor.at {
                let skipped = to.since(anchor.at);
                anchor.skipped += skipped;
                anchor.at = to;
            }
        }
        self.announce();
    }

    /// How far this clock was moved by command, all in all, since it was made: the time that passed for nobody else.
    pub fn skipped(&self) -> Duration {
        self.lock().skipped
    }

    /// Waits until virtual time has reached `due`. With an explicit clock that may be never.
    pub async fn sleep_until(&self, due: VirtualTime) {
        let mut moved = self.moves();
        loop {
            let now = self.now();
            if now >= due {
                return;
            }
            match self.pace() {
                Pace::Explicit => {
                    let _ = moved.changed().await;
                }
                Pace::Auto { speed } => {
                    let real = due.since(now).div_f64(speed).max(Duration::from_millis(1));
                    tokio::select! {
                        () = tokio::time::sleep(real) => {}
                        _ = moved.changed() => {}
                    }
                }
            }
        }
    }

    /// Changes whenever an explicit clock is moved, or the pace changes.
    pub fn moves(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    fn announce(&self) {
        self.moved.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Anchor> {
        self.anchor.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn read(anchor: &Anchor) -> VirtualTime {
    match anchor.pace {
        Pace::Explicit => anchor.at,
        Pace::Auto { speed } => anchor.at + anchor.wall.elapsed().mul_f64(speed),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn wall_instant() -> std::time::Instant {
    std::time::Instant::now()
}

/// The machine's own time in seconds since the Unix epoch, for what real clients check in real time: the validity of
/// TLS certificates and tokens.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn wall_unix_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// A stopwatch in real time, for benchmarks and progress displays.
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Self {
        Stopwatch(wall_instant())
    }

    /// Real time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explicit_time_moves_only_by_command_and_never_back() {
        let clock = Clock::new(VirtualTime::from_millis(1_000), Pace::Explicit);
        assert_eq!(clock.now().as_millis(), 1_000);
        clock.move_to(VirtualTime::from_millis(5_000));
        clock.move_to(VirtualTime::from_millis(2_000));
        assert_eq!(clock.now().as_millis(), 5_000);
        assert_eq!(clock.skipped(), Duration::from_secs(4));
        clock.set_pace(Pace::Auto { speed: 100.0 });
        clock.move_to(VirtualTime::from_millis(u64::MAX));
        assert_eq!(clock.skipped(), Duration::from_secs(4), "a clock that runs by itself skips nothing");
    }

    #[test]
    fn a_change_of_pace_keeps_the_time() {
        let clock = Clock::new(VirtualTime::from_millis(7_000), Pace::Auto { speed: 1000.0 });
        clock.set_pace(Pace::Explicit);
        let stopped = clock.now();
        assert!(stopped >= VirtualTime::from_millis(7_000));
        assert_eq!(clock.now(), stopped);
    }

    #[test]
    fn times_are_written_as_azure_writes_them() {
        assert_eq!(VirtualTime::from_millis(1_709_611_713_723).rfc3339(), "2024-03-05T04:08:33.7230000Z");
    }

    #[test]
    fn speeds_are_checked() {
        assert_eq!("60".parse::<Pace>(), Ok(Pace::Auto { speed: 60.0 }));
        assert_eq!("explicit".parse::<Pace>(), Ok(Pace::Explicit));
        for bad in ["0", "-1", "NaN", "inf", "1e9", "fast", ""] {
            assert!(bad.parse::<Pace>().is_err(), "{bad} was accepted");
        }
    }
}
