//! Boots, reboots, power, sleep and death.

use super::evidence::tool;
use super::*;
use crate::eventlog::EventLog;
use crate::swtpm::TpmState;
use crate::tpm::{ClockInfo, GetProperty, ReadClock, run};

async fn clock(fleet: &Fleet, number: u128) -> ClockInfo {
    let mut tpm = fleet.machine(vm(number)).lock().await.tpm().unwrap();
    run(&mut tpm, &ReadClock).await.unwrap()
}

async fn survived(fleet: &Fleet, number: u128) -> bool {
    fleet.survived(vm(number)).await.unwrap()
}

#[tokio::test]
async fn the_log_explains_the_registers_in_every_bank() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    assert_eq!(boot(&bench.fleet, order(1)).await.outcome, BootOutcome::Booted);
    let log = EventLog::parse(&bench.fleet.event_log(vm(1)).await.unwrap()).unwrap();
    assert!(log.events.len() > 20);
    assert_eq!(log.replay(), bench.fleet.pcrs(vm(1)).await.unwrap());
}

#[tokio::test]
async fn a_reboot_counts_one_orderly_reset_and_measures_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    let (before, pcrs) = (clock(&bench.fleet, 1).await, bench.fleet.pcrs(vm(1)).await.unwrap());
    boot(&bench.fleet, order(1)).await;
    let after = clock(&bench.fleet, 1).await;
    assert_eq!((after.reset_count, after.restart_count, after.safe), (before.reset_count + 1, 0, true));
    assert_eq!(bench.fleet.pcrs(vm(1)).await.unwrap(), pcrs);
    assert_eq!(bench.fleet.status(vm(1)).await.boots, 2);
}

/// swtpm 0.7 counts a start without `TPM2_Shutdown` as a failed authorisation, when a protected key was used before it,
/// and locks the TPM after three of them. Using such a key first needs `TPM_RC_RETRY` to be answered.
#[tokio::test]
async fn reboots_never_lock_a_guest_s_keys() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    std::fs::write(dir.path().join("message"), b"message").unwrap();
    for round in 0..5 {
        boot(&bench.fleet, order(1)).await;
        let tcti = bench.fleet.guest_endpoint(vm(1)).await.unwrap();
        let key: &[&[&str]] = &[
            &["tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", "primary.ctx"],
            &["tpm2_create", "-Q", "-C", "primary.ctx", "-G", "ecc", "-p", "secret", "-u", "k.pub", "-r", "k.priv"],
            &["tpm2_flushcontext", "-t"],
            &["tpm2_load", "-Q", "-C", "primary.ctx", "-u", "k.pub", "-r", "k.priv", "-c", "k.ctx"],
            &["tpm2_flushcontext", "-t"],
            &["tpm2_sign", "-Q", "-c", "k.ctx", "-p", "secret", "-g", "sha256", "-o", "signature", "message"],
            &["tpm2_flushcontext", "-t"],
        ];
        for args in key {
            let output = tool(Some(&tcti), dir.path(), args).await;
            assert!(output.status.success(), "{round} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let mut tpm = bench.fleet.machine(vm(1)).lock().await.tpm().unwrap();
        assert_eq!(run(&mut tpm, &GetProperty::LOCKOUT_COUNTER).await.unwrap(), Some(0), "{round}");
    }
}

/// `TPMS_CLOCK_INFO` in a quote: reset count, restart count, safe.
fn clock_in(quote: &[u8]) -> (u32, u32, bool) {
    let skip = |at: usize| at + 2 + usize::from(u16::from_be_bytes([quote[at], quote[at + 1]]));
    // Magic and type, the signer's name, the nonce, the clock in milliseconds.
    let at = skip(skip(6)) + 8;
    let number = |at: usize| u32::from_be_bytes(quote[at..at + 4].try_into().unwrap());
    (number(at), number(at + 4), quote[at + 8] == 1)
}

#[tokio::test]
async fn quotes_count_resets_and_sleep_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    let quote = async || clock_in(&bench.fleet.quote(vm(1), b"n", &Default::default()).await.unwrap().attest);
    let (resets, restarts, safe) = quote().await;
    assert_eq!((restarts, safe), (0, true));
    let tpm = bench.fleet.machine(vm(1)).lock().await.tpm().unwrap();
    tpm.sleep().await.unwrap();
    assert_eq!(quote().await, (resets, 0, true));
    boot(&bench.fleet, order(1)).await;
    assert_eq!(quote().await, (resets + 1, 0, true));
}

#[tokio::test]
async fn registers_at_a_refusal_are_kept_until_the_next_boot() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, tampered(1)).await;
    let refused = bench.fleet.pcrs_at_refusal(vm(1)).await.unwrap();
    assert_eq!(refused, Some(bench.fleet.pcrs(vm(1)).await.unwrap()));
    boot(&bench.fleet, order(1)).await;
    assert_eq!(bench.fleet.pcrs_at_refusal(vm(1)).await.unwrap(), None);
}

