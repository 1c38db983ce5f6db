//! The incremental cycles: joiners, movers, leavers and people who come back, each a few requests.

use anyhow::{Result, ensure};

use super::cast::{FIRST_CREW, FIRST_STAFF, LEADS, PREMIUM_GROUP, department_group, in_both, office_group};
use super::directory::Directory;
use super::entra::Entra;
use super::jumpcloud::JumpCloud;
use super::names::OFFICES;

/// Waits for a seat in the small pool, gets one that became free, is disabled by mistake and comes back: the report
/// tells this story.
pub(super) const HERO: usize = 103;

/// Hold a seat in the small pool and are disabled in the first cycle; two of them are deleted in the second.
const LEAVERS: [usize; 3] = [7, 13, 31];
/// Is disabled in the first cycle and restored in the third.
const RETURNS: usize = 20;
/// Leads the crew of the bought company, with a seat in the small pool.
const LEAD: usize = 2;
/// Works in the workshop of the bought company; the password expires for a while.
const FORGETFUL: usize = 6;

/// What a cycle did, for the line that reports it.
type Told = Result<&'static str>;

/// Joiners, movers and leavers.
pub(super) async fn entra_first(entra: &Entra, staff: &mut Directory) -> Told {
    for index in FIRST_STAFF..FIRST_STAFF + 3 {
        join(entra, staff, index).await?;
    }
    entra.add_members(staff.group(PREMIUM_GROUP)?, &staff.ids(&[FIRST_STAFF + 1])?).await?;
    entra.replace_members(staff.group("NL Fire Wardens")?, staff.id(FIRST_STAFF + 2)?).await?;

    let (sales, engineering) = (staff.group("NL Sales")?, staff.group("NL Engineering")?);
    // In the kind order the seat is never in doubt.
    let mover = staff.id(6)?;
    entra.move_to(mover, "Engineering", "Application Engineer").await?;
    entra.add_members(engineering, &[mover]).await?;
    entra.remove_member(sales, mover).await?;
    // In the other order the grace bridges the moment between the two.
    let mover = staff.id(14)?;
    entra.move_to(mover, "Engineering", "Application Engineer").await?;
    entra.remove_member(sales, mover).await?;
    entra.add_members(engineering, &[mover]).await?;

    entra.add_other_email(staff.id(9)?, "letters@home.example").await?;
    for index in LEAVERS.into_iter().chain([RETURNS]) {
        entra.disable(staff.id(index)?).await?;
    }
    entra.rename_group(staff.group(&office_group(&OFFICES[0]))?, "NL Office Bergen Harbour").await?;
    Ok("3 joiners, 2 movers, 4 disabled, 1 group renamed")
}

/// Hard deletes, people who leave a group, and one who is disabled by mistake.
pub(super) async fn entra_second(entra: &Entra, staff: &mut Directory) -> Told {
    for index in [LEAVERS[0], LEAVERS[2]] {
        entra.delete_user(staff.id(index)?).await?;
    }
    // Still in a department that is bound: only the seat in the small pool goes back, at once.
    entra.remove_member(staff.group(PREMIUM_GROUP)?, staff.id(25)?).await?;
    // Out of the only bound group: suspended, and the seat is kept for the grace.
    entra.remove_member(staff.group("NL Operations")?, staff.id(28)?).await?;
    join(entra, staff, FIRST_STAFF + 3).await?;
    entra.add_members(staff.group(PREMIUM_GROUP)?, &staff.ids(&[FIRST_STAFF + 3])?).await?;
    entra.disable(staff.id(HERO)?).await?;
    Ok("1 joiner, 2 hard deletes, 2 out of a group, 1 disabled by mistake")
}

/// Two come back within the grace, and a push is repeated.
pub(super) async fn entra_third(entra: &Entra, staff: &mut Directory) -> Told {
    for index in [RETURNS, HERO] {
        entra.enable(staff.id(index)?).await?;
    }
    // Replaying a push changes nothing.
    entra.add_members(staff.group("NL Engineering")?, &staff.ids(&[1, 9, 17])?).await?;
    entra.enable(staff.id(HERO)?).await?;
    Ok("2 back within the grace, 4 pushes repeated without effect")
}

/// The people whom a filter that went wrong takes out of the directory's sight.
const MISTAKEN: std::ops::Range<usize> = 40..80;

/// A filter in the directory goes wrong: one after the other, forty people are disabled.
pub(super) async fn entra_mistaken(entra: &Entra, staff: &mut Directory) -> Result<()> {
    for index in MISTAKEN {
        entra.disable(staff.id(index)?).await?;
    }
    Ok(())
}

/// The filter is mended, and a person who was deleted is hired again.
pub(super) async fn entra_mended(entra: &Entra, staff: &mut Directory) -> Told {
    for index in MISTAKEN {
        entra.enable(staff.id(index)?).await?;
    }
    let before = staff.id(LEAVERS[0])?.to_owned();
    let after = entra.provision(&staff.people[LEAVERS[0]]).await?;
    ensure!(before == after, "a person who comes back with the same externalId is the same person");
    Ok("40 enabled again, with nothing lost; 1 deleted person came back as the same one")
}

/// Two passwords expire, one person moves, one leaves, and one cannot be created because the other directory has them.
pub(super) async fn jumpcloud_first(jumpcloud: &JumpCloud, crew: &mut Directory) -> Told {
    jumpcloud.update(crew.id(4)?, &crew.people[4], true).await?;
    for index in [LEAD, FORGETFUL] {
        jumpcloud.update(crew.id(index)?, &crew.people[index], false).await?;
    }
    let mover = crew.id(7)?;
    jumpcloud.add_member(crew.group("Saltmarsh Workshop")?, mover).await?;
    jumpcloud.remove_member(crew.group("Saltmarsh Field")?, mover).await?;
    jumpcloud.delete_user(crew.id(9)?).await?;
    jumpcloud.provision_in_vain(&in_both()).await?;
    Ok("2 expired passwords, 1 mover, 1 deleted, 1 updated, 1 refused because Entra ID has the same person")
}

/// Both passwords are renewed, one person joins, a group goes.
pub(super) async fn jumpcloud_second(jumpcloud: &JumpCloud, crew: &mut Directory) -> Told {
    for index in [LEAD, FORGETFUL] {
        jumpcloud.update(crew.id(index)?, &crew.people[index], true).await?;
    }
    let id = jumpcloud.provision(&crew.people[FIRST_CREW]).await?;
    crew.remember(FIRST_CREW, id);
    let mut office = crew.members("Saltmarsh Office")?;
    office.push(FIRST_CREW);
    jumpcloud
        .put_group(crew.group("Saltmarsh Office")?, "Saltmarsh Shore Office", &crew.ids(&office)?)
        .await?;
    let leads = crew.members(LEADS)?;
    jumpcloud.put_group(crew.group(LEADS)?, LEADS, &crew.ids(&leads)?).await?;
    jumpcloud.delete_group(crew.group("Saltmarsh Pilots")?).await?;
    Ok("2 passwords renewed, 1 joiner, 1 group renamed, 1 deleted")
}

/// A new person in the group of their department.
async fn join(entra: &Entra, staff: &mut Directory, index: usize) -> Result<()> {
    let id = entra.provision(&staff.people[index]).await?;
    staff.remember(index, id);
    let department = department_group(staff.people[index].department);
    entra.add_members(staff.group(&department)?, &staff.ids(&[index])?).await
}
