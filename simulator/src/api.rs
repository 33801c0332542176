//! The control API's wire types: what `/_slipway/v1` says, and what the command line prints with `--json`.

use control_plane::clock::{Pace, VirtualTime};
use control_plane::era::Era;
use control_plane::hardware::Component;
use control_plane::model::{Event, Node, NodeState, Subscription};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vtpm_backend::fleet::TpmPower;
use vtpm_backend::sbinfo::Finding;

/// `GET /status`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The simulator's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// Its origin.
    pub url: String,
    /// The tenant that all subscriptions trust.
    pub tenant: Uuid,
    /// Virtual time.
    pub time: TimeView,
}

/// `GET /time`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeView {
    /// Virtual time now, RFC 3339.
    pub now: String,
    /// The same in milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// How it moves.
    pub pace: Pace,
    /// When something happens next, if anything is going on; RFC 3339.
    pub next: Option<String>,
    /// How far away that is, in milliseconds of virtual time.
    pub next_in_ms: Option<u64>,
}

impl TimeView {
    /// The view of a moment, given when something happens next.
    pub fn new(now: VirtualTime, pace: Pace, next: Option<VirtualTime>) -> Self {
        TimeView {
            now: now.rfc3339(),
            unix_ms: now.as_millis(),
            pace,
            next: next.map(VirtualTime::rfc3339),
            next_in_ms: next.map(|next| u64::try_from(next.since(now).as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

/// `POST /time/advance`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Advance {
    /// By so many milliseconds of virtual time.
    ByMs(u64),
    /// To the next moment at which something happens.
    ToNext,
    /// Until nothing is going on any more.
    UntilIdle,
}

/// A subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionView {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The rules it lives under.
    pub era: Era,
    /// The tenant it trusts.
    pub tenant: Uuid,
}

impl From<&Subscription> for SubscriptionView {
    fn from(s: &Subscription) -> Self {
        SubscriptionView { id: s.id.0, name: s.name.clone(), era: s.era, tenant: s.tenant }
    }
}

/// `GET /subscriptions`: the default one first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscriptions {
    /// The subscriptions.
    pub subscriptions: Vec<SubscriptionView>,
}

/// `POST /subscriptions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSubscription {
    /// Its name; made up from the era when absent.
    pub name: Option<String>,
    /// The rules it shall live under.
    pub era: Era,
}

/// `POST /token`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The bearer token.
    pub access_token: String,
    /// The tenant that issued it.
    pub tenant: Uuid,
    /// How long it is valid, in seconds of real time.
    pub expires_in_s: u64,
    /// The service principal it is for, as `az login --service-principal -u` wants it.
    pub client_id: Uuid,
    /// That principal's secret, as `az login --service-principal -p` wants it.
    pub client_secret: String,
}

/// Who a token is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TokenRequest {
    /// The principal that may only read, instead of the owner of all subscriptions.
    pub reader: bool,
}

/// `GET /nodes`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Nodes {
    /// The nodes of all clusters.
    pub nodes: Vec<NodeView>,
}

/// A node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeView {
    /// Its name.
    pub name: String,
    /// Its subscription.
    pub subscription: Uuid,
    /// Its resource group.
    pub resource_group: String,
    /// Its cluster.
    pub cluster: String,
    /// Its pool.
    pub pool: String,
    /// Its scale set instance number.
    pub instance: u32,
    /// Its machine's id.
    pub vm_id: Uuid,
    /// Its address.
    pub ip: String,
    /// Where it stands, in one word.
    pub state: String,
    /// When that state ends by itself, RFC 3339.
    pub until: Option<String>,
    /// The same in milliseconds since the Unix epoch.
    pub until_unix_ms: Option<u64>,
    /// What Secure Boot refused, if it did.
    pub refused: Option<Refused>,
    /// Its image.
    pub image: String,
    /// Its kubelet's version.
    pub kubernetes_version: String,
    /// Whether its firmware enforces Secure Boot.
    pub secure_boot: bool,
    /// Whether its guest has a vTPM.
    pub vtpm: bool,
    /// Which OS disk it is on, from 1.
    pub disk_generation: u32,
    /// How often it booted.
    pub boots: u32,
    /// How often its machine lost power and was healed.
    pub heals: u32,
    /// What was done to it, by the names of the failure library.
    pub faults: Vec<String>,
    /// Its TPM; shown of single nodes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpm: Option<TpmView>,
}

