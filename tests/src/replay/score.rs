//! Scores: how much was equal.

use std::ops::AddAssign;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many were equal.
    pub equal: usize,
    /// How many there were.
    pub of: usize,
}

impl Share {
    /// Counts one more.
    pub fn count(&mut self, equal: bool) {
        self.equal += usize::from(equal);
        self.of += 1;
    }

    /// In percent; 100 when there was nothing to compare.
    pub fn percent(self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let ratio = |a: usize, b: usize| a as f64 / b as f64 * 100.0;
        if self.of == 0 { 100.0 } else { ratio(self.equal, self.of) }
    }
}

impl AddAssign for Share {
    fn add_assign(&mut self, other: Share) {
        self.equal += other.equal;
        self.of += other.of;
    }
}

/// The score of an exchange, a file or a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// HTTP statuses, one an exchange.
    pub status: Share,
    /// Headers: present on both sides with the same form.
    pub headers: Share,
    /// JSON paths of leaves: on both sides, of all that are on either.
    pub paths: Share,
    /// JSON types, of the paths on both sides.
    pub types: Share,
    /// Values, of the paths on both sides; what depends on the moment by its form.
    pub values: Share,
    /// Values that are equal to the letter, of the same paths.
    pub exact: Share,
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Score) {
        self.status += other.status;
        self.headers += other.headers;
        self.paths += other.paths;
        self.types += other.types;
        self.values += other.values;
        self.exact += other.exact;
    }
}

impl Score {
    /// Its shares by name, in the order in which they are printed.
    pub fn shares(&self) -> [(&'static str, Share); 6] {
        [
            ("status", self.status),
            ("headers", self.headers),
            ("paths", self.paths),
            ("types", self.types),
            ("values", self.values),
            ("exact", self.exact),
        ]
    }
}

/// What a run must reach, in percent.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// Of the statuses.
    pub status: f64,
    /// Of the headers.
    pub headers: f64,
    /// Of the paths.
    pub paths: f64,
    /// Of the values.
    pub values: f64,
}

impl Thresholds {
    /// What a score falls short of: name, reached, wanted.
    pub fn missed_by(&self, score: &Score) -> Vec<(&'static str, f64, f64)> {
        let all = [
            ("status", score.status, self.status),
            ("headers", score.headers, self.headers),
            ("paths", score.paths, self.paths),
            ("values", score.values, self.values),
        ];
        let reached = all.into_iter().map(|(name, share, wanted)| (name, share.percent(), wanted));
        reached.filter(|(_, reached, wanted)| reached < wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_missed_from_below_only() {
        let share = |equal| Share { equal, of: 100 };
        let score =
            Score { status: share(100), headers: share(90), paths: share(99), values: share(96), ..Score::default() };
        let wanted = Thresholds { status: 100.0, headers: 0.0, paths: 99.0, values: 97.0 };
        assert_eq!(wanted.missed_by(&score), [("values", 96.0, 97.0)]);
        assert!((Share::default().percent() - 100.0).abs() < f64::EPSILON);
    }
}
