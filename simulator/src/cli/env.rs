//! `slipway env`: the one step between a shell and the simulator.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::{Context, args, out, shell};
use crate::failure::Failure;
use crate::run_file;
use crate::serve::{BUNDLE, az};

/// Prefixes of az's own settings in the environment: they override its files, section by section.
const AZ_SECTIONS: [&str; 7] = [
    "AZURE_CLIENTS_",
    "AZURE_CLOUD_",
    "AZURE_CORE_",
    "AZURE_DEFAULTS_",
    "AZURE_EXTENSION_",
    "AZURE_LOGGING_",
    "AZURE_OUTPUT_",
];

/// Single variables that would lead az elsewhere, or let it write outside its private directory.
const AZ_VARIABLES: [&str; 2] = ["ARM_CLOUD_METADATA_URL", "AZURE_CLI_DISABLE_CONNECTION_VERIFICATION"];

/// Variables that send requests through a proxy.
const PROXIES: [&str; 6] = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/// What a shell has to do.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Changes {
    set: BTreeMap<String, String>,
    unset: Vec<String>,
}

pub(super) fn run(context: &Context, args: &args::Env) -> Result<(), Failure> {
    if run_file::find(&context.data).is_none() {
        return Err(run_file::nobody(&context.data));
    }
    let root = args.seen_as.as_deref().unwrap_or(context.data.root());
    let current: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
    let changes = changes(root, &current)?;
    if context.json {
        return out::json(&changes);
    }
    let shell = args.shell.unwrap_or_else(|| shell::detect(current.get("SHELL").map(String::as_str)));
    let unset = changes.unset.iter().map(|name| shell::unset(shell, name));
    let set = changes.set.iter().map(|(name, value)| shell::export(shell, name, value));
    let lines: Vec<String> = unset.chain(set).collect();
    out::text(&format!("{}\n", lines.join("\n")))
}

fn changes(root: &Path, current: &BTreeMap<String, String>) -> Result<Changes, Failure> {
    let root = std::path::absolute(root)
        .map_err(|error| Failure::Failed(format!("cannot resolve {}: {error}", root.display())))?;
    let path = |name: &str| {
        root.join(name).into_os_string().into_string().map_err(|path| {
            Failure::Failed(format!("the path {} is not UTF-8; choose another data directory", path.display()))
        })
    };
    let mut set = BTreeMap::from([
        ("AZURE_CONFIG_DIR".to_owned(), path(az::DIRECTORY)?),
        ("REQUESTS_CA_BUNDLE".to_owned(), path(BUNDLE)?),
    ]);
    if PROXIES.iter().any(|name| current.get(*name).is_some_and(|proxy| !proxy.is_empty())) {
        for name in ["NO_PROXY", "no_proxy"] {
            set.insert(name.to_owned(), without_proxy(current.get(name).map_or("", String::as_str)));
        }
    }
    let unset = current.keys().filter(|name| interferes(name)).cloned().collect();
    Ok(Changes { set, unset })
}

fn interferes(name: &str) -> bool {
    AZ_VARIABLES.contains(&name) || AZ_SECTIONS.iter().any(|section| name.starts_with(section))
}

/// The hosts that no proxy is used for, with this machine among them.
fn without_proxy(hosts: &str) -> String {
    let mut all: Vec<&str> = hosts.split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
    for host in ["localhost", "127.0.0.1"] {
        if !all.contains(&host) {
            all.push(host);
        }
    }
    all.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Changes {
        let current = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        changes(Path::new("/data"), &current).unwrap()
    }

    #[test]
    fn a_clean_shell_gets_two_variables() {
        let changes = with(&[("PATH", "/bin"), ("AZURE_CLIENT_ID", "mine"), ("HTTPS_PROXY", "")]);
        assert!(changes.unset.is_empty());
        let set: Vec<_> = changes.set.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(set, [("AZURE_CONFIG_DIR", "/data/azure"), ("REQUESTS_CA_BUNDLE", "/data/ca-bundle.pem")]);
    }

    #[test]
    fn a_proxy_is_told_to_leave_this_machine_alone() {
        let changes = with(&[("HTTPS_PROXY", "http://proxy"), ("NO_PROXY", "corp, localhost")]);
        assert_eq!(changes.set["NO_PROXY"], "corp,localhost,127.0.0.1");
        assert_eq!(changes.set["no_proxy"], "localhost,127.0.0.1");
    }

    #[test]
    fn settings_that_override_azs_files_are_cleared() {
        let changes = with(&[
            ("AZURE_CLOUD_NAME", "AzureCloud"),
            ("AZURE_DEFAULTS_GROUP", "g"),
            ("AZURE_EXTENSION_DIR", "/home/me/.azure/cliextensions"),
            ("ARM_CLOUD_METADATA_URL", "x"),
            ("AZURE_CONFIG_DIR", "/home/me/.azure"),
        ]);
        let expected = ["ARM_CLOUD_METADATA_URL", "AZURE_CLOUD_NAME", "AZURE_DEFAULTS_GROUP", "AZURE_EXTENSION_DIR"];
        assert_eq!(changes.unset, expected);
    }
}
