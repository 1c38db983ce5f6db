//! The application of the demo, a client of `/api/v1`: people install it, type the code from the mail and set a PIN.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use sample_application::{Person, Refused, Rollcall};
use server::Clock;

use super::mailbox::Mailbox;

/// Devices that people have.
const DEVICES: [(&str, &str); 4] =
    [("laptop", "Windows 11"), ("notebook", "macOS 15"), ("phone", "Android 16"), ("desktop", "Linux")];

/// The application.
pub(super) struct Application {
    rollcall: Rollcall,
    clock: Clock,
}

impl Application {
    /// A client of the API at this address.
    pub(super) fn new(api: String, token: &str, clock: Clock) -> Result<Self> {
        let rollcall = Rollcall::new(api, token.to_owned()).context("no HTTP client can be made")?;
        Ok(Self { rollcall, clock })
    }

    /// The people whose invitation has arrived and who have not begun, by name.
    pub(super) async fn invited(&self) -> Result<Vec<Person>> {
        let mut invited = self.pending().await?;
        invited.retain(|person| person.steps.len() == 1);
        invited.sort_unstable_by(|one, other| one.user_name.cmp(&other.user_name));
        Ok(invited)
    }

    /// How many people are pending and have no invitation yet.
    pub(super) async fn awaiting(&self) -> Result<usize> {
        let pending = self.pending().await?;
        Ok(pending.iter().filter(|person| person.steps.len() != 1).count())
    }

    async fn pending(&self) -> Result<Vec<Person>> {
        let filter = "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User:status eq \"pending\"";
        let mut people = Vec::new();
        loop {
            let page = self.later(self.rollcall.people(filter, people.len() + 1)).await?;
            let is_last = page.items.is_empty() || people.len() + page.items.len() >= page.total;
            people.extend(page.items);
            if is_last {
                return Ok(people);
            }
        }
    }

    /// A person installs the application: it registers the device, has a code sent, checks what the person types, and reports
    /// that the PIN is set. The person is active then.
    pub(super) async fn installed_by(&self, person: &Person, mailbox: &Mailbox) -> Result<()> {
        let (id, address, rollcall) = (&person.id, &person.user_name, &self.rollcall);
        let (kind, platform) = DEVICES[address.len() % DEVICES.len()];
        let name = format!("{}-{kind}", address.split(['.', '@']).next().unwrap_or_default());
        self.later(rollcall.register(id, &format!("{kind}-1"), (&name, platform))).await?;
        self.later(rollcall.send_code(id, &name)).await?;
        let code = mailbox.newest(address, code_in).await?;
        self.later(rollcall.check_code(id, &code)).await?;
        let person = self.later(rollcall.report(id, "pin-set")).await?;
        ensure!(person.status == "active", "a person who has taken every step is {}", person.status);
        Ok(())
    }

    /// A request takes a second.
    async fn later<T>(&self, request: impl Future<Output = Result<T, Refused>>) -> Result<T> {
        self.clock.advance(TimeDelta::seconds(1));
        request.await.context("the application's request was not answered as it should be")
    }
}

/// The code in the subject of a mail.
fn code_in(line: &str) -> Option<String> {
    let subject = line.strip_prefix("Subject: ")?;
    let code: String = subject.split(' ').take(2).collect();
    (code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}