/// A node's TPM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TpmView {
    /// `absent`, `off`, `awake`, `asleep` or `lost`.
    pub state: String,
    /// The swtpm process, while it is awake.
    pub pid: Option<u32>,
}

impl From<TpmPower> for TpmView {
    fn from(power: TpmPower) -> Self {
        let (state, pid) = match power {
            TpmPower::Absent => ("absent", None),
            TpmPower::Off => ("off", None),
            TpmPower::Awake { pid } => ("awake", Some(pid)),
            TpmPower::Asleep => ("asleep", None),
            TpmPower::Lost => ("lost", None),
        };
        TpmView { state: state.to_owned(), pid }
    }
}

/// What Secure Boot refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The component.
    pub component: Component,
    /// Why, in the words of whoever refused it.
    pub reason: String,
}

impl NodeView {
    /// The view of a node and, where it is known, of its TPM.
    pub fn new(node: &Node, tpm: Option<TpmView>) -> Self {
        let refused = match &node.state {
            NodeState::BootRefused { component, reason, .. } => {
                Some(Refused { component: *component, reason: reason.clone() })
            }
            _ => None,
        };
        let cluster = &node.id.pool.cluster;
        NodeView {
            name: node.name.clone(),
            subscription: cluster.group.subscription.0,
            resource_group: cluster.group.name.to_string(),
            cluster: cluster.name.to_string(),
            pool: node.id.pool.name.to_string(),
            instance: node.id.instance,
            vm_id: node.vm.0,
            ip: node.ip.clone(),
            state: node.state.as_str().to_owned(),
            until: node.state.until().map(VirtualTime::rfc3339),
            until_unix_ms: node.state.until().map(VirtualTime::as_millis),
            refused,
            image: node.model.image.clone(),
            kubernetes_version: node.model.kubernetes_version.clone(),
            secure_boot: node.model.secure_boot,
            vtpm: node.model.vtpm,
            disk_generation: node.disk_generation,
            boots: node.boots,
            heals: node.heals,
            faults: node.faults.iter().map(ToString::to_string).collect(),
            tpm,
        }
    }
}

/// `POST /nodes/{node}/quote`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// The verifier's nonce in hexadecimal.
    pub nonce: String,
}

/// A set of files: an answer that a command writes to a folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Files {
    /// The files.
    pub files: Vec<FileView>,
}

/// One file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileView {
    /// Its name, without any folder.
    pub name: String,
    /// Its contents in base64.
    pub base64: String,
}

/// `POST /nodes/{node}/tamper`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tamper {
    /// What to change a byte of.
    pub component: Component,
}

/// `GET` and the answer to `POST /nodes/{node}/faults`, `/pools/{group}/{cluster}/{pool}/faults`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// The node's or pool's name.
    pub of: String,
    /// What was done to it, by the names of the failure library.
    pub faults: Vec<String>,
}

/// `POST /nodes/{node}/faults`, `/pools/{group}/{cluster}/{pool}/faults`: cleared first, then taken away, then added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeFaults {
    /// Whether all faults go.
    pub clear: bool,
    /// Names of faults that go.
    pub remove: Vec<String>,
    /// Names of faults that come.
    pub add: Vec<String>,
}

/// `GET /nodes/{node}/sbinfo`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SbInfo {
    /// The node's name.
    pub node: String,
    /// Every boot loader, kernel and module on its disk.
    pub findings: Vec<Finding>,
}

/// `GET /nodes/{node}/tcti`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tcti {
    /// The configuration string for tpm2-tools and tss-esapi.
    pub tcti: String,
}

/// `GET /nodes/{node}/console`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Console {
    /// What the serial console showed since the last power-on.
    pub lines: Vec<String>,
}

/// `GET /events`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Events {
    /// Entries, oldest first.
    pub events: Vec<Event>,
}

/// Every refused request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What and why.
    pub error: ErrorView,
}

/// What was refused and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorView {
    /// A word for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}
