//! CPU time of processes, from `/proc`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::failure::{Failure, OrFail as _};

/// `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// User and system time that a process has used so far, without its children.
pub(super) fn of_process(pid: u32) -> Result<Duration, Failure> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).or_fail(|| format!("cannot read {path}"))?;
    let [own, _] = times(&stat).ok_or_else(|| Failure::Failed(format!("{path} cannot be understood")))?;
    Ok(own)
}

/// The same with all children: those that have ended and were waited for, and those that work in a folder below `dir`.
pub(super) fn with_children(pid: u32, dir: &Path) -> Result<Duration, Failure> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).or_fail(|| format!("cannot read {path}"))?;
    let [own, ended] = times(&stat).ok_or_else(|| Failure::Failed(format!("{path} cannot be understood")))?;
    let dir = dir.canonicalize().or_fail(|| format!("cannot resolve {}", dir.display()))?;
    let processes = fs::read_dir("/proc").or_fail(|| "cannot read /proc".to_owned())?;
    let running: Duration = processes
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.parse::<u32>().ok())
        .filter(|other| *other != pid)
        .filter_map(|other| {
            // A swtpm process works in its own state directory.
            let works_in = fs::read_link(format!("/proc/{other}/cwd")).ok()?;
            works_in.starts_with(&dir).then(|| of_process(other).ok()).flatten()
        })
        .sum();
    Ok(own + ended + running)
}

/// Own time, and that of children that were waited for: fields 14 to 17 of `/proc/PID/stat` (proc(5)).
fn times(stat: &str) -> Option<[Duration; 2]> {
    // The second field is a name in parentheses that may hold anything; the third follows the last parenthesis.
    let (_, rest) = stat.rsplit_once(") ")?;
    let ticks: Vec<u32> = rest.split(' ').skip(11).take(4).map(|f| f.parse().ok()).collect::<Option<_>>()?;
    match ticks[..] {
        [user, system, children_user, children_system] => {
            Some([TICK * (user + system), TICK * (children_user + children_system)])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 200 0 0 5 3 20 10 20 0 12 0 42 1000 10";
        assert_eq!(times(stat), Some([Duration::from_millis(80), Duration::from_millis(300)]));
        assert_eq!(times("rubbish"), None);
    }

    #[test]
    fn this_process_has_used_some_time() {
        assert!(of_process(std::process::id()).is_ok());
    }
}
