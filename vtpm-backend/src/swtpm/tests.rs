//! Against the real swtpm: life, sleep and death of its process.

mod at_rest;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::tpm::{
    ClockInfo, CreatePrimary, HashAlg, PcrExtend, PcrRead, PcrSelection, Rc, ReadClock, ReadPublic, TpmError,
    attestation_key, handle, run,
};

const NEVER: Duration = Duration::from_secs(3600);

struct Bench {
    _dir: tempfile::TempDir,
    config: TpmConfig,
    lost: mpsc::UnboundedReceiver<()>,
}

fn bench(idle_sleep: Duration) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let (sender, lost) = mpsc::unbounded_channel();
    let config = TpmConfig {
        program: find_program("swtpm".as_ref()).unwrap(),
        dir: dir.path().to_path_buf(),
        key: StateKey::open_or_create(&dir.path().join("key")).unwrap(),
        idle_sleep,
        awake: Arc::default(),
        on_lost: Arc::new(move || sender.send(()).unwrap()),
    };
    Bench { _dir: dir, config, lost }
}

async fn extend(tpm: &mut TpmHandle, byte: u8) {
    let digests = vec![(HashAlg::Sha256, vec![byte; 32])];
    run(tpm, &PcrExtend { pcr: 9, digests }).await.unwrap();
}

async fn pcr9(tpm: &mut TpmHandle) -> Vec<u8> {
    let selection = PcrSelection { alg: HashAlg::Sha256, mask: 1 << 9 };
    run(tpm, &PcrRead(selection)).await.unwrap().values.remove(0).1
}

/// PCR 9, 16 and 23.
async fn registers(tpm: &mut TpmHandle) -> Vec<Vec<u8>> {
    let selection = PcrSelection { alg: HashAlg::Sha256, mask: 1 << 9 | 1 << 16 | 1 << 23 };
    run(tpm, &PcrRead(selection)).await.unwrap().values.into_iter().map(|(_, value)| value).collect()
}

fn pid(tpm: &TpmHandle) -> u32 {
    match tpm.state() {
        TpmState::Awake { pid } => pid,
        other => panic!("not awake: {other:?}"),
    }
}

