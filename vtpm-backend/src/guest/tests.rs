//! What a guest can do through its endpoint, and what it cannot.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::swtpm::{StateKey, TpmConfig, TpmState, find_program};
use crate::tpm::{Command, HashAlg, PcrExtend, PcrRead, PcrSelection, Rc, StreamTransport, TpmError, Transport, run};

struct Guest {
    _dir: tempfile::TempDir,
    tpm: TpmHandle,
    slot: watch::Sender<Option<TpmHandle>>,
    endpoint: GuestEndpoint,
}

async fn guest() -> Guest {
    let dir = tempfile::tempdir().unwrap();
    let tpm = TpmHandle::launch(
        TpmConfig {
            program: find_program("swtpm".as_ref()).unwrap(),
            dir: dir.path().to_path_buf(),
            key: StateKey::open_or_create(&dir.path().join("key")).unwrap(),
            idle_sleep: Duration::from_secs(3600),
            awake: Arc::default(),
            on_lost: Arc::new(|| ()),
        },
        false,
    );
    tpm.power_cycle().await.unwrap();
    tpm.admit_guest().await.unwrap();
    let slot = watch::Sender::new(Some(tpm.clone()));
    let endpoint = GuestEndpoint::open(slot.subscribe(), Origin::Agent, None).await.unwrap();
    Guest { _dir: dir, tpm, slot, endpoint }
}

impl Guest {
    async fn data(&self) -> StreamTransport<TcpStream> {
        StreamTransport(TcpStream::connect((Ipv4Addr::LOCALHOST, self.endpoint.port())).await.unwrap())
    }

    async fn control(&self, message: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.endpoint.port() + 1)).await.unwrap();
        stream.write_all(message).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    }
}

async fn extend(guest: &Guest) -> Vec<u8> {
    let mut data = guest.data().await;
    run(&mut data, &PcrExtend { pcr: 9, digests: vec![(HashAlg::Sha256, vec![1; 32])] }).await.unwrap();
    pcr9(guest).await
}

async fn pcr9(guest: &Guest) -> Vec<u8> {
    let selection = PcrSelection { alg: HashAlg::Sha256, mask: 1 << 9 };
    run(&mut guest.data().await, &PcrRead(selection)).await.unwrap().values.remove(0).1
}

#[tokio::test]
async fn power_and_state_are_out_of_a_guests_reach() {
    let guest = guest().await;
    let before = extend(&guest).await;
    let awake = guest.tpm.state();
    let mut set_state = swtpm_sys::CMD_SET_STATEBLOB.to_be_bytes().to_vec();
    set_state.extend([0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 4, 1, 2, 3, 4]);
    let mut init = swtpm_sys::CMD_INIT.to_be_bytes().to_vec();
    init.extend([0; 4]);
    let mut messages = vec![set_state, init];
    for command in [
        swtpm_sys::CMD_STOP,
        swtpm_sys::CMD_SHUTDOWN,
        swtpm_sys::CMD_STORE_VOLATILE,
        swtpm_sys::CMD_GET_STATEBLOB,
        swtpm_sys::CMD_HASH_START,
        swtpm_sys::CMD_RESET_TPMESTABLISHED,
        swtpm_sys::CMD_SET_DATAFD,
        swtpm_sys::CMD_SET_BUFFERSIZE,
        0,
        u32::MAX,
    ] {
        messages.push(command.to_be_bytes().to_vec());
    }
    for message in messages {
        assert_eq!(guest.control(&message).await, BAD_ORDINAL.to_be_bytes(), "{message:?}");
    }
    assert_eq!(guest.tpm.state(), awake);
    assert_eq!(pcr9(&guest).await, before);
}

#[tokio::test]
async fn a_client_finds_the_locality_and_nothing_else() {
    let guest = guest().await;
    assert_eq!(guest.control(&[0, 0, 0, 5, 0]).await, [0; 4]);
    assert_eq!(guest.control(&[0, 0, 0, 5, 3]).await, BAD_LOCALITY.to_be_bytes());
    assert_eq!(guest.control(&[0, 0, 0, 1]).await, [0, 0, 0, 0, 0, 0, 0, 8]);
    assert_eq!(guest.control(&[0, 0, 0, 4]).await, [0; 8]);
    assert_eq!(guest.endpoint.tcti(), format!("swtpm:host=127.0.0.1,port={}", guest.endpoint.port()));
}

#[tokio::test]
async fn the_platform_is_out_of_a_guests_reach() {
    let mut guest = guest().await;
    run(&mut guest.tpm, &crate::tpm::DisablePlatformHierarchy).await.unwrap();
    let allocate = PcrAllocateAll.encode();
    let response = guest.tpm.command(Origin::Agent, allocate).await.unwrap();
    let rc = crate::tpm::parse_response(&response).unwrap().unwrap_err();
    assert_eq!(rc.name(), "TPM_RC_HIERARCHY");
    let error = run(&mut guest.data().await, &crate::tpm::StartupClear).await.unwrap_err();
    assert!(matches!(error, TpmError::Refused { rc: Rc::INITIALIZE, .. }), "{error}");
}

