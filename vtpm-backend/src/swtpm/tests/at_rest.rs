//! What lies on disk of a TPM, and what its process may do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::swtpm::process::STATE_FILE;

/// A TPM that sleeps: its state is complete on disk.
async fn asleep(config: &TpmConfig) -> TpmHandle {
    let mut tpm = TpmHandle::launch(config.clone(), false);
    tpm.power_cycle().await.unwrap();
    extend(&mut tpm, 7).await;
    tpm.sleep().await.unwrap();
    tpm
}

/// Whether a file has the magic number that libtpms puts before its state (libtpms `NVMarshal.c`) in the clear.
fn shows(path: &Path, magic: [u8; 4]) -> bool {
    fs::read(path).unwrap().windows(4).any(|bytes| bytes == magic)
}

const PERMANENT_MAGIC: [u8; 4] = [0xab, 0x36, 0x47, 0x23];
const VOLATILE_MAGIC: [u8; 4] = [0x45, 0x63, 0x78, 0x89];

#[tokio::test]
async fn state_and_snapshot_are_encrypted_and_need_their_key() {
    let mut bench = bench(NEVER);
    let dir = bench.config.dir.clone();
    let mut tpm = asleep(&bench.config).await;
    assert!(!shows(&dir.join(STATE_FILE), PERMANENT_MAGIC) && !shows(&dir.join(SNAPSHOT_FILE), VOLATILE_MAGIC));
    let value = pcr9(&mut tpm).await;
    tpm.sleep().await.unwrap();
    drop(tpm);

    let right = bench.config.key.clone();
    bench.config.key = StateKey::open_or_create(&dir.join("another-key")).unwrap();
    let error = TpmHandle::launch(bench.config.clone(), true).command(Origin::Host, vec![]).await.unwrap_err();
    assert!(error.to_string().contains("another-key is not the one that encrypted it"), "{error}");
    // That attempt has not used the snapshot up.
    bench.config.key = right;
    assert_eq!(pcr9(&mut TpmHandle::launch(bench.config, true)).await, value);
}

#[tokio::test]
async fn state_that_was_written_in_the_clear_is_refused_with_a_way_out() {
    let bench = bench(NEVER);
    let dir = &bench.config.dir;
    // As swtpm without --key writes its header; what follows is never looked at.
    fs::write(dir.join(STATE_FILE), [2, 1, 0, 10, 0, 0, 0, 0, 5, 0x23]).unwrap();
    let error = TpmHandle::launch(bench.config.clone(), false).power_cycle().await.unwrap_err();
    assert!(matches!(&error, SwtpmError::Unencrypted(path) if path == &dir.join(STATE_FILE)), "{error}");
}

#[tokio::test]
async fn nobody_else_can_read_the_files() {
    let bench = bench(NEVER);
    let tpm = asleep(&bench.config).await;
    let files: Vec<_> = fs::read_dir(&bench.config.dir).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(files.len() >= 4, "state, snapshot, log and key: {files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", file.path());
    }
    drop(tpm);
}

#[tokio::test]
async fn the_process_runs_behind_a_seccomp_filter() {
    let bench = bench(NEVER);
    let tpm = TpmHandle::launch(bench.config.clone(), false);
    tpm.power_cycle().await.unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", pid(&tpm))).unwrap();
    // 2: filtered (Linux `SECCOMP_MODE_FILTER`).
    assert!(status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"])), "{status}");
    // The key is nowhere to be seen among the processes.
    let line = fs::read_to_string(format!("/proc/{}/cmdline", pid(&tpm))).unwrap();
    assert!(line.contains("fd=5,format=binary,mode=aes-256-cbc"), "{line}");
}