fn kill(pid: u32) {
    let status = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

/// Whether a process exists and is more than an entry that nobody has collected yet.
fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[tokio::test]
async fn a_power_cycle_resets_the_registers_and_is_orderly() {
    let bench = bench(NEVER);
    let mut tpm = TpmHandle::launch(bench.config, false);
    assert_eq!(tpm.state(), TpmState::Off);
    tpm.power_cycle().await.unwrap();
    let first: ClockInfo = run(&mut tpm, &ReadClock).await.unwrap();
    extend(&mut tpm, 1).await;
    assert_ne!(pcr9(&mut tpm).await, [0; 32]);
    tpm.power_cycle().await.unwrap();
    let second = run(&mut tpm, &ReadClock).await.unwrap();
    assert_eq!(pcr9(&mut tpm).await, [0; 32]);
    assert_eq!((second.reset_count, second.restart_count, second.safe), (first.reset_count + 1, 0, true));
}

#[tokio::test]
async fn power_off_and_on_again_counts_one_reset() {
    let bench = bench(NEVER);
    let mut tpm = TpmHandle::launch(bench.config, false);
    tpm.power_cycle().await.unwrap();
    let first = run(&mut tpm, &ReadClock).await.unwrap();
    tpm.power_off().await.unwrap();
    assert_eq!(tpm.state(), TpmState::Off);
    let refused = run(&mut tpm, &ReadClock).await.unwrap_err();
    assert!(refused.to_string().contains("powered off"), "{refused}");
    tpm.power_cycle().await.unwrap();
    let second = run(&mut tpm, &ReadClock).await.unwrap();
    assert_eq!((second.reset_count, second.safe), (first.reset_count + 1, true));
}

#[tokio::test]
async fn nobody_can_tell_that_a_tpm_has_slept() {
    let bench = bench(NEVER);
    let snapshot = bench.config.dir.join(SNAPSHOT_FILE);
    let mut tpm = TpmHandle::launch(bench.config, false);
    tpm.power_cycle().await.unwrap();
    extend(&mut tpm, 7).await;
    // The registers that software may reset are kept like the others.
    for pcr in [16, 23] {
        run(&mut tpm, &PcrExtend { pcr, digests: vec![(HashAlg::Sha256, vec![pcr; 32])] }).await.unwrap();
    }
    let template = attestation_key();
    let key = run(&mut tpm, &CreatePrimary { hierarchy: handle::ENDORSEMENT, template }).await.unwrap();
    let before = (registers(&mut tpm).await, run(&mut tpm, &ReadClock).await.unwrap());
    assert!(before.0.iter().all(|value| value != &[0; 32]));
    let awake = pid(&tpm);

    tpm.sleep().await.unwrap();
    assert_eq!(tpm.state(), TpmState::Asleep);
    assert!(!runs(awake) && snapshot.exists());

    let after = (registers(&mut tpm).await, run(&mut tpm, &ReadClock).await.unwrap());
    assert!(!snapshot.exists(), "a snapshot that stays could bring old PCR values back");
    assert_eq!(before.0, after.0);
    assert_eq!((before.1.reset_count, before.1.restart_count), (after.1.reset_count, after.1.restart_count));
    let transient = run(&mut tpm, &ReadPublic(key.handle)).await.unwrap();
    assert_eq!(transient.public, key.public);
}

#[tokio::test]
async fn an_idle_tpm_goes_to_sleep_and_a_restarted_owner_finds_it() {
    let bench = bench(Duration::from_millis(1));
    let mut tpm = TpmHandle::launch(bench.config.clone(), false);
    tpm.power_cycle().await.unwrap();
    extend(&mut tpm, 7).await;
    let value = pcr9(&mut tpm).await;
    let mut state = tpm.watch();
    state.wait_for(|state| *state == TpmState::Asleep).await.unwrap();
    drop((tpm, state));

    let mut again = TpmHandle::launch(bench.config, true);
    assert_eq!(again.state(), TpmState::Asleep);
    assert_eq!(pcr9(&mut again).await, value);
}

#[tokio::test]
async fn a_killed_process_is_noticed_at_once_and_the_next_boot_heals_it() {
    let mut bench = bench(NEVER);
    let mut tpm = TpmHandle::launch(bench.config, false);
    tpm.power_cycle().await.unwrap();
    kill(pid(&tpm));
    bench.lost.recv().await.unwrap();
    assert_eq!(tpm.state(), TpmState::Lost);
    let error = run(&mut tpm, &ReadClock).await.unwrap_err();
    assert!(matches!(error, TpmError::Transport { .. }), "{error}");
    tpm.power_cycle().await.unwrap();
    assert_eq!(pcr9(&mut tpm).await, [0; 32]);
}

#[tokio::test]
async fn a_snapshot_cannot_be_replayed_after_a_power_loss() {
    let mut bench = bench(NEVER);
    let mut tpm = TpmHandle::launch(bench.config.clone(), false);
    tpm.power_cycle().await.unwrap();
    extend(&mut tpm, 7).await;
    tpm.sleep().await.unwrap();
    extend(&mut tpm, 8).await;
    kill(pid(&tpm));
    bench.lost.recv().await.unwrap();
    let restarted = TpmHandle::launch(bench.config, true);
    assert_eq!(restarted.state(), TpmState::Off);
}

#[tokio::test]
async fn a_sleeping_tpm_whose_plug_is_pulled_is_off_for_good() {
    let bench = bench(NEVER);
    let tpm = TpmHandle::launch(bench.config.clone(), false);
    tpm.power_cycle().await.unwrap();
    tpm.sleep().await.unwrap();
    tpm.pull_plug().await.unwrap();
    assert_eq!(tpm.state(), TpmState::Off);
    assert_eq!(TpmHandle::launch(bench.config, true).state(), TpmState::Off);
}

#[tokio::test]
async fn guests_are_served_only_while_their_system_runs_and_find_a_storage_root_key() {
    let bench = bench(NEVER);
    let tpm = TpmHandle::launch(bench.config, false);
    tpm.power_cycle().await.unwrap();
    let read_srk = crate::tpm::Command::encode(&ReadPublic(handle::SRK));
    tpm.command(Origin::Guest, read_srk.clone()).await.unwrap_err();
    tpm.admit_guest().await.unwrap();
    let response = tpm.command(Origin::Agent, read_srk.clone()).await.unwrap();
    assert!(crate::tpm::parse_response(&response).unwrap().unwrap_err().is_absent());
    let response = tpm.command(Origin::Guest, read_srk.clone()).await.unwrap();
    crate::tpm::parse_response(&response).unwrap().unwrap();
    // A guest's own TPM2_Startup resets nothing.
    let startup = crate::tpm::Command::encode(&crate::tpm::StartupClear);
    let response = tpm.command(Origin::Guest, startup).await.unwrap();
    assert_eq!(crate::tpm::parse_response(&response).unwrap().unwrap_err(), Rc::INITIALIZE);
    tpm.power_cycle().await.unwrap();
    tpm.command(Origin::Guest, read_srk).await.unwrap_err();
}

#[tokio::test]
async fn a_directory_that_is_held_by_another_process_says_so() {
    let bench = bench(NEVER);
    let first = TpmHandle::launch(bench.config.clone(), false);
    first.power_cycle().await.unwrap();
    let second = TpmHandle::launch(bench.config, false);
    let error = second.power_cycle().await.unwrap_err().to_string();
    assert!(error.contains("lock"), "{error}");
}

#[tokio::test]
async fn a_missing_program_is_reported_with_its_last_words() {
    let mut bench = bench(NEVER);
    bench.config.program = "/nowhere/swtpm".into();
    let tpm = TpmHandle::launch(bench.config, false);
    let error = tpm.power_cycle().await.unwrap_err();
    assert!(matches!(error, SwtpmError::Died(_)) && error.to_string().contains("not found"), "{error}");
}

#[tokio::test]
async fn a_signal_to_the_owners_process_group_does_not_reach_swtpm() {
    let bench = bench(NEVER);
    let tpm = TpmHandle::launch(bench.config, false);
    tpm.power_cycle().await.unwrap();
    let pid = pid(&tpm);
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let group = stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap();
    assert_eq!(group, pid.to_string());
}

/// Not a test: the owner that [`no_swtpm_outlives_an_owner_that_is_killed`] starts and kills. Without its directory in
/// the environment it does nothing.
#[tokio::test]
async fn an_owner_for_the_next_test() {
    let Some(dir) = std::env::var_os("SLIPWAY_TEST_OWNER_DIR") else { return };
    let mut config = bench(NEVER).config;
    config.dir = dir.into();
    config.key = StateKey::open_or_create(&config.dir.join("key")).unwrap();
    let tpm = TpmHandle::launch(config, false);
    tpm.power_cycle().await.unwrap();
    println!("\nowned {}", pid(&tpm));
    std::future::pending::<()>().await;
}

#[test]
fn no_swtpm_outlives_an_owner_that_is_killed() {
    use std::io::{BufRead, BufReader};
    let dir = tempfile::tempdir().unwrap();
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "swtpm::tests::an_owner_for_the_next_test"])
        .env("SLIPWAY_TEST_OWNER_DIR", dir.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let swtpm = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("owned ")?.parse::<u32>().ok()).unwrap();
    assert!(runs(swtpm));
    owner.kill().unwrap();
    owner.wait().unwrap();
    // The kernel has closed the sockets; swtpm needs a moment to notice. A test that hangs here has failed.
    while runs(swtpm) {
        std::thread::yield_now();
    }
}