#[tokio::test]
async fn machines_go_on_after_an_orderly_restart_of_the_simulator() {
    let dir = tempfile::tempdir().unwrap();
    let first = bench(dir.path()).await;
    boot(&first.fleet, order(1)).await;
    boot(&first.fleet, BootOrder { vtpm: false, ..order(2) }).await;
    let (before, pcrs) = (clock(&first.fleet, 1).await, first.fleet.pcrs(vm(1)).await.unwrap());
    first.fleet.shutdown().await;
    assert_eq!(first.fleet.awake(), 0);
    drop(first);

    let second = bench(dir.path()).await;
    assert!(survived(&second.fleet, 1).await && survived(&second.fleet, 2).await);
    assert!(!survived(&second.fleet, 3).await);
    assert_eq!(second.fleet.status(vm(1)).await.power, TpmPower::Asleep);
    assert_eq!(second.fleet.pcrs(vm(1)).await.unwrap(), pcrs);
    let after = clock(&second.fleet, 1).await;
    assert_eq!((after.reset_count, after.restart_count), (before.reset_count, before.restart_count));
    // The guest goes on as well.
    second.fleet.quote(vm(1), b"n", &Default::default()).await.unwrap();
}

#[tokio::test]
async fn a_crash_of_the_simulator_is_a_power_loss() {
    let dir = tempfile::tempdir().unwrap();
    let first = bench(dir.path()).await;
    boot(&first.fleet, order(1)).await;
    drop(first); // without shutdown

    let second = bench(dir.path()).await;
    assert!(!survived(&second.fleet, 1).await);
    boot(&second.fleet, order(1)).await;
    assert!(survived(&second.fleet, 1).await);
}

#[tokio::test]
async fn a_killed_swtpm_is_reported_shown_and_healed() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    let TpmPower::Awake { pid } = bench.fleet.status(vm(1)).await.power else { panic!("not awake") };
    assert!(std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    assert_eq!(bench.events.recv().await, Some(HardwareEvent::PowerLost(vm(1))));
    assert_eq!(bench.fleet.status(vm(1)).await.power, TpmPower::Lost);
    assert!(!survived(&bench.fleet, 1).await);
    let error = bench.fleet.pcrs(vm(1)).await.unwrap_err();
    assert!(error.to_string().contains("lost power"), "{error}");
    boot(&bench.fleet, order(1)).await;
    bench.fleet.pcrs(vm(1)).await.unwrap();
}

#[tokio::test]
async fn power_off_keeps_disk_and_identity_and_remove_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    let before = clock(&bench.fleet, 1).await;
    bench.fleet.power_off(vm(1)).await.unwrap();
    bench.fleet.power_off(vm(1)).await.unwrap();
    assert!(!survived(&bench.fleet, 1).await);
    assert_eq!(bench.fleet.status(vm(1)).await.power, TpmPower::Off);
    boot(&bench.fleet, order(1)).await;
    assert_eq!(clock(&bench.fleet, 1).await.reset_count, before.reset_count + 1);

    bench.fleet.remove(vm(1)).await.unwrap();
    bench.fleet.remove(vm(1)).await.unwrap();
    assert!(!dir.path().join("nodes").join(vm(1).to_string()).exists());
    assert_eq!(bench.fleet.status(vm(1)).await.power, TpmPower::Absent);
}

#[tokio::test]
async fn without_a_vtpm_there_is_no_process_but_secure_boot_still_judges() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    let report = boot(&bench.fleet, BootOrder { vtpm: false, ..order(1) }).await;
    assert_eq!(report.outcome, BootOutcome::Booted);
    assert_eq!(bench.fleet.awake(), 0);
    assert_eq!(bench.fleet.console(vm(1)).await.unwrap(), report.console);
    let report = boot(&bench.fleet, BootOrder { vtpm: false, disk_generation: 2, ..tampered(1) }).await;
    assert!(matches!(report.outcome, BootOutcome::Refused { component: Component::Grub, .. }));
    assert!(survived(&bench.fleet, 1).await);
}

#[tokio::test]
async fn nobody_else_can_read_a_machines_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    bench.fleet.shutdown().await;
    let (mut folders, mut files) = (vec![dir.path().join("nodes")], vec![dir.path().join("tpm-state.key")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
    }
    assert!(files.len() >= 7, "record, log, console, and the TPM's state, snapshot, log and key: {files:?}");
    for file in files {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn machines_boot_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    let boots = (1..=6).map(|number| {
        let fleet = Arc::clone(&bench.fleet);
        tokio::spawn(async move { boot(&fleet, order(number)).await })
    });
    for boot in boots.collect::<Vec<_>>() {
        assert_eq!(boot.await.unwrap().outcome, BootOutcome::Booted);
    }
    assert_eq!(bench.fleet.awake(), 6);
    for number in 1..=6 {
        let tpm = bench.fleet.machine(vm(number)).lock().await.tpm().unwrap();
        assert!(matches!(tpm.state(), TpmState::Awake { .. }));
    }
}

#[tokio::test]
async fn a_missing_swtpm_says_what_to_install() {
    let dir = tempfile::tempdir().unwrap();
    let (sender, _events) = mpsc::unbounded_channel();
    let mut config = FleetConfig::new(dir.path(), Arc::new(|| NOW));
    config.swtpm = "no-such-swtpm".into();
    let error = Fleet::open(config, sender).await.err().unwrap().to_string();
    assert!(error.contains("no-such-swtpm") && error.contains("apt-get install swtpm"), "{error}");
}
