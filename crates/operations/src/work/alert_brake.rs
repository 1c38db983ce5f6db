//! Administrators are told by mail that the brake holds what a connection pushed.

use chrono::{DateTime, TimeDelta, Utc};
use letters::Alert;
use serde::Deserialize;
use serde_json::json;
use store::{ConnectionId, NewJob, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::alerts;
use crate::consequences::counted;
use crate::database::Attempt;
use crate::mail::Writer;

/// The kind of the job.
pub(crate) const KIND: &str = "brake-alert";

/// How long after the first loss that is held: by then it is known whether it is one or a thousand.
const WAIT: TimeDelta = TimeDelta::seconds(60);

#[derive(Deserialize)]
struct Alerted {
    /// The connection; none once administrators are told.
    connection: Option<ConnectionId>,
}

/// The job that tells administrators.
pub(crate) fn job(connection: ConnectionId, now: DateTime<Utc>) -> NewJob {
    let dedup = Some(format!("{KIND}:{connection}"));
    NewJob { kind: KIND.to_owned(), payload: json!({ "connection": connection }), run_at: now + WAIT, dedup }
}

/// Writes the alert, unless an administrator has decided meanwhile.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let Alerted { connection: Some(connection) } = step.read()? else { return Ok(None) };
    let (now, done) = (step.pace.now, json!({ "connection": null }));
    let keys = step.db.keys(now).await?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
        let held = unit.count_held(connection).await?;
        if let (true, Some(connection)) = (held > 0, unit.connection(connection).await?) {
            let writer = Writer::new(&unit, keys, step.db.pages(), now).await?;
            let (name, brake) = (&connection.name, connection.policy.brake);
            let people = counted(held, "person keeps", "people keep");
            let what = Alert {
                subject: format!("The brake holds what “{name}” pushed"),
                title: "Access was not taken away".to_owned(),
                summary: format!("{people} access until an administrator decides."),
                paragraphs: vec![
                    format!(
                        "The connection “{name}” wanted to take access from more people than it may within {} hours (the \
                         limits are {} people and {} % of its people). {people} access, although the directory says \
                         otherwise.",
                        brake.window.num_hours(),
                        brake.people,
                        brake.percent
                    ),
                    format!(
                        "See who with `rollcall brake list --connection \"{name}\"`. Let it happen with `rollcall brake \
                         approve`, or leave people their access with `rollcall brake reject`. A push that gives a person \
                         access again ends it for that person by itself."
                    ),
                ],
                ..Alert::default()
            };
            alerts::alert(&mut unit, &writer, None, &what).await?;
        }
        step.save(&mut unit, &done).await?;
        Ok((unit, ()))
    };
    step.db.write(step.scope, attempt).await?;
    step.saved(done);
    Ok(Some(Progress::default()))
}