/// A platform command that a guest could want.
struct PcrAllocateAll;

impl PcrAllocateAll {
    fn encode(&self) -> Vec<u8> {
        crate::tpm::PcrAllocate { banks: vec![HashAlg::Sha1] }.encode()
    }
}

#[tokio::test]
async fn what_is_no_command_closes_the_connection() {
    let guest = guest().await;
    for junk in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x80, 1, 0, 0, 0, 9, 0, 0, 0, 0], &[0x80, 1, 0, 0, 0x10, 1, 0, 0, 0, 0]]
    {
        let mut stream = guest.data().await.0;
        stream.write_all(junk).await.unwrap();
        let mut rest = Vec::new();
        // Closed with bytes unread, the connection may end with a reset.
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    }
    pcr9(&guest).await;
}

#[tokio::test]
async fn an_endpoint_outlives_its_machines_tpm() {
    let guest = guest().await;
    guest.slot.send_replace(None);
    let mut stream = guest.data().await.0;
    stream.write_all(&crate::tpm::StartupClear.encode()).await.unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
    guest.slot.send_replace(Some(guest.tpm.clone()));
    pcr9(&guest).await;
    guest.tpm.power_cycle().await.unwrap();
    guest.tpm.admit_guest().await.unwrap();
    assert_eq!(pcr9(&guest).await, [0; 32]);
    assert!(matches!(guest.tpm.state(), TpmState::Awake { .. }));
}

#[tokio::test]
async fn a_preferred_port_is_used_when_it_is_free() {
    let slot = watch::Sender::new(None);
    let first = GuestEndpoint::open(slot.subscribe(), Origin::Guest, None).await.unwrap();
    let other = GuestEndpoint::open(slot.subscribe(), Origin::Guest, Some(first.port())).await.unwrap();
    assert_ne!(first.port(), other.port());
}

/// A command without handles, sessions and parameters beyond these bytes.
fn plain(tag: u16, code: u32, rest: &[u8]) -> Vec<u8> {
    let len = 10 + rest.len() as u32;
    [&tag.to_be_bytes()[..], &len.to_be_bytes(), &code.to_be_bytes(), rest].concat()
}

/// `TPM_RS_PW` with an empty password, for one handle.
const EMPTY_AUTH: [u8; 13] = [0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0];

fn authorized(code: u32, handle: u32, parameters: &[u8]) -> Vec<u8> {
    plain(0x8002, code, &[&handle.to_be_bytes()[..], &EMPTY_AUTH, parameters].concat())
}

#[tokio::test]
async fn no_command_of_a_guest_resets_the_registers_or_reaches_the_platform() {
    const PLATFORM: u32 = 0x4000_000c;
    const LOCKOUT: u32 = 0x4000_000a;
    let mut guest = guest().await;
    run(&mut guest.tpm, &crate::tpm::DisablePlatformHierarchy).await.unwrap();
    let before = extend(&guest).await;
    let rc = |response: Vec<u8>| u32::from_be_bytes(response[6..10].try_into().unwrap());
    let commands = [
        ("TPM2_Shutdown(CLEAR)", plain(0x8001, 0x145, &[0, 0]), true),
        ("TPM2_Shutdown(STATE)", plain(0x8001, 0x145, &[0, 1]), true),
        ("TPM2_Startup(STATE)", plain(0x8001, 0x144, &[0, 1]), false),
        ("TPM2_Clear(platform)", authorized(0x126, PLATFORM, &[]), false),
        ("TPM2_Clear(lockout)", authorized(0x126, LOCKOUT, &[]), true),
        ("TPM2_ChangeEPS", authorized(0x124, PLATFORM, &[]), false),
        ("TPM2_ChangePPS", authorized(0x125, PLATFORM, &[]), false),
        ("TPM2_HierarchyControl(platform on)", authorized(0x121, PLATFORM, &[0x40, 0, 0, 0x0c, 1]), false),
        ("TPM2_HierarchyChangeAuth(platform)", authorized(0x129, PLATFORM, &[0, 0]), false),
        ("TPM2_PCR_Reset(9)", authorized(0x13d, 9, &[]), false),
        ("TPM2_PCR_Reset(17)", authorized(0x13d, 17, &[]), false),
        ("a vendor's command", plain(0x8001, 0x2000_0001, &[]), false),
        ("TPM 1.2's TPM_Init", plain(0x00c1, 0x97, &[]), false),
    ];
    for (name, command, served) in commands {
        let response = guest.data().await.transmit(&command).await.unwrap();
        assert_eq!(rc(response.clone()) == 0, served, "{name}: 0x{:x}", rc(response));
        assert_eq!(pcr9(&guest).await, before, "{name}");
    }
}
