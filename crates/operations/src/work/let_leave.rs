//! The turn of mail that waits: as much is written and sent as quiet hours and caps allow, unless too much was refused. A
//! tenant has one such job at a time that waits; it is due when the next mail may leave.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use letters::{Alert, Fact, Kind};
use provisioning::pace::{Cap, HOUR, leaves_at};
use provisioning::{ConnectionId, Enrolment, Entry, EntryKind, Invitations, Status, Subject, UserId};
use serde_json::json;
use store::{Mail, MailState, MailStop, NewJob, NotNow, WaitingMail, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::alerts::alert;
use crate::database::Attempt;
use crate::error::Error;
use crate::mail::message::{self, Facts};
use crate::mail::{self, Recipient, Writer, is_invitation};

pub(crate) const KIND: &str = "let-mail-leave";

/// Mails that leave in one unit.
const BATCH: usize = 50;

/// The job of a tenant, at an instant.
pub(crate) fn job(run_at: DateTime<Utc>) -> NewJob {
    NewJob { kind: KIND.to_owned(), payload: json!({}), run_at, dedup: Some(KIND.to_owned()) }
}

/// Lets mail leave; the work is over when none may leave now.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let now = step.pace.now;
    let keys = step.db.keys(now).await?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<usize> {
        let stop = unit.lock_mail_queue().await?;
        if stop.stopped_at.is_some() {
            return Ok((unit, 0));
        }
        let writer = Writer::new(&unit, keys, step.db.pages(), now).await?;
        if let Some((refused, answered)) = too_much_refused(&unit, &writer, stop, now).await? {
            stopped(step, &mut unit, &writer, stop, (refused, answered)).await?;
            return Ok((unit, 0));
        }
        let (mut chosen, next) = choose(&unit, &writer, now).await?;
        // Users are locked in the order of their ids.
        chosen.sort_by_key(|mail| (mail.user, mail.id));
        for mail in &chosen {
            leave(&mut unit, &writer, mail).await?;
        }
        if let Some(next) = next.filter(|_| chosen.is_empty()) {
            unit.enqueue(job(next), now).await?;
        }
        step.save(&mut unit, &json!({})).await?;
        Ok((unit, chosen.len()))
    };
    let people = step.db.write(step.scope, attempt).await?.value;
    Ok((people > 0).then_some(Progress { people: people as u64, refused: 0 }))
}

/// The mails that leave now, and when the next one may leave that does not.
async fn choose(
    unit: &WriteUnit,
    writer: &Writer<'_>,
    now: DateTime<Utc>,
) -> Result<(Vec<WaitingMail>, Option<DateTime<Utc>>), Error> {
    let (zone, sending) = (writer.tenant.time_zone, &writer.settings.sending);
    let mut not_now = modes(unit).await?;
    let mut left = Left::default();
    if sending.per_hour.is_some() || sending.per_domain.is_some() {
        for lot in unit.left_since(now - HOUR).await? {
            (0..lot.mails).for_each(|_| left.add(&lot.domain, lot.at));
        }
    }
    let (mut chosen, mut next): (Vec<WaitingMail>, Option<DateTime<Utc>>) = (Vec::new(), None);
    loop {
        let before = (not_now.domains.len(), not_now.in_waves);
        for mail in unit.waiting_mails(&not_now, (BATCH * 2) as u64).await? {
            let passed = not_now.domains.contains(&mail.domain) || (not_now.in_waves && mail.in_waves);
            if passed || chosen.iter().any(|one| one.id == mail.id) {
                continue;
            }
            if chosen.len() == BATCH {
                return Ok((chosen, None));
            }
            let of_domain = sending.per_domain.map(|most| Cap { most, left: left.to(&mail.domain) });
            let of_hour = sending.per_hour.filter(|_| mail.in_waves);
            let of_hour = of_hour.map(|most| Cap { most, left: &left.all });
            let full = |cap: Option<Cap<'_>>| cap.is_some_and(|cap| leaves_at(zone, None, &[cap], now) > now);
            let caps: Vec<Cap<'_>> = of_domain.into_iter().chain(of_hour).collect();
            let at = leaves_at(zone, sending.quiet.as_ref(), &caps, now);
            if at <= now {
                left.add(&mail.domain, now);
                chosen.push(mail);
                continue;
            }
            next = next.min(Some(at)).or(Some(at));
            if full(of_domain) {
                not_now.domains.push(mail.domain);
            } else if full(of_hour) {
                not_now.in_waves = true;
            } else {
                // It is quiet: nothing leaves.
                return Ok((chosen, next));
            }
        }
        // As long as something new does not leave, there may be more behind it.
        if before == (not_now.domains.len(), not_now.in_waves) {
            return Ok((chosen, next));
        }
    }
}

/// When mail left in the last hour, the earliest first.
#[derive(Debug, Default)]
struct Left {
    all: Vec<DateTime<Utc>>,
    by_domain: HashMap<String, Vec<DateTime<Utc>>>,
}

impl Left {
    fn add(&mut self, domain: &str, at: DateTime<Utc>) {
        self.all.push(at);
        self.by_domain.entry(domain.to_owned()).or_default().push(at);
    }

    fn to(&self, domain: &str) -> &[DateTime<Utc>] {
        self.by_domain.get(domain).map_or(&[], Vec::as_slice)
    }
}

