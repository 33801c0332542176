//! The control plane's view of the fleet.

use control_plane::hardware::{BootOrder, BootReport, Hardware, HardwareFault, HardwareFuture, VmId};

use super::{Fleet, FleetError};
use crate::swtpm::TpmState;

impl Hardware for Fleet {
    fn boot(&self, order: BootOrder) -> HardwareFuture<'_, BootReport> {
        Box::pin(async move {
            let (vm, name) = (order.vm, order.name.clone());
            self.boot_machine(order).await.map_err(|error| fault(&format!("{name} ({vm})"), &error))
        })
    }

    fn power_off(&self, vm: VmId) -> HardwareFuture<'_, ()> {
        Box::pin(async move {
            let machine = self.machine(vm);
            let result = machine.lock().await.power_off().await;
            result.map_err(|error| fault(&vm.to_string(), &error))
        })
    }

    fn remove(&self, vm: VmId) -> HardwareFuture<'_, ()> {
        Box::pin(async move {
            let machine = self.machine(vm);
            let result = machine.lock().await.remove().await;
            self.lock_machines().remove(&vm);
            result.map_err(|error| fault(&vm.to_string(), &error))
        })
    }

    fn survived(&self, vm: VmId) -> HardwareFuture<'_, bool> {
        Box::pin(async move {
            let machine = self.machine(vm);
            let machine = machine.lock().await;
            let Some(record) = machine.record() else { return Ok(false) };
            let has_power = match machine.tpm().map(|tpm| tpm.state()) {
                Some(TpmState::Awake { .. } | TpmState::Asleep) => true,
                Some(TpmState::Off | TpmState::Lost) => false,
                // Nothing of a machine without a vTPM is in a process that could die.
                None => !record.order.vtpm,
            };
            Ok(record.powered && record.outcome.is_some() && has_power)
        })
    }
}

fn fault(machine: &str, error: &FleetError) -> HardwareFault {
    HardwareFault(format!("machine {machine}: {error}"))
}
