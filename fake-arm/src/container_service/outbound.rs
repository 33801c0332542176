//! `{cluster}/outboundNetworkDependenciesEndpoints`: what nodes must reach.

use crate::answer;
use crate::error::Answer;
use crate::scope::Scope;
use crate::wire::json::{self, object};

/// Categories with hosts and ports: the required rules of the AKS documentation (outbound-rules-control-egress).
const REQUIRED: &[(&str, &[&str], u16, &str)] = &[
    ("azure-resource-management", &["management.azure.com", "login.microsoftonline.com"], 443, "Https"),
    ("images", &["mcr.microsoft.com", "*.data.mcr.microsoft.com", "mcr-0001.mcr-msedge.net"], 443, "Https"),
    ("artifacts", &["packages.microsoft.com", "acs-mirror.azureedge.net", "packages.aks.azure.com"], 443, "Https"),
];

/// `GET …/outboundNetworkDependenciesEndpoints`.
pub(crate) async fn list(scope: Scope) -> Answer {
    let cluster = scope.existing_cluster()?;
    let api_server = format!("*.hcp.{}.azmk8s.io", cluster.location);
    let own = ("apiServer", vec![api_server.as_str()], 443, "Https");
    let required =
        REQUIRED.iter().map(|(category, hosts, port, protocol)| (*category, hosts.to_vec(), *port, *protocol));
    Ok(answer::provider(json::list(std::iter::once(own).chain(required), |(category, hosts, port, protocol), out| {
        object(out, |o| {
            o.value("category", category).array("endpoints", hosts, |host, out| {
                object(out, |o| {
                    o.value("domainName", host).array(
                        "endpointDetails",
                        [(port, protocol)],
                        |(port, protocol), out| {
                            object(out, |o| {
                                o.value("port", &port).value("protocol", protocol);
                            });
                        },
                    );
                });
            });
        });
    })))
}