/// What does not leave because of how its connection invites.
async fn modes(unit: &WriteUnit) -> Result<NotNow, Error> {
    let mut not_now = NotNow::default();
    for connection in unit.connections().await? {
        match connection.policy.invitations {
            Invitations::AtOnce => {}
            Invitations::Waves => not_now.waves.push(connection.id),
            Invitations::Release => not_now.unless_released.push(connection.id),
            Invitations::Never => not_now.never.push(connection.id),
        }
    }
    Ok(not_now)
}

/// A mail is written for who needs it still, and is withdrawn otherwise.
async fn leave(unit: &mut WriteUnit, writer: &Writer<'_>, waiting: &WaitingMail) -> Result<(), Error> {
    let enrolment = match waiting.user {
        Some(user) => unit.lock_enrolment(user).await?.map(|enrolment| (user, enrolment)),
        None => None,
    };
    let Some(mail) = unit.lock_mail(waiting.id).await?.filter(|mail| mail.state == MailState::Waiting) else {
        return Ok(());
    };
    let owed = enrolment.filter(|(_, enrolment)| {
        if is_invitation(&mail.kind) {
            enrolment.invitation_pending() || is_again(enrolment, &mail)
        } else {
            enrolment.status == Status::Pending
        }
    });
    let withdrawn = Mail { state: MailState::Withdrawn, ..mail.clone() };
    let Some((user, enrolment)) = owed else { return Ok(unit.save_mail(&withdrawn).await?) };
    let known = unit.user(user).await?;
    let Some(to) = known.and_then(|known| writer.recipient(user, &known.resource.document)) else {
        return Ok(unit.save_mail(&withdrawn).await?);
    };
    let moved = Mail { recipient: to.address.clone(), ..mail.clone() };
    if moved.domain() != waiting.domain {
        // The caps of the other domain have not been asked.
        return Ok(unit.save_mail(&moved).await?);
    }
    let written = written(unit, writer, (user, &enrolment), &to, &mail).await?;
    mail::release_mail(unit, writer, &to, moved, written).await
}

/// Whether an administrator asked for the invitation after another one had been sent.
fn is_again(enrolment: &Enrolment, mail: &Mail) -> bool {
    let steps = &enrolment.steps;
    let after = steps.invitation_sent.is_some_and(|sent| sent <= mail.created_at);
    mail.by_hand && after && enrolment.status == Status::Pending && !steps.invited_by_application
}

async fn written(
    unit: &WriteUnit,
    writer: &Writer<'_>,
    (user, enrolment): (UserId, &Enrolment),
    to: &Recipient,
    mail: &Mail,
) -> Result<(letters::Message, DateTime<Utc>), Error> {
    let (link, until) = writer.link(user, &to.address)?;
    let reminders = unit.reminders(&[user]).await?.remove(&user).unwrap_or_default();
    let facts = Facts {
        enrolment,
        sign_in: &to.sign_in,
        device: message::device(unit, user).await?,
        reminders: reminders.sent,
        scheduled: (!mail.by_hand).then_some(writer.settings.sending.remind_after.len()),
        until,
        zone: writer.tenant.time_zone,
    };
    let reminder = mail.kind == Kind::Reminder.as_str();
    let message = if reminder { message::reminder(&facts, link) } else { message::invitation(&facts, link) };
    Ok((message, until))
}

/// How much was refused, of how much, if that is too much.
async fn too_much_refused(
    unit: &WriteUnit,
    writer: &Writer<'_>,
    stop: MailStop,
    now: DateTime<Utc>,
) -> Result<Option<(u64, u64)>, Error> {
    let since = stop.resumed_at.map_or(now - HOUR, |resumed| resumed.max(now - HOUR));
    let (refused, answered) = unit.answers_since(since).await?;
    let rule = writer.settings.sending.refusals();
    Ok(rule.stop(refused, answered).then_some((refused, answered)))
}

/// Stops the mail of the tenant, and tells the administrators.
async fn stopped(
    step: &Step<'_>,
    unit: &mut WriteUnit,
    writer: &Writer<'_>,
    stop: MailStop,
    (refused, answered): (u64, u64),
) -> Result<(), Error> {
    let now = step.pace.now;
    unit.save_mail_stop(MailStop { stopped_at: Some(now), ..stop }).await?;
    let back = unit.call_back_mail().await?;
    let name = &writer.tenant.name;
    let why = format!(
        "Invitations and reminders of the tenant “{name}” stopped: the mail server refused {refused} of {answered} mails of \
         the last hour for good."
    );
    let mut entry = Entry::new(Subject::Tenant(writer.tenant.id), EntryKind::MailStopped, why.clone());
    entry.after = Some(json!({ "refused": refused, "answered": answered, "calledBack": back }));
    unit.record([(&entry, &step.actor)], now).await?;
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    let what = Alert {
        subject: format!("Mail of {name} has stopped: too much was refused"),
        title: "Mail has stopped".to_owned(),
        summary: format!("{refused} of {answered} mails of the last hour were refused for good."),
        paragraphs: vec![
            why,
            "Codes are sent as before. Look at what the mail server said, correct the addresses, and let mail go on."
                .to_owned(),
        ],
        facts: vec![fact("Refused", refused.to_string()), fact("Answered", answered.to_string())],
        advice: Some(format!(
            "rollcall mail list --tenant \"{name}\" --state refused; rollcall mail resume --tenant \"{name}\""
        )),
        ..Alert::default()
    };
    alert(unit, writer, None, &what).await
}

/// The connections whose invitations wait for an administrator.
pub(crate) async fn releasing(unit: &WriteUnit) -> Result<Vec<ConnectionId>, Error> {
    Ok(modes(unit).await?.unless_released)
}
