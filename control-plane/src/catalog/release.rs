//! Node image releases after the first one of an era.
//!
//! AKS brings out Linux node images every week and Windows ones every month (azure-aks-docs node-image-upgrade.md). The
//! versions of an era are those of the catalog; how later ones are numbered follows their form, their dates are INFERRED.

use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::Date;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Every fourth week has a Windows image.
const WEEKS_BETWEEN_WINDOWS_IMAGES: u32 = 4;

/// How many weekly releases there have been after the first one, after this time.
pub fn weeks_in(age: Duration) -> u32 {
    u32::try_from(age.as_secs() / WEEK.as_secs()).unwrap_or(u32::MAX)
}

/// The release that many weeks after `version`: `202607.13.0` becomes `202607.20.0`, `20348.5020.260512` becomes
/// `20348.5020.260609`. A version of another form stays.
pub(super) fn later(version: &str, weeks: u32) -> String {
    if weeks == 0 {
        return version.to_owned();
    }
    linux(version, weeks).or_else(|| windows(version, weeks)).unwrap_or_else(|| version.to_owned())
}

/// `YYYYMM.DD.patch`.
fn linux(version: &str, weeks: u32) -> Option<String> {
    let mut parts = version.split('.');
    let (month, day, _patch) = (parts.next()?, parts.next()?, parts.next()?);
    let (4, true) = (month.len().checked_sub(2)?, parts.next().is_none()) else { return None };
    let date = after(month[..4].parse().ok()?, month[4..].parse().ok()?, day.parse().ok()?, weeks)?;
    Some(format!("{:04}{:02}.{:02}.0", date.year(), date.month(), date.day()))
}

/// `build.revision.YYMMDD`. The revision stays: nobody can know it.
fn windows(version: &str, weeks: u32) -> Option<String> {
    let (build, day) = version.rsplit_once('.')?;
    let (6, true) = (day.len(), day.is_ascii()) else { return None };
    let year = 2000 + day[..2].parse::<i16>().ok()?;
    let weeks = weeks - weeks % WEEKS_BETWEEN_WINDOWS_IMAGES;
    let date = after(year, day[2..4].parse().ok()?, day[4..].parse().ok()?, weeks)?;
    Some(format!("{build}.{:02}{:02}{:02}", date.year() % 100, date.month(), date.day()))
}

fn after(year: i16, month: i8, day: i8, weeks: u32) -> Option<Date> {
    // Far beyond the life of any simulated world; keeps the date within the calendar.
    let weeks = weeks.min(10_000);
    Date::new(year, month, day).ok()?.checked_add(i64::from(weeks).weeks()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_images_come_every_week_and_windows_images_every_month() {
        for (version, weeks, wanted) in [
            ("202607.13.0", 0, "202607.13.0"),
            ("202607.13.0", 1, "202607.20.0"),
            ("202612.28.3", 1, "202701.04.0"),
            ("20348.5020.260512", 3, "20348.5020.260512"),
            ("20348.5020.260512", 5, "20348.5020.260609"),
            ("2023.02.15", 7, "2023.02.15"),
            ("x", 1, "x"),
        ] {
            assert_eq!(later(version, weeks), wanted, "{version} after {weeks} weeks");
        }
        assert_eq!(weeks_in(Duration::from_secs(8 * 24 * 60 * 60)), 1);
    }
}
