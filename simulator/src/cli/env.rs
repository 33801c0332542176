//! `slipway env`: the one step between a shell and the simulator, for az and for programs that use the Azure SDKs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use uuid::Uuid;

use super::{Context, args, out, shell};
use crate::api::{Subscriptions, Token, TokenRequest};
use crate::failure::Failure;
use crate::serve::{BUNDLE, az, identity};
use crate::tls::CERTIFICATE;

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

/// What makes a program that uses azure-identity log in as a service principal, rather than as the machine.
const PRINCIPAL: [&str; 2] = ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];

/// Variables that make clients take the App Service variables for those of another service.
const OTHER_IDENTITIES: [&str; 3] = ["IDENTITY_SERVER_THUMBPRINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "MSI_SECRET"];

/// Variables that send requests through a proxy.
const PROXIES: [&str; 6] = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/// What a shell has to do.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Changes {
    set: BTreeMap<String, String>,
    unset: Vec<String>,
}

/// Who programs are in the simulated cloud.
#[derive(Debug)]
struct Login {
    /// The simulator's origin: both the login authority and the resource manager.
    origin: String,
    tenant: Uuid,
    subscription: Uuid,
    whom: Whom,
}

/// How programs get their tokens.
#[derive(Debug)]
enum Whom {
    /// With the id and secret of a service principal.
    Principal { id: Uuid, secret: String },
    /// From the managed identity endpoint, with its header's value.
    Machine { endpoint: String, header: String },
}

pub(super) fn run(context: &Context, args: &args::Env) -> Result<(), Failure> {
    let login = login(context, args.identity)?;
    let root = args.seen_as.as_deref().unwrap_or(context.data.root());
    let current: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
    let changes = changes(root, &current, login)?;
    if context.json {
        return out::json(&changes);
    }
    let shell = args.shell.unwrap_or_else(|| shell::detect(current.get("SHELL").map(String::as_str)));
    let unset = changes.unset.iter().map(|name| shell::unset(shell, name));
    let set = changes.set.iter().map(|(name, value)| shell::export(shell, name, value));
    let lines: Vec<String> = unset.chain(set).collect();
    out::text(&format!("{}\n", lines.join("\n")))
}

fn login(context: &Context, as_machine: bool) -> Result<Login, Failure> {
    let client = context.client()?;
    let running = client.running();
    let token: Token = client.post("/token", &TokenRequest::default())?;
    let all: Subscriptions = client.get("/subscriptions")?;
    let subscription = all.subscriptions.first().map(|first| first.id).unwrap_or_default();
    let whom = if as_machine {
        let endpoint = running.identity.clone().ok_or_else(|| {
            let text =
                "the simulator serves no managed identity; start it with 'slipway up --identity-listen 127.0.0.1:0'";
            Failure::Failed(text.to_owned())
        })?;
        Whom::Machine { endpoint, header: identity::header(&context.data)? }
    } else {
        Whom::Principal { id: token.client_id, secret: token.client_secret }
    };
    Ok(Login { origin: running.url.clone(), tenant: token.tenant, subscription, whom })
}

fn changes(root: &Path, current: &BTreeMap<String, String>, login: Login) -> Result<Changes, Failure> {
    let root = std::path::absolute(root)
        .map_err(|error| Failure::Failed(format!("cannot resolve {}: {error}", root.display())))?;
    let path = |name: &str| {
        root.join(name).into_os_string().into_string().map_err(|path| {
            Failure::Failed(format!("the path {} is not UTF-8; choose another data directory", path.display()))
        })
    };
    let bundle = path(BUNDLE)?;
    let mut set = vec![
        ("AZURE_CONFIG_DIR", path(az::DIRECTORY)?),
        // Python's requests, Go and OpenSSL, Node.js: each has its own way to trust one more CA.
        ("REQUESTS_CA_BUNDLE", bundle.clone()),
        ("SSL_CERT_FILE", bundle),
        ("NODE_EXTRA_CA_CERTS", path(CERTIFICATE)?),
        ("AZURE_AUTHORITY_HOST", login.origin.clone()),
        ("AZURE_RESOURCE_MANAGER_URL", login.origin),
        ("AZURE_TENANT_ID", login.tenant.to_string()),
        ("AZURE_SUBSCRIPTION_ID", login.subscription.to_string()),
    ];
    let mut unset: Vec<String> = current.keys().filter(|name| interferes(name)).cloned().collect();
    match login.whom {
        Whom::Principal { id, secret } => {
            set.extend([("AZURE_CLIENT_ID", id.to_string()), ("AZURE_CLIENT_SECRET", secret)]);
        }
        Whom::Machine { endpoint, header } => {
            set.extend([("IDENTITY_ENDPOINT", endpoint), ("IDENTITY_HEADER", header)]);
            let others = PRINCIPAL.iter().chain(&OTHER_IDENTITIES);
            unset.extend(others.filter(|name| current.contains_key(**name)).map(|name| (*name).to_owned()));
        }
    }
    let mut set: BTreeMap<String, String> = set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if PROXIES.iter().any(|name| current.get(*name).is_some_and(|proxy| !proxy.is_empty())) {
        for name in ["NO_PROXY", "no_proxy"] {
            set.insert(name.to_owned(), without_proxy(current.get(name).map_or("", String::as_str)));
        }
    }
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

    fn changed(whom: Whom, variables: &[(&str, &str)]) -> Changes {
        let current = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let (tenant, subscription) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let login = Login { origin: "https://localhost:1".to_owned(), tenant, subscription, whom };
        changes(Path::new("/data"), &current, login).unwrap()
    }

    fn with(variables: &[(&str, &str)]) -> Changes {
        changed(Whom::Principal { id: Uuid::from_u128(3), secret: "s".to_owned() }, variables)
    }

    #[test]
    fn a_clean_shell_gets_what_az_and_the_sdks_read() {
        let changes = with(&[("PATH", "/bin"), ("AZURE_CLIENT_ID", "mine"), ("HTTPS_PROXY", "")]);
        assert!(changes.unset.is_empty());
        for (name, value) in [
            ("AZURE_CONFIG_DIR", "/data/azure"),
            ("REQUESTS_CA_BUNDLE", "/data/ca-bundle.pem"),
            ("NODE_EXTRA_CA_CERTS", "/data/tls/ca.pem"),
            ("AZURE_AUTHORITY_HOST", "https://localhost:1"),
            ("AZURE_TENANT_ID", "00000000-0000-0000-0000-000000000001"),
            ("AZURE_SUBSCRIPTION_ID", "00000000-0000-0000-0000-000000000002"),
            ("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000003"),
            ("AZURE_CLIENT_SECRET", "s"),
        ] {
            assert_eq!(changes.set[name], value, "{name}");
        }
    }

    #[test]
    fn a_machine_has_no_secret_of_its_own() {
        let endpoint = "http://127.0.0.1:2/msi/token".to_owned();
        let machine = Whom::Machine { endpoint: endpoint.clone(), header: "h".to_owned() };
        let changes = changed(machine, &[("AZURE_CLIENT_SECRET", "mine"), ("IDENTITY_SERVER_THUMBPRINT", "x")]);
        assert_eq!((&changes.set["IDENTITY_ENDPOINT"], changes.set["IDENTITY_HEADER"].as_str()), (&endpoint, "h"));
        assert!(!changes.set.contains_key("AZURE_CLIENT_ID"));
        assert_eq!(changes.unset, ["AZURE_CLIENT_SECRET", "IDENTITY_SERVER_THUMBPRINT"]);
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
