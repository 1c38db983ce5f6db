//! A mail leaves: what an operation has written is handed to the mail server, and what came of it is recorded.

use operations::Job;
use operations::mail::{self, Fate, Outgoing};
use operations::work::{Progress, WorkError};

use super::context::JobContext;
use crate::outbound::mailer::{self, Mailer, SendError};

/// Sends the mail of a job, unless there is nothing to send any more. Between the mail server's answer and the record a crash
/// may come: the mail is then sent once more, under the same Message-ID.
pub(super) async fn step(
    context: JobContext<'_>,
    mailer: &Mailer,
    job: &Job,
) -> Result<Option<Progress>, WorkError> {
    let Some(outgoing) = mail::next(context.db, job, context.clock.now()).await? else { return Ok(None) };
    let fate = match mailer.send(&message(outgoing, mailer.domain())).await {
        Ok(_) => Fate::Sent,
        Err(SendError::Refused { said, address, .. }) => Fate::Refused { said, address },
        Err(SendError::Later { said }) => Fate::Later(said),
        Err(SendError::Settings { said }) => {
            tracing::error!(error = said, "mail cannot be sent with these settings");
            Fate::Later(said)
        }
    };
    mail::record(context.db, job, &fate, context.clock.now()).await?;
    Ok(None)
}

fn message(mail: Outgoing, domain: &str) -> mailer::Outgoing {
    mailer::Outgoing {
        message_id: format!("{}@{domain}", mail.id),
        date: mail.date,
        to_address: mail.address,
        to_name: mail.name,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        language: mail.language,
    }
}
