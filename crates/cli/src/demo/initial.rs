//! The initial cycles: each person is looked up and created, then the groups, then their members.

use anyhow::Result;

use super::cast::{FIRST_CREW, FIRST_STAFF};
use super::directory::Directory;
use super::entra::Entra;
use super::jumpcloud::JumpCloud;
use super::names::DEPARTMENTS;

/// Steps that the bar of [`entra`] counts.
pub(super) fn entra_steps(staff: &Directory) -> usize {
    let batches: usize =
        staff.groups.iter().map(|group| group.members.len().div_ceil(super::entra::BATCH)).sum();
    FIRST_STAFF + (FIRST_STAFF - DEPARTMENTS.len()) + staff.groups.len() + batches
}

/// Steps that the bar of [`jumpcloud`] counts.
pub(super) const fn jumpcloud_steps(crew: &Directory) -> usize {
    FIRST_CREW + crew.groups.len()
}

/// Test Connection, people, their managers, groups, members.
pub(super) async fn entra(entra: &Entra, staff: &mut Directory) -> Result<()> {
    entra.test_connection().await?;
    for index in 0..FIRST_STAFF {
        let id = entra.provision(&staff.people[index]).await?;
        staff.remember(index, id);
    }
    // The first of each department heads it; references follow once both ends exist.
    for index in DEPARTMENTS.len()..FIRST_STAFF {
        entra.set_manager(staff.id(index)?, staff.id(index % DEPARTMENTS.len())?).await?;
    }
    for number in 0..staff.groups.len() {
        let name = staff.groups[number].name.clone();
        let id = entra.provision_group(&name, number).await?;
        entra.add_members(&id, &staff.ids(&staff.groups[number].members)?).await?;
        staff.remember_group(&name, id);
    }
    entra.progress().finish();
    Ok(())
}

/// Activation, people, groups with their members.
pub(super) async fn jumpcloud(jumpcloud: &JumpCloud, crew: &mut Directory) -> Result<()> {
    jumpcloud.activate().await?;
    for index in 0..FIRST_CREW {
        let id = jumpcloud.provision(&crew.people[index]).await?;
        crew.remember(index, id);
    }
    for number in 0..crew.groups.len() {
        let name = crew.groups[number].name.clone();
        let id = jumpcloud.provision_group(&name, number, &crew.ids(&crew.groups[number].members)?).await?;
        crew.remember_group(&name, id);
    }
    jumpcloud.progress().finish();
    Ok(())
}
