//! `slipway node`.

use std::time::Duration;

use super::{Context, args, evidence, fault, out, references, sbinfo};
use crate::api::{Console, NodeView, Nodes, Tamper, Tcti, TpmView};
use crate::client::{Client, segment};
use crate::failure::Failure;
use crate::table;

/// How long to wait between two looks at a rebooting node.
const POLL: Duration = Duration::from_millis(100);

pub(super) fn run(context: &Context, command: args::Node) -> Result<(), Failure> {
    let client = context.client()?;
    match command {
        args::Node::List => list(context, &client),
        args::Node::Show(which) => show(context, &client.get(&path(&which, ""))?),
        args::Node::Eventlog { which, format, out } => {
            evidence::event_log(context, &client, &path(&which, "/eventlog"), format, out.as_deref())
        }
        args::Node::Pcrs { which, at_refusal } => evidence::pcrs(context, &client, &path(&which, ""), at_refusal),
        args::Node::Quote { which, nonce, out } => {
            evidence::quote(context, &client, &path(&which, ""), nonce.as_deref(), &out)
        }
        args::Node::Reference { which, out } => references::print(&client, &path(&which, "/reference"), out.as_deref()),
        args::Node::Fault { which, change } => fault::change(context, &client, &path(&which, "/faults"), &change),
        args::Node::Tamper { which, component } => {
            show(context, &client.post(&path(&which, "/tamper"), &Tamper { component })?)
        }
        args::Node::Reboot { which, wait } => reboot(context, &client, &which, wait),
        args::Node::Console(which) => {
            let console: Console = client.get(&path(&which, "/console"))?;
            if context.json {
                return out::json(&console);
            }
            console.lines.iter().try_for_each(|line| out::text(&format!("{line}\n")))
        }
        args::Node::Sbinfo { which, shown } => sbinfo::run(context, &client, &path(&which, "/sbinfo"), &shown),
        args::Node::Tcti(which) => {
            let tcti: Tcti = client.get(&path(&which, "/tcti"))?;
            if context.json {
                return out::json(&tcti);
            }
            out::text(&format!("{}\n", tcti.tcti))
        }
    }
}

fn path(which: &args::Which, below: &str) -> String {
    format!("/nodes/{}{below}", segment(&which.node))
}

fn list(context: &Context, client: &Client) -> Result<(), Failure> {
    let list: Nodes = client.get("/nodes")?;
    if context.json {
        return out::json(&list);
    }
    let nodes = list.nodes;
    if nodes.is_empty() {
        return out::text("there are no nodes yet; 'az aks create' makes some\n");
    }
    let rows: Vec<_> = nodes
        .iter()
        .map(|n| {
            [
                n.cluster.clone(),
                n.pool.clone(),
                n.name.clone(),
                n.state.clone(),
                on_off(n.vtpm).to_owned(),
                on_off(n.secure_boot).to_owned(),
                n.image.clone(),
            ]
        })
        .collect();
    out::text(&table::render(["CLUSTER", "POOL", "NODE", "STATE", "VTPM", "SECURE BOOT", "IMAGE"], &rows))
}

fn reboot(context: &Context, client: &Client, which: &args::Which, wait: bool) -> Result<(), Failure> {
    let mut node: NodeView = client.post(&path(which, "/reboot"), &serde_json::json!({}))?;
    let exactly = args::Which { node: format!("{}/{}", node.cluster, node.name) };
    while wait && node.until.is_some() {
        std::thread::sleep(POLL);
        node = client.get(&path(&exactly, ""))?;
    }
    show(context, &node)?;
    match node.refused {
        Some(refused) if wait => Err(Failure::Failed(format!(
            "{} did not boot: {} was refused ({}); 'slipway node console {0}' shows its console",
            node.name, refused.component, refused.reason
        ))),
        _ => Ok(()),
    }
}

fn show(context: &Context, node: &NodeView) -> Result<(), Failure> {
    if context.json {
        return out::json(node);
    }
    out::text(&describe(node))
}

fn describe(n: &NodeView) -> String {
    let faults = if n.faults.is_empty() { "none".to_owned() } else { n.faults.join(", ") };
    let tpm = match &n.tpm {
        Some(TpmView { state, pid: Some(pid) }) => format!("{state}, process {pid}"),
        Some(TpmView { state, pid: None }) => state.clone(),
        None => "not asked".to_owned(),
    };
    let until = n.until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
    let mut text = format!(
        "{name}\n  cluster      {cluster} (pool {pool}, resource group {group})\n  state        {state}{until}\n  \
         vTPM         {vtpm}\n  Secure Boot  {secure_boot}\n  image        {image}\n  Kubernetes   {kubernetes}\n  \
         address      {ip}\n  machine      {vm}\n  boots        {boots}, on OS disk number {disk}, healed {heals} \
         times\n  TPM          {tpm}\n  faults       {faults}\n",
        name = n.name,
        cluster = n.cluster,
        pool = n.pool,
        group = n.resource_group,
        state = n.state,
        vtpm = on_off(n.vtpm),
        secure_boot = on_off(n.secure_boot),
        image = n.image,
        kubernetes = n.kubernetes_version,
        ip = n.ip,
        vm = n.vm_id,
        boots = n.boots,
        disk = n.disk_generation,
        heals = n.heals,
    );
    if let Some(refused) = &n.refused {
        text.push_str(&format!("  refused      {}: {}\n", refused.component, refused.reason));
    }
    text
}

fn on_off(flag: bool) -> &'static str {
    if flag { "on" } else { "off" }
}
