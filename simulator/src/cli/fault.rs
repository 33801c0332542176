//! `slipway fault`, and the faults of nodes and pools.

use control_plane::faults::{Expected, LIBRARY, Outcome};
use serde_json::{Value, json};

use super::{Context, args, out};
use crate::api::{ChangeFaults, Faults};
use crate::client::{Client, segment};
use crate::failure::Failure;
use crate::table;

/// `slipway fault list`: needs no running simulator.
pub(super) fn list(context: &Context) -> Result<(), Failure> {
    if context.json {
        let entries: Vec<_> = LIBRARY
            .iter()
            .map(|entry| {
                json!({
                    "name": entry.name,
                    "summary": entry.summary,
                    "onAMachine": entry.on_a_machine,
                    "place": entry.place.as_str(),
                    "secureBootOn": expected(&entry.secure_boot_on),
                    "secureBootOff": expected(&entry.secure_boot_off),
                    "source": entry.source,
                })
            })
            .collect();
        return out::json(&entries);
    }
    let rows: Vec<_> = LIBRARY
        .iter()
        .map(|entry| {
            let [on, off] = [&entry.secure_boot_on, &entry.secure_boot_off].map(words);
            [entry.name.to_owned(), on, off, entry.summary.to_owned()]
        })
        .collect();
    out::text(&table::render(["FAULT", "SECURE BOOT ON", "SECURE BOOT OFF", "WHAT IT IS"], &rows))
}

fn expected(expected: &Expected) -> Value {
    let refused = match expected.outcome {
        Outcome::Boots => None,
        Outcome::Refused(component) => Some(component),
    };
    json!({
        "boots": refused.is_none(),
        "refused": refused,
        "differingRegisters": expected.registers,
        "console": expected.console,
    })
}

fn words(expected: &Expected) -> String {
    match (expected.outcome, expected.registers) {
        (Outcome::Refused(component), _) => format!("{component} refused"),
        (Outcome::Boots, []) => "boots".to_owned(),
        (Outcome::Boots, registers) => {
            let registers: Vec<_> = registers.iter().map(u8::to_string).collect();
            format!("boots, PCR {}", registers.join(" "))
        }
    }
}

/// `slipway pool fault`.
pub(super) fn pool(context: &Context, command: args::Pool) -> Result<(), Failure> {
    let args::Pool::Fault { resource_group, cluster, pool, change: options } = command;
    let path = format!("/pools/{}/{}/{}/faults", segment(&resource_group), segment(&cluster), segment(&pool));
    change(context, &context.client()?, &path, &options)
}

/// Changes the faults at a path of the control API, or shows them when no change is asked for.
pub(super) fn change(
    context: &Context,
    client: &Client,
    path: &str,
    options: &args::FaultOptions,
) -> Result<(), Failure> {
    let names = |faults: &[control_plane::faults::Fault]| faults.iter().map(ToString::to_string).collect();
    let change = ChangeFaults { clear: options.clear, remove: names(&options.remove), add: names(&options.add) };
    let faults: Faults =
        if change == ChangeFaults::default() { client.get(path)? } else { client.post(path, &change)? };
    if context.json {
        return out::json(&faults);
    }
    if faults.faults.is_empty() {
        return out::text(&format!("{} has no faults\n", faults.of));
    }
    faults.faults.iter().try_for_each(|name| out::text(&format!("{name}\n")))
}
